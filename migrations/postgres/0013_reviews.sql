-- What merges of a company need: approvals, and more of them from a size or a sum on.
ALTER TABLE companies ADD COLUMN approvals BIGINT NOT NULL DEFAULT 0;
ALTER TABLE companies ADD COLUMN large_records BIGINT;
ALTER TABLE companies ADD COLUMN large_sum BIGINT;
ALTER TABLE companies ADD COLUMN large_approvals BIGINT NOT NULL DEFAULT 0;
ALTER TABLE companies ADD COLUMN own_approval BOOLEAN NOT NULL DEFAULT FALSE;

-- Who approved what a branch would do: by record and as a whole.
CREATE TABLE approvals (
  company_id UUID NOT NULL REFERENCES companies (id),
  branch_id BIGINT NOT NULL,
  user_id UUID NOT NULL REFERENCES users (id),
  approved_at TIMESTAMPTZ NOT NULL,
  reviewed BYTEA NOT NULL,
  records TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (company_id, branch_id, user_id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
);
ALTER TABLE approvals ENABLE ROW LEVEL SECURITY;
ALTER TABLE approvals FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON approvals USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
