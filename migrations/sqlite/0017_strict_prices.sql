-- Whether a merge asks about list prices that main changed since the branch took them.
ALTER TABLE companies ADD COLUMN strict_prices INTEGER NOT NULL DEFAULT 0 CHECK (strict_prices IN (0, 1));
