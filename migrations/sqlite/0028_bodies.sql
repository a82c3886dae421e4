-- Bodies in tables of their own, named by the record and the commit that wrote them first: a version that ends
-- is written anew without its body, and one that a branch has already is named by main, not written again.

CREATE TABLE customer_bodies (
  company_id BLOB NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  seq INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  erased_by INTEGER,
  PRIMARY KEY (company_id, id, seq)
) STRICT;
INSERT INTO customer_bodies (company_id, id, seq, body, erased_by)
  SELECT company_id, id, from_seq, body, erased_by FROM customer_versions ORDER BY rowid;
CREATE TABLE customer_versions_new (
  company_id BLOB NOT NULL,
  branch_id INTEGER NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  from_seq INTEGER NOT NULL,
  to_seq INTEGER,
  deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  schema_rev INTEGER NOT NULL,
  code TEXT NOT NULL,
  code_key TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  body_seq INTEGER NOT NULL,
  body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
  erased_by INTEGER,
  stub_hash BLOB CHECK (length(stub_hash) = 32),
  leaf_rev INTEGER,
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (company_id, id, body_seq) REFERENCES customer_bodies (company_id, id, seq)
) STRICT;
INSERT INTO customer_versions_new (company_id, branch_id, id, from_seq, to_seq, deleted, schema_rev, code, code_key, name, name_key, active, body_seq, body_hash, erased_by, stub_hash, leaf_rev)
  SELECT company_id, branch_id, id, from_seq, to_seq, deleted, schema_rev, code, code_key, name, name_key, active, from_seq, body_hash, erased_by, stub_hash, leaf_rev FROM customer_versions ORDER BY rowid;
DROP TABLE customer_versions;
ALTER TABLE customer_versions_new RENAME TO customer_versions;
CREATE INDEX customer_versions_commit ON customer_versions (company_id, from_seq, id);
CREATE INDEX customer_versions_branches ON customer_versions (company_id, id, branch_id) WHERE branch_id > 0 AND to_seq IS NULL;
CREATE INDEX customer_versions_gone ON customer_versions (company_id, branch_id, from_seq, id) WHERE deleted;
CREATE INDEX customer_versions_name ON customer_versions
  (company_id, branch_id, name_key, id, from_seq, to_seq, deleted, active);
CREATE INDEX customer_versions_code ON customer_versions (company_id, branch_id, code_key, from_seq, to_seq);
CREATE TRIGGER customer_versions_keep BEFORE DELETE ON customer_versions BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER customer_versions_close BEFORE UPDATE ON customer_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body_seq, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body_seq, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_seq, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_seq, old.body_hash, old.schema_rev))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
-- a body is erased once, after its version, or emptied where that has ended and none of main shows it
CREATE TRIGGER customer_bodies_keep BEFORE DELETE ON customer_bodies BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER customer_bodies_stay BEFORE UPDATE ON customer_bodies
WHEN (new.company_id, new.id, new.seq) IS NOT (old.company_id, old.id, old.seq) OR old.erased_by IS NOT NULL
  OR (new.erased_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM customer_versions v
    WHERE v.company_id = old.company_id AND v.from_seq = old.seq AND v.id = old.id AND v.erased_by = new.erased_by))
  OR (new.erased_by IS NULL AND (new.body <> 'null'
    OR EXISTS (SELECT 1 FROM customer_versions v WHERE v.company_id = old.company_id AND v.from_seq = old.seq AND v.id = old.id AND v.to_seq IS NULL)
    OR EXISTS (SELECT 1 FROM customer_versions v WHERE v.company_id = old.company_id AND v.branch_id = 0 AND v.id = old.id AND v.body_seq = old.seq)))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;

CREATE TABLE product_bodies (
  company_id BLOB NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  seq INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  erased_by INTEGER,
  PRIMARY KEY (company_id, id, seq)
) STRICT;
INSERT INTO product_bodies (company_id, id, seq, body, erased_by)
  SELECT company_id, id, from_seq, body, erased_by FROM product_versions ORDER BY rowid;
