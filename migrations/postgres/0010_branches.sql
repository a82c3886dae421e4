-- A branch is main as it was at its base, and what was changed on it: versions under its number.
CREATE TABLE branches (
  company_id UUID NOT NULL REFERENCES companies (id),
  id BIGINT NOT NULL CHECK (id > 0),
  slug TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  note TEXT COLLATE "C",
  owner_id UUID REFERENCES users (id),
  visibility TEXT COLLATE "C" NOT NULL CHECK (visibility IN ('private', 'company')),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'merged', 'discarded')),
  base_seq BIGINT NOT NULL,
  head_seq BIGINT NOT NULL,
  opened_at TIMESTAMPTZ NOT NULL,
  changed_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, slug)
);
CREATE INDEX branches_changed ON branches (company_id, state, changed_at, id);

-- The people beside its owner who see a private branch.
CREATE TABLE branch_people (
  company_id UUID NOT NULL,
  branch_id BIGINT NOT NULL,
  user_id UUID NOT NULL REFERENCES users (id),
  PRIMARY KEY (company_id, branch_id, user_id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
);

-- The base in force from a commit on: a branch in the past shows main as its base was then.
CREATE TABLE branch_bases (
  company_id UUID NOT NULL,
  branch_id BIGINT NOT NULL,
  from_seq BIGINT NOT NULL,
  base_seq BIGINT NOT NULL,
  PRIMARY KEY (company_id, branch_id, from_seq),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
);
CREATE TRIGGER branch_bases_keep BEFORE DELETE OR UPDATE ON branch_bases FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The last commit of main, which the next one follows.
ALTER TABLE chains ADD COLUMN main_seq BIGINT NOT NULL DEFAULT 0;
UPDATE chains SET main_seq = seq;
CREATE INDEX commits_by_branch ON commits (company_id, branch_id, seq, records);

-- A code in any world and at any time.
CREATE INDEX customer_versions_code ON customer_versions (company_id, branch_id, code_key, from_seq, to_seq);
CREATE INDEX product_versions_code ON product_versions (company_id, branch_id, code_key, from_seq, to_seq);
CREATE INDEX tax_code_versions_code ON tax_code_versions (company_id, branch_id, code_key, from_seq, to_seq);

ALTER TABLE branches ENABLE ROW LEVEL SECURITY;
ALTER TABLE branches FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON branches USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE branch_people ENABLE ROW LEVEL SECURITY;
ALTER TABLE branch_people FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON branch_people USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE branch_bases ENABLE ROW LEVEL SECURITY;
ALTER TABLE branch_bases FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON branch_bases USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
