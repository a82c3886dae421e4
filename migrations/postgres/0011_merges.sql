-- Decisions on conflicts, bound to the three values that they were taken on.
CREATE TABLE resolutions (
  company_id UUID NOT NULL REFERENCES companies (id),
  branch_id BIGINT NOT NULL,
  reverts BIGINT NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  record_id UUID NOT NULL,
  path TEXT COLLATE "C" NOT NULL,
  base BYTEA NOT NULL,
  ours BYTEA NOT NULL,
  theirs BYTEA NOT NULL,
  choice TEXT COLLATE "C" NOT NULL CHECK (choice IN ('ours', 'theirs', 'value')),
  value TEXT COLLATE "C",
  decided_by UUID REFERENCES users (id),
  decided_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (company_id, branch_id, reverts, kind, record_id, path)
);
ALTER TABLE resolutions ENABLE ROW LEVEL SECURITY;
ALTER TABLE resolutions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON resolutions USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);

-- The commit that merged a branch, and the plan that was agreed to.
ALTER TABLE branches ADD COLUMN merged_seq BIGINT;
ALTER TABLE branches ADD COLUMN merged_plan TEXT COLLATE "C";
