-- Kinds of records that only merges change on main.
ALTER TABLE companies ADD COLUMN protect_orders INTEGER NOT NULL DEFAULT 0 CHECK (protect_orders IN (0, 1));
ALTER TABLE companies ADD COLUMN protect_customers INTEGER NOT NULL DEFAULT 0 CHECK (protect_customers IN (0, 1));
ALTER TABLE companies ADD COLUMN protect_products INTEGER NOT NULL DEFAULT 0 CHECK (protect_products IN (0, 1));
ALTER TABLE companies ADD COLUMN protect_tax_codes INTEGER NOT NULL DEFAULT 0 CHECK (protect_tax_codes IN (0, 1));
