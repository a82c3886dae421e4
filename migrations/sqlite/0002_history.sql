-- The truth: commits in one chain per company, and every version of every record.
CREATE TABLE chains (
  company_id BLOB NOT NULL PRIMARY KEY REFERENCES companies (id),
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE commits (
  company_id BLOB NOT NULL REFERENCES companies (id),
  seq INTEGER NOT NULL CHECK (seq > 0),
  branch_id INTEGER NOT NULL,
  parent_seq INTEGER,
  merged_seq INTEGER,
  author_id BLOB REFERENCES users (id),
  author_kind TEXT NOT NULL CHECK (author_kind IN ('user', 'token', 'system')),
  at INTEGER NOT NULL,
  cause TEXT NOT NULL,
  message TEXT NOT NULL,
  records INTEGER NOT NULL,
  root BLOB NOT NULL CHECK (length(root) = 32),
  prev BLOB NOT NULL CHECK (length(prev) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (company_id, seq)
) STRICT;

CREATE TABLE customer_versions (
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
  body TEXT NOT NULL CHECK (json_valid(body)),
  body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX customer_versions_commit ON customer_versions (company_id, from_seq);

CREATE TABLE product_versions (
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
  body TEXT NOT NULL CHECK (json_valid(body)),
  body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX product_versions_commit ON product_versions (company_id, from_seq);

CREATE TABLE tax_code_versions (
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
  body TEXT NOT NULL CHECK (json_valid(body)),
  body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX tax_code_versions_commit ON tax_code_versions (company_id, from_seq);

CREATE TABLE order_versions (
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
  body TEXT NOT NULL CHECK (json_valid(body)),
  body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX order_versions_commit ON order_versions (company_id, from_seq);
