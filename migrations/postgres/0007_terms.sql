-- SQLite lists the words of its indexes here; GIN finds the beginning of a word by itself.
SELECT 1;