CREATE TABLE product_versions_new (
  company_id BLOB NOT NULL,
  branch_id INTEGER NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  from_seq INTEGER NOT NULL,
  to_seq INTEGER,
  deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  schema_rev INTEGER NOT NULL,
  code TEXT NOT NULL,
  code_key TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  body_seq INTEGER NOT NULL,
  body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
  erased_by INTEGER,
  stub_hash BLOB CHECK (length(stub_hash) = 32),
  leaf_rev INTEGER,
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (company_id, id, body_seq) REFERENCES product_bodies (company_id, id, seq)
) STRICT;
INSERT INTO product_versions_new (company_id, branch_id, id, from_seq, to_seq, deleted, schema_rev, code, code_key, name, name_key, active, body_seq, body_hash, erased_by, stub_hash, leaf_rev)
  SELECT company_id, branch_id, id, from_seq, to_seq, deleted, schema_rev, code, code_key, name, name_key, active, from_seq, body_hash, erased_by, stub_hash, leaf_rev FROM product_versions ORDER BY rowid;
DROP TABLE product_versions;
ALTER TABLE product_versions_new RENAME TO product_versions;
CREATE INDEX product_versions_commit ON product_versions (company_id, from_seq, id);
CREATE INDEX product_versions_branches ON product_versions (company_id, id, branch_id) WHERE branch_id > 0 AND to_seq IS NULL;
CREATE INDEX product_versions_gone ON product_versions (company_id, branch_id, from_seq, id) WHERE deleted;
CREATE INDEX product_versions_name ON product_versions
  (company_id, branch_id, name_key, id, from_seq, to_seq, deleted, active);
CREATE INDEX product_versions_code ON product_versions (company_id, branch_id, code_key, from_seq, to_seq);
CREATE TRIGGER product_versions_keep BEFORE DELETE ON product_versions BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER product_versions_close BEFORE UPDATE ON product_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body_seq, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body_seq, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_seq, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_seq, old.body_hash, old.schema_rev))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
-- a body is erased once, after its version, or emptied where that has ended and none of main shows it
CREATE TRIGGER product_bodies_keep BEFORE DELETE ON product_bodies BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER product_bodies_stay BEFORE UPDATE ON product_bodies
WHEN (new.company_id, new.id, new.seq) IS NOT (old.company_id, old.id, old.seq) OR old.erased_by IS NOT NULL
  OR (new.erased_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM product_versions v
    WHERE v.company_id = old.company_id AND v.from_seq = old.seq AND v.id = old.id AND v.erased_by = new.erased_by))
  OR (new.erased_by IS NULL AND (new.body <> 'null'
    OR EXISTS (SELECT 1 FROM product_versions v WHERE v.company_id = old.company_id AND v.from_seq = old.seq AND v.id = old.id AND v.to_seq IS NULL)
    OR EXISTS (SELECT 1 FROM product_versions v WHERE v.company_id = old.company_id AND v.branch_id = 0 AND v.id = old.id AND v.body_seq = old.seq)))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;

CREATE TABLE tax_code_bodies (
  company_id BLOB NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  seq INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  erased_by INTEGER,
  PRIMARY KEY (company_id, id, seq)
) STRICT;
INSERT INTO tax_code_bodies (company_id, id, seq, body, erased_by)
  SELECT company_id, id, from_seq, body, erased_by FROM tax_code_versions ORDER BY rowid;
CREATE TABLE tax_code_versions_new (
  company_id BLOB NOT NULL,
  branch_id INTEGER NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  from_seq INTEGER NOT NULL,
  to_seq INTEGER,
  deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  schema_rev INTEGER NOT NULL,
  code TEXT NOT NULL,
  code_key TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  body_seq INTEGER NOT NULL,
  body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
  erased_by INTEGER,
  stub_hash BLOB CHECK (length(stub_hash) = 32),
  leaf_rev INTEGER,
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (company_id, id, body_seq) REFERENCES tax_code_bodies (company_id, id, seq)
) STRICT;
INSERT INTO tax_code_versions_new (company_id, branch_id, id, from_seq, to_seq, deleted, schema_rev, code, code_key, name, name_key, active, body_seq, body_hash, erased_by, stub_hash, leaf_rev)
  SELECT company_id, branch_id, id, from_seq, to_seq, deleted, schema_rev, code, code_key, name, name_key, active, from_seq, body_hash, erased_by, stub_hash, leaf_rev FROM tax_code_versions ORDER BY rowid;
