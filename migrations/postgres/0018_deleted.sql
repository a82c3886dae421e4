-- What was deleted, by when.
CREATE INDEX order_versions_gone ON order_versions (company_id, branch_id, from_seq, id) WHERE deleted;
CREATE INDEX customer_versions_gone ON customer_versions (company_id, branch_id, from_seq, id) WHERE deleted;
CREATE INDEX product_versions_gone ON product_versions (company_id, branch_id, from_seq, id) WHERE deleted;
CREATE INDEX tax_code_versions_gone ON tax_code_versions (company_id, branch_id, from_seq, id) WHERE deleted;
