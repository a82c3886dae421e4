-- Heads: main as it is now, in ordinary typed tables with the database's own constraints.
-- `doc` is a row's place in the search index; `from_seq` names the version that a head shows.
CREATE TABLE tax_codes (
  doc INTEGER PRIMARY KEY,
  company_id BLOB NOT NULL REFERENCES companies (id),
  id BLOB NOT NULL CHECK (length(id) = 16),
  from_seq INTEGER NOT NULL,
  code TEXT NOT NULL,
  code_key TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  UNIQUE (company_id, id),
  UNIQUE (company_id, code_key)
) STRICT;
CREATE INDEX tax_codes_name ON tax_codes (company_id, name_key, id);

CREATE TABLE customers (
  doc INTEGER PRIMARY KEY,
  company_id BLOB NOT NULL REFERENCES companies (id),
  id BLOB NOT NULL CHECK (length(id) = 16),
  from_seq INTEGER NOT NULL,
  code TEXT NOT NULL,
  code_key TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  UNIQUE (company_id, id),
  UNIQUE (company_id, code_key)
) STRICT;
CREATE INDEX customers_name ON customers (company_id, name_key, id);

CREATE TABLE products (
  doc INTEGER PRIMARY KEY,
  company_id BLOB NOT NULL REFERENCES companies (id),
  id BLOB NOT NULL CHECK (length(id) = 16),
  from_seq INTEGER NOT NULL,
  code TEXT NOT NULL,
  code_key TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  UNIQUE (company_id, id),
  UNIQUE (company_id, code_key)
) STRICT;
CREATE INDEX products_name ON products (company_id, name_key, id);

CREATE TABLE orders (
  doc INTEGER PRIMARY KEY,
  company_id BLOB NOT NULL REFERENCES companies (id),
  id BLOB NOT NULL CHECK (length(id) = 16),
  from_seq INTEGER NOT NULL,
  number TEXT,
  title TEXT NOT NULL,
  draft_ref TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'credit')),
  state TEXT NOT NULL CHECK (state IN ('draft', 'confirmed', 'completed', 'cancelled')),
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
  CHECK (net + tax = gross),
  UNIQUE (company_id, id),
  UNIQUE (company_id, number),
  UNIQUE (company_id, source, external_ref),
  FOREIGN KEY (company_id, customer_id) REFERENCES customers (company_id, id)
) STRICT;
CREATE INDEX orders_placed ON orders (company_id, placed_at, id);
CREATE INDEX orders_title ON orders (company_id, title, id);
CREATE INDEX orders_state ON orders (company_id, state, placed_at, id);
CREATE INDEX orders_customer ON orders (company_id, customer_id, placed_at, id);
CREATE INDEX orders_country ON orders (company_id, country, placed_at, id);
CREATE INDEX orders_gross ON orders (company_id, gross, id);
CREATE INDEX orders_customer_key ON orders (company_id, customer_key, id);

CREATE TABLE order_lines (
  company_id BLOB NOT NULL,
  order_id BLOB NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  position INTEGER NOT NULL,
  type TEXT NOT NULL,
  product_id BLOB,
  sku TEXT,
  name TEXT,
  qty INTEGER NOT NULL,
  unit_price INTEGER NOT NULL,
  discount INTEGER NOT NULL,
  tax_code_id BLOB,
  tax_rate INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  net INTEGER NOT NULL,
  tax INTEGER NOT NULL,
  PRIMARY KEY (company_id, order_id, id),
  FOREIGN KEY (company_id, order_id) REFERENCES orders (company_id, id),
  FOREIGN KEY (company_id, product_id) REFERENCES products (company_id, id),
  FOREIGN KEY (company_id, tax_code_id) REFERENCES tax_codes (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_lines_product ON order_lines (company_id, product_id, order_id);

-- Orders and their sums by local month, state and currency, kept by the commit.
CREATE TABLE order_counts (
  company_id BLOB NOT NULL REFERENCES companies (id),
  month TEXT NOT NULL,
  state TEXT NOT NULL,
  currency TEXT NOT NULL,
  orders INTEGER NOT NULL,
  gross INTEGER NOT NULL,
  PRIMARY KEY (company_id, month, state, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE number_sequences (
  company_id BLOB NOT NULL REFERENCES companies (id),
  series TEXT NOT NULL,
  next INTEGER NOT NULL,
  PRIMARY KEY (company_id, series)
) STRICT;

-- What a key was used for, so that a doubled request is one act.
CREATE TABLE idempotency_keys (
  company_id BLOB NOT NULL REFERENCES companies (id),
  actor_id BLOB NOT NULL,
  key TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  record_id BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, actor_id, key)
) STRICT;
