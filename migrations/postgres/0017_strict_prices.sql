-- Whether a merge asks about list prices that main changed since the branch took them.
ALTER TABLE companies ADD COLUMN strict_prices BOOLEAN NOT NULL DEFAULT FALSE;
