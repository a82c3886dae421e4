-- Who there is: companies, the people in them, and how they come in.
CREATE TABLE companies (
  id UUID NOT NULL PRIMARY KEY,
  slug TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  currency TEXT COLLATE "C" NOT NULL,
  timezone TEXT COLLATE "C" NOT NULL,
  price_mode TEXT COLLATE "C" NOT NULL CHECK (price_mode IN ('net', 'gross')),
  tax_rounding TEXT COLLATE "C" NOT NULL CHECK (tax_rounding IN ('document', 'line')),
  number_prefix TEXT COLLATE "C" NOT NULL,
  active BOOLEAN NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE users (
  id UUID NOT NULL PRIMARY KEY,
  email TEXT COLLATE "C" NOT NULL,
  email_key TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  password_hash TEXT COLLATE "C" NOT NULL,
  active BOOLEAN NOT NULL,
  platform_admin BOOLEAN NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE memberships (
  company_id UUID NOT NULL REFERENCES companies (id),
  user_id UUID NOT NULL REFERENCES users (id),
  role TEXT COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'clerk', 'lead', 'warehouse', 'finance', 'admin')),
  active BOOLEAN NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (company_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE sessions (
  id_hash BYTEA NOT NULL PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES users (id),
  data BYTEA NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  seen_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE tokens (
  id UUID NOT NULL PRIMARY KEY,
  company_id UUID NOT NULL,
  user_id UUID NOT NULL,
  hash BYTEA NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  FOREIGN KEY (company_id, user_id) REFERENCES memberships (company_id, user_id)
);
