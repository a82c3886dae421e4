-- History is append-only: a version is closed once, nothing else of it ever changes.
CREATE TRIGGER customer_versions_keep BEFORE DELETE ON customer_versions BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER customer_versions_close BEFORE UPDATE ON customer_versions
WHEN old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash)
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER product_versions_keep BEFORE DELETE ON product_versions BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER product_versions_close BEFORE UPDATE ON product_versions
WHEN old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash)
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER tax_code_versions_keep BEFORE DELETE ON tax_code_versions BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER tax_code_versions_close BEFORE UPDATE ON tax_code_versions
WHEN old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash)
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER order_versions_keep BEFORE DELETE ON order_versions BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER order_versions_close BEFORE UPDATE ON order_versions
WHEN old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash)
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER commits_keep BEFORE DELETE ON commits BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER commits_stay BEFORE UPDATE ON commits BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER chains_keep BEFORE DELETE ON chains BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER chains_grow BEFORE UPDATE ON chains WHEN new.seq < old.seq BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
