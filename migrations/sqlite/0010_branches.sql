-- A branch is main as it was at its base, and what was changed on it: versions under its number.
CREATE TABLE branches (
  company_id BLOB NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL CHECK (id > 0),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  note TEXT,
  owner_id BLOB REFERENCES users (id),
  visibility TEXT NOT NULL CHECK (visibility IN ('private', 'company')),
  state TEXT NOT NULL CHECK (state IN ('open', 'merged', 'discarded')),
  base_seq INTEGER NOT NULL,
  head_seq INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, slug)
) STRICT;
CREATE INDEX branches_changed ON branches (company_id, state, changed_at, id);

-- The people beside its owner who see a private branch.
CREATE TABLE branch_people (
  company_id BLOB NOT NULL,
  branch_id INTEGER NOT NULL,
  user_id BLOB NOT NULL REFERENCES users (id),
  PRIMARY KEY (company_id, branch_id, user_id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
) STRICT, WITHOUT ROWID;

-- The base in force from a commit on: a branch in the past shows main as its base was then.
CREATE TABLE branch_bases (
  company_id BLOB NOT NULL,
  branch_id INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  base_seq INTEGER NOT NULL,
  PRIMARY KEY (company_id, branch_id, from_seq),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER branch_bases_keep BEFORE DELETE ON branch_bases BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER branch_bases_stay BEFORE UPDATE ON branch_bases BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;

-- The last commit of main, which the next one follows.
ALTER TABLE chains ADD COLUMN main_seq INTEGER NOT NULL DEFAULT 0;
UPDATE chains SET main_seq = seq;
CREATE INDEX commits_by_branch ON commits (company_id, branch_id, seq, records);

-- A code in any world and at any time.
CREATE INDEX customer_versions_code ON customer_versions (company_id, branch_id, code_key, from_seq, to_seq);
CREATE INDEX product_versions_code ON product_versions (company_id, branch_id, code_key, from_seq, to_seq);
CREATE INDEX tax_code_versions_code ON tax_code_versions (company_id, branch_id, code_key, from_seq, to_seq);
