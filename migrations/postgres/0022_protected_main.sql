-- Kinds of records that only merges change on main.
ALTER TABLE companies ADD COLUMN protect_orders BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE companies ADD COLUMN protect_customers BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE companies ADD COLUMN protect_products BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE companies ADD COLUMN protect_tax_codes BOOLEAN NOT NULL DEFAULT FALSE;
