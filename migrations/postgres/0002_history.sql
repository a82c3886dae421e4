-- The truth: commits in one chain per company, and every version of every record.
CREATE TABLE chains (
  company_id UUID NOT NULL PRIMARY KEY REFERENCES companies (id),
  seq BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  at TIMESTAMPTZ NOT NULL
);

CREATE TABLE commits (
  company_id UUID NOT NULL REFERENCES companies (id),
  seq BIGINT NOT NULL CHECK (seq > 0),
  branch_id BIGINT NOT NULL,
  parent_seq BIGINT,
  merged_seq BIGINT,
  author_id UUID REFERENCES users (id),
  author_kind TEXT COLLATE "C" NOT NULL CHECK (author_kind IN ('user', 'token', 'system')),
  at TIMESTAMPTZ NOT NULL,
  cause TEXT COLLATE "C" NOT NULL,
  message TEXT COLLATE "C" NOT NULL,
  records BIGINT NOT NULL,
  root BYTEA NOT NULL,
  prev BYTEA NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (company_id, seq)
);

CREATE TABLE customer_versions (
  company_id UUID NOT NULL,
  branch_id BIGINT NOT NULL,
  id UUID NOT NULL,
  from_seq BIGINT NOT NULL,
  to_seq BIGINT,
  deleted BOOLEAN NOT NULL,
  schema_rev BIGINT NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  code_key TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  name_key TEXT COLLATE "C" NOT NULL,
  active BOOLEAN NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  body_hash BYTEA NOT NULL,
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX customer_versions_commit ON customer_versions (company_id, from_seq);

CREATE TABLE product_versions (
  company_id UUID NOT NULL,
  branch_id BIGINT NOT NULL,
  id UUID NOT NULL,
  from_seq BIGINT NOT NULL,
  to_seq BIGINT,
  deleted BOOLEAN NOT NULL,
  schema_rev BIGINT NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  code_key TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  name_key TEXT COLLATE "C" NOT NULL,
  active BOOLEAN NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  body_hash BYTEA NOT NULL,
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX product_versions_commit ON product_versions (company_id, from_seq);

CREATE TABLE tax_code_versions (
  company_id UUID NOT NULL,
  branch_id BIGINT NOT NULL,
  id UUID NOT NULL,
  from_seq BIGINT NOT NULL,
  to_seq BIGINT,
  deleted BOOLEAN NOT NULL,
  schema_rev BIGINT NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  code_key TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  name_key TEXT COLLATE "C" NOT NULL,
  active BOOLEAN NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  body_hash BYTEA NOT NULL,
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX tax_code_versions_commit ON tax_code_versions (company_id, from_seq);

CREATE TABLE order_versions (
  company_id UUID NOT NULL,
  branch_id BIGINT NOT NULL,
  id UUID NOT NULL,
  from_seq BIGINT NOT NULL,
  to_seq BIGINT,
  deleted BOOLEAN NOT NULL,
  schema_rev BIGINT NOT NULL,
  number TEXT COLLATE "C",
  title TEXT COLLATE "C" NOT NULL,
  draft_ref TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  customer_id UUID NOT NULL,
  customer_name TEXT COLLATE "C" NOT NULL,
  customer_key TEXT COLLATE "C" NOT NULL,
  placed_at TIMESTAMPTZ NOT NULL,
  country TEXT COLLATE "C",
  currency TEXT COLLATE "C" NOT NULL,
  net BIGINT NOT NULL,
  tax BIGINT NOT NULL,
  gross BIGINT NOT NULL,
  line_count BIGINT NOT NULL,
  promised_date TEXT COLLATE "C",
  source TEXT COLLATE "C",
  external_ref TEXT COLLATE "C",
  body TEXT COLLATE "C" NOT NULL,
  body_hash BYTEA NOT NULL,
  PRIMARY KEY (company_id, branch_id, id, from_seq),
  FOREIGN KEY (company_id, from_seq) REFERENCES commits (company_id, seq) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX order_versions_commit ON order_versions (company_id, from_seq);
