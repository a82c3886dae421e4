-- What a company wants of every merge: limits in whole percent, and whether a merge waits for them.
ALTER TABLE companies ADD COLUMN check_price_drop BIGINT;
ALTER TABLE companies ADD COLUMN check_discount BIGINT;
ALTER TABLE companies ADD COLUMN check_deletions BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE companies ADD COLUMN checks_bind BOOLEAN NOT NULL DEFAULT FALSE;
