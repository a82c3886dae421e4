-- Approvals that a merge needs which changes records of a kind.
ALTER TABLE companies ADD COLUMN approvals_orders BIGINT CHECK (approvals_orders BETWEEN 0 AND 9);
ALTER TABLE companies ADD COLUMN approvals_customers BIGINT CHECK (approvals_customers BETWEEN 0 AND 9);
ALTER TABLE companies ADD COLUMN approvals_products BIGINT CHECK (approvals_products BETWEEN 0 AND 9);
ALTER TABLE companies ADD COLUMN approvals_tax_codes BIGINT CHECK (approvals_tax_codes BETWEEN 0 AND 9);
