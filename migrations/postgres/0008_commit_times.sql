-- The state at a time is that of the last commit before it. Times of one company never repeat.
CREATE UNIQUE INDEX commits_by_time ON commits (company_id, at);
