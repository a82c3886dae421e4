-- What of a customer's history was erased, and why.
CREATE TABLE erasures (
  company_id BLOB NOT NULL REFERENCES companies (id),
  seq INTEGER NOT NULL,
  record_id BLOB NOT NULL CHECK (length(record_id) = 16),
  number TEXT NOT NULL,
  basis TEXT NOT NULL,
  PRIMARY KEY (company_id, seq)
) STRICT;
-- The commit that erased a version, the hash of what stands in its place, the revision that it was written in.
ALTER TABLE customer_versions ADD COLUMN erased_by INTEGER;
ALTER TABLE customer_versions ADD COLUMN stub_hash BLOB CHECK (length(stub_hash) = 32);
ALTER TABLE customer_versions ADD COLUMN leaf_rev INTEGER;
DROP TRIGGER customer_versions_close;
CREATE TRIGGER customer_versions_close BEFORE UPDATE ON customer_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_hash, old.schema_rev))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
ALTER TABLE product_versions ADD COLUMN erased_by INTEGER;
ALTER TABLE product_versions ADD COLUMN stub_hash BLOB CHECK (length(stub_hash) = 32);
ALTER TABLE product_versions ADD COLUMN leaf_rev INTEGER;
DROP TRIGGER product_versions_close;
CREATE TRIGGER product_versions_close BEFORE UPDATE ON product_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_hash, old.schema_rev))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
ALTER TABLE tax_code_versions ADD COLUMN erased_by INTEGER;
ALTER TABLE tax_code_versions ADD COLUMN stub_hash BLOB CHECK (length(stub_hash) = 32);
ALTER TABLE tax_code_versions ADD COLUMN leaf_rev INTEGER;
DROP TRIGGER tax_code_versions_close;
CREATE TRIGGER tax_code_versions_close BEFORE UPDATE ON tax_code_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_hash, old.schema_rev))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
ALTER TABLE order_versions ADD COLUMN erased_by INTEGER;
ALTER TABLE order_versions ADD COLUMN stub_hash BLOB CHECK (length(stub_hash) = 32);
ALTER TABLE order_versions ADD COLUMN leaf_rev INTEGER;
DROP TRIGGER order_versions_close;
CREATE TRIGGER order_versions_close BEFORE UPDATE ON order_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_hash, old.schema_rev))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
-- A message that named the customer: the hash of what it was, and the commit that erased it.
ALTER TABLE commits ADD COLUMN message_hash BLOB CHECK (length(message_hash) = 32);
ALTER TABLE commits ADD COLUMN message_erased_by INTEGER;
DROP TRIGGER commits_stay;
CREATE TRIGGER commits_stay BEFORE UPDATE ON commits
WHEN old.message_hash IS NOT NULL OR new.message_hash IS NULL OR new.message_erased_by IS NULL
  OR (new.company_id, new.seq, new.branch_id, new.parent_seq, new.merged_seq, new.author_id, new.author_kind, new.at, new.cause, new.records, new.root, new.prev, new.hash)
  IS NOT (old.company_id, old.seq, old.branch_id, old.parent_seq, old.merged_seq, old.author_id, old.author_kind, old.at, old.cause, old.records, old.root, old.prev, old.hash)
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER erasures_keep BEFORE DELETE ON erasures BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER erasures_stay BEFORE UPDATE ON erasures BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
