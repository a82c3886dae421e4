-- A list as of any time: in its order, and with what decides whether a version stood then and is
-- wanted, so that those passed over are not fetched.
CREATE INDEX order_versions_placed ON order_versions
  (company_id, branch_id, placed_at, id, from_seq, to_seq, deleted, state, customer_id, country, gross);
CREATE INDEX customer_versions_name ON customer_versions
  (company_id, branch_id, name_key, id, from_seq, to_seq, deleted, active);
CREATE INDEX product_versions_name ON product_versions
  (company_id, branch_id, name_key, id, from_seq, to_seq, deleted, active);
CREATE INDEX tax_code_versions_name ON tax_code_versions
  (company_id, branch_id, name_key, id, from_seq, to_seq, deleted, active);