DROP TABLE tax_code_versions;
ALTER TABLE tax_code_versions_new RENAME TO tax_code_versions;
CREATE INDEX tax_code_versions_commit ON tax_code_versions (company_id, from_seq, id);
CREATE INDEX tax_code_versions_branches ON tax_code_versions (company_id, id, branch_id) WHERE branch_id > 0 AND to_seq IS NULL;
CREATE INDEX tax_code_versions_gone ON tax_code_versions (company_id, branch_id, from_seq, id) WHERE deleted;
CREATE INDEX tax_code_versions_name ON tax_code_versions
  (company_id, branch_id, name_key, id, from_seq, to_seq, deleted, active);
CREATE INDEX tax_code_versions_code ON tax_code_versions (company_id, branch_id, code_key, from_seq, to_seq);
CREATE TRIGGER tax_code_versions_keep BEFORE DELETE ON tax_code_versions BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER tax_code_versions_close BEFORE UPDATE ON tax_code_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body_seq, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body_seq, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_seq, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_seq, old.body_hash, old.schema_rev))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
-- a body is erased once, after its version, or emptied where that has ended and none of main shows it
CREATE TRIGGER tax_code_bodies_keep BEFORE DELETE ON tax_code_bodies BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER tax_code_bodies_stay BEFORE UPDATE ON tax_code_bodies
WHEN (new.company_id, new.id, new.seq) IS NOT (old.company_id, old.id, old.seq) OR old.erased_by IS NOT NULL
  OR (new.erased_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tax_code_versions v
    WHERE v.company_id = old.company_id AND v.from_seq = old.seq AND v.id = old.id AND v.erased_by = new.erased_by))
  OR (new.erased_by IS NULL AND (new.body <> 'null'
    OR EXISTS (SELECT 1 FROM tax_code_versions v WHERE v.company_id = old.company_id AND v.from_seq = old.seq AND v.id = old.id AND v.to_seq IS NULL)
    OR EXISTS (SELECT 1 FROM tax_code_versions v WHERE v.company_id = old.company_id AND v.branch_id = 0 AND v.id = old.id AND v.body_seq = old.seq)))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;

CREATE TABLE order_bodies (
  company_id BLOB NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  seq INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  erased_by INTEGER,
  PRIMARY KEY (company_id, id, seq)
) STRICT;
INSERT INTO order_bodies (company_id, id, seq, body, erased_by)
  SELECT company_id, id, from_seq, body, erased_by FROM order_versions ORDER BY rowid;
CREATE TABLE order_versions_new (
  company_id BLOB NOT NULL,
  branch_id INTEGER NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  from_seq INTEGER NOT NULL,
  to_seq INTEGER,
  deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  schema_rev INTEGER NOT NULL,
  number TEXT,
  title TEXT NOT NULL,
  draft_ref TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  customer_id BLOB NOT NULL,
  customer_name TEXT NOT NULL,
  customer_key TEXT NOT NULL,
  placed_at INTEGER NOT NULL,
  country TEXT,
  currency TEXT NOT NULL,
  net INTEGER NOT NULL,
  tax INTEGER NOT NULL,
  gross INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  promised_date TEXT,
  source TEXT,
  external_ref TEXT,
  body_seq INTEGER NOT NULL,
  body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
  erased_by INTEGER,
  stub_hash BLOB CHECK (length(stub_hash) = 32),
  leaf_rev INTEGER,
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (company_id, id, body_seq) REFERENCES order_bodies (company_id, id, seq)
) STRICT;
INSERT INTO order_versions_new (company_id, branch_id, id, from_seq, to_seq, deleted, schema_rev, number, title, draft_ref, kind, state, customer_id, customer_name, customer_key, placed_at, country, currency, net, tax, gross, line_count, promised_date, source, external_ref, body_seq, body_hash, erased_by, stub_hash, leaf_rev)
  SELECT company_id, branch_id, id, from_seq, to_seq, deleted, schema_rev, number, title, draft_ref, kind, state, customer_id, customer_name, customer_key, placed_at, country, currency, net, tax, gross, line_count, promised_date, source, external_ref, from_seq, body_hash, erased_by, stub_hash, leaf_rev FROM order_versions ORDER BY rowid;
DROP TABLE order_versions;
ALTER TABLE order_versions_new RENAME TO order_versions;
CREATE INDEX order_versions_commit ON order_versions (company_id, from_seq, id);
CREATE INDEX order_versions_branches ON order_versions (company_id, id, branch_id) WHERE branch_id > 0 AND to_seq IS NULL;
CREATE INDEX order_versions_gone ON order_versions (company_id, branch_id, from_seq, id) WHERE deleted;
CREATE INDEX order_versions_placed ON order_versions
  (company_id, branch_id, placed_at, id, from_seq, to_seq, deleted, state, customer_id, country, gross);
