-- Who there is: companies, the people in them, and how they come in.
CREATE TABLE companies (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  currency TEXT NOT NULL,
  timezone TEXT NOT NULL,
  price_mode TEXT NOT NULL CHECK (price_mode IN ('net', 'gross')),
  tax_rounding TEXT NOT NULL CHECK (tax_rounding IN ('document', 'line')),
  number_prefix TEXT NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  platform_admin INTEGER NOT NULL CHECK (platform_admin IN (0, 1)),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
  company_id BLOB NOT NULL REFERENCES companies (id),
  user_id BLOB NOT NULL REFERENCES users (id),
  role TEXT NOT NULL CHECK (role IN ('viewer', 'clerk', 'lead', 'warehouse', 'finance', 'admin')),
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, user_id)
) STRICT;
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE sessions (
  id_hash BLOB NOT NULL PRIMARY KEY CHECK (length(id_hash) = 32),
  user_id BLOB NOT NULL REFERENCES users (id),
  data BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE tokens (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  company_id BLOB NOT NULL,
  user_id BLOB NOT NULL,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  FOREIGN KEY (company_id, user_id) REFERENCES memberships (company_id, user_id)
) STRICT;
