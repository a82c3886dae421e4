-- What a company wants of every merge: limits in whole percent, and whether a merge waits for them.
ALTER TABLE companies ADD COLUMN check_price_drop INTEGER;
ALTER TABLE companies ADD COLUMN check_discount INTEGER;
ALTER TABLE companies ADD COLUMN check_deletions INTEGER NOT NULL DEFAULT 0 CHECK (check_deletions IN (0, 1));
ALTER TABLE companies ADD COLUMN checks_bind INTEGER NOT NULL DEFAULT 0 CHECK (checks_bind IN (0, 1));
