-- What of a customer's history was erased, and why.
CREATE TABLE erasures (
  company_id UUID NOT NULL REFERENCES companies (id),
  seq BIGINT NOT NULL,
  record_id UUID NOT NULL,
  number TEXT COLLATE "C" NOT NULL,
  basis TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (company_id, seq)
);
-- The commit that erased a version, the hash of what stands in its place, the revision that it was written in.
ALTER TABLE customer_versions ADD COLUMN erased_by BIGINT, ADD COLUMN stub_hash BYTEA CHECK (length(stub_hash) = 32), ADD COLUMN leaf_rev BIGINT;
ALTER TABLE product_versions ADD COLUMN erased_by BIGINT, ADD COLUMN stub_hash BYTEA CHECK (length(stub_hash) = 32), ADD COLUMN leaf_rev BIGINT;
ALTER TABLE tax_code_versions ADD COLUMN erased_by BIGINT, ADD COLUMN stub_hash BYTEA CHECK (length(stub_hash) = 32), ADD COLUMN leaf_rev BIGINT;
ALTER TABLE order_versions ADD COLUMN erased_by BIGINT, ADD COLUMN stub_hash BYTEA CHECK (length(stub_hash) = 32), ADD COLUMN leaf_rev BIGINT;
CREATE OR REPLACE FUNCTION refuse_reopen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
    OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
    IS DISTINCT FROM (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
  AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
    OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_hash, new.leaf_rev)
    IS DISTINCT FROM (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_hash, old.schema_rev))
  THEN RAISE EXCEPTION 'history is append-only'; END IF;
  RETURN new;
END $$;
-- A message that named the customer: the hash of what it was, and the commit that erased it.
ALTER TABLE commits ADD COLUMN message_hash BYTEA CHECK (length(message_hash) = 32), ADD COLUMN message_erased_by BIGINT;
CREATE FUNCTION refuse_rewording() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF old.message_hash IS NOT NULL OR new.message_hash IS NULL OR new.message_erased_by IS NULL
    OR (new.company_id, new.seq, new.branch_id, new.parent_seq, new.merged_seq, new.author_id, new.author_kind, new.at, new.cause, new.records, new.root, new.prev, new.hash)
    IS DISTINCT FROM (old.company_id, old.seq, old.branch_id, old.parent_seq, old.merged_seq, old.author_id, old.author_kind, old.at, old.cause, old.records, old.root, old.prev, old.hash)
  THEN RAISE EXCEPTION 'history is append-only'; END IF;
  RETURN new;
END $$;
DROP TRIGGER commits_keep ON commits;
CREATE TRIGGER commits_keep BEFORE DELETE ON commits FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER commits_stay BEFORE UPDATE ON commits FOR EACH ROW EXECUTE FUNCTION refuse_rewording();
CREATE TRIGGER erasures_keep BEFORE DELETE OR UPDATE ON erasures FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON erasures USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
