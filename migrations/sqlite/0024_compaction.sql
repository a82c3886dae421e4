-- The head of a closed branch when the steps between its records' versions lost their bodies.
ALTER TABLE branches ADD COLUMN compacted_seq INTEGER;
DROP TRIGGER customer_versions_close;
CREATE TRIGGER customer_versions_close BEFORE UPDATE ON customer_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_hash, old.schema_rev))
AND (old.branch_id = 0 OR old.to_seq IS NULL OR new.body <> 'null'
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.schema_rev, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.schema_rev, old.body_hash, NULL, NULL, NULL))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
DROP TRIGGER product_versions_close;
CREATE TRIGGER product_versions_close BEFORE UPDATE ON product_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_hash, old.schema_rev))
AND (old.branch_id = 0 OR old.to_seq IS NULL OR new.body <> 'null'
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.schema_rev, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.schema_rev, old.body_hash, NULL, NULL, NULL))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
DROP TRIGGER tax_code_versions_close;
CREATE TRIGGER tax_code_versions_close BEFORE UPDATE ON tax_code_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_hash, old.schema_rev))
AND (old.branch_id = 0 OR old.to_seq IS NULL OR new.body <> 'null'
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.schema_rev, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.schema_rev, old.body_hash, NULL, NULL, NULL))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
DROP TRIGGER order_versions_close;
CREATE TRIGGER order_versions_close BEFORE UPDATE ON order_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_hash, old.schema_rev))
AND (old.branch_id = 0 OR old.to_seq IS NULL OR new.body <> 'null'
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.schema_rev, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.schema_rev, old.body_hash, NULL, NULL, NULL))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
