-- Records of a commit are read in their order, however many there are; and open branches that have a record.
DROP INDEX order_versions_commit;
CREATE INDEX order_versions_commit ON order_versions (company_id, from_seq, id);
CREATE INDEX order_versions_branches ON order_versions (company_id, id, branch_id) WHERE branch_id > 0 AND to_seq IS NULL;
DROP INDEX customer_versions_commit;
CREATE INDEX customer_versions_commit ON customer_versions (company_id, from_seq, id);
CREATE INDEX customer_versions_branches ON customer_versions (company_id, id, branch_id) WHERE branch_id > 0 AND to_seq IS NULL;
DROP INDEX product_versions_commit;
CREATE INDEX product_versions_commit ON product_versions (company_id, from_seq, id);
CREATE INDEX product_versions_branches ON product_versions (company_id, id, branch_id) WHERE branch_id > 0 AND to_seq IS NULL;
DROP INDEX tax_code_versions_commit;
CREATE INDEX tax_code_versions_commit ON tax_code_versions (company_id, from_seq, id);
CREATE INDEX tax_code_versions_branches ON tax_code_versions (company_id, id, branch_id) WHERE branch_id > 0 AND to_seq IS NULL;
