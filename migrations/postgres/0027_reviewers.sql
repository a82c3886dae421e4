-- Who was asked to look at what a branch would do. An approval given since then answers it.
CREATE TABLE branch_reviewers (
  company_id UUID NOT NULL REFERENCES companies (id),
  branch_id BIGINT NOT NULL,
  user_id UUID NOT NULL REFERENCES users (id),
  asked_by UUID REFERENCES users (id),
  asked_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (company_id, branch_id, user_id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
);
CREATE INDEX branch_reviewers_user ON branch_reviewers (company_id, user_id);
ALTER TABLE branch_reviewers ENABLE ROW LEVEL SECURITY;
ALTER TABLE branch_reviewers FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON branch_reviewers USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
