-- Approvals that a merge needs which changes records of a kind.
ALTER TABLE companies ADD COLUMN approvals_orders INTEGER CHECK (approvals_orders BETWEEN 0 AND 9);
ALTER TABLE companies ADD COLUMN approvals_customers INTEGER CHECK (approvals_customers BETWEEN 0 AND 9);
ALTER TABLE companies ADD COLUMN approvals_products INTEGER CHECK (approvals_products BETWEEN 0 AND 9);
ALTER TABLE companies ADD COLUMN approvals_tax_codes INTEGER CHECK (approvals_tax_codes BETWEEN 0 AND 9);