CREATE TRIGGER order_versions_keep BEFORE DELETE ON order_versions BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER order_versions_close BEFORE UPDATE ON order_versions
WHEN (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body_seq, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body_seq, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
  OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_seq, new.body_hash, new.leaf_rev)
  IS NOT (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_seq, old.body_hash, old.schema_rev))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
-- a body is erased once, after its version, or emptied where that has ended and none of main shows it
CREATE TRIGGER order_bodies_keep BEFORE DELETE ON order_bodies BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER order_bodies_stay BEFORE UPDATE ON order_bodies
WHEN (new.company_id, new.id, new.seq) IS NOT (old.company_id, old.id, old.seq) OR old.erased_by IS NOT NULL
  OR (new.erased_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM order_versions v
    WHERE v.company_id = old.company_id AND v.from_seq = old.seq AND v.id = old.id AND v.erased_by = new.erased_by))
  OR (new.erased_by IS NULL AND (new.body <> 'null'
    OR EXISTS (SELECT 1 FROM order_versions v WHERE v.company_id = old.company_id AND v.from_seq = old.seq AND v.id = old.id AND v.to_seq IS NULL)
    OR EXISTS (SELECT 1 FROM order_versions v WHERE v.company_id = old.company_id AND v.branch_id = 0 AND v.id = old.id AND v.body_seq = old.seq)))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;

-- the shapes of tables go with them
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('order_versions', 'sqlite_autoindex_order_versions_1', '1000000 500000 250000 2 1'),
  ('order_versions', 'order_versions_placed', '1000000 500000 250000 50 2 1 1 1 1 1 1 1'),
  ('order_versions', 'order_versions_gone', '10000 5000 2500 2 1'),
  ('order_versions', 'order_versions_commit', '1000000 500000 2 1'),
  ('order_versions', 'order_versions_branches', '100000 50000 2 1'),
  ('customer_versions', 'sqlite_autoindex_customer_versions_1', '1000000 500000 250000 2 1'),
  ('customer_versions', 'customer_versions_name', '1000000 500000 250000 50 2 1 1 1 1'),
  ('customer_versions', 'customer_versions_code', '1000000 500000 250000 2 1 1'),
  ('customer_versions', 'customer_versions_gone', '10000 5000 2500 2 1'),
  ('customer_versions', 'customer_versions_commit', '1000000 500000 2 1'),
  ('customer_versions', 'customer_versions_branches', '100000 50000 2 1'),
  ('product_versions', 'sqlite_autoindex_product_versions_1', '1000000 500000 250000 2 1'),
  ('product_versions', 'product_versions_name', '1000000 500000 250000 50 2 1 1 1 1'),
  ('product_versions', 'product_versions_code', '1000000 500000 250000 2 1 1'),
  ('product_versions', 'product_versions_gone', '10000 5000 2500 2 1'),
  ('product_versions', 'product_versions_commit', '1000000 500000 2 1'),
  ('product_versions', 'product_versions_branches', '100000 50000 2 1'),
  ('tax_code_versions', 'sqlite_autoindex_tax_code_versions_1', '1000000 500000 250000 2 1'),
  ('tax_code_versions', 'tax_code_versions_name', '1000000 500000 250000 50 2 1 1 1 1'),
  ('tax_code_versions', 'tax_code_versions_code', '1000000 500000 250000 2 1 1'),
  ('tax_code_versions', 'tax_code_versions_gone', '10000 5000 2500 2 1'),
  ('tax_code_versions', 'tax_code_versions_commit', '1000000 500000 2 1'),
  ('tax_code_versions', 'tax_code_versions_branches', '100000 50000 2 1'),
  ('customer_bodies', 'sqlite_autoindex_customer_bodies_1', '1000000 500000 2 1'),
  ('product_bodies', 'sqlite_autoindex_product_bodies_1', '1000000 500000 2 1'),
  ('tax_code_bodies', 'sqlite_autoindex_tax_code_bodies_1', '1000000 500000 2 1'),
  ('order_bodies', 'sqlite_autoindex_order_bodies_1', '1000000 500000 2 1');
-- for who is connected already
ANALYZE sqlite_schema;
