-- What people say to each other about a branch. A text is emptied when it is taken back or erased; else nothing of it changes.
CREATE TABLE branch_comments (
  company_id UUID NOT NULL REFERENCES companies (id),
  branch_id BIGINT NOT NULL,
  id UUID NOT NULL,
  user_id UUID REFERENCES users (id),
  said_at TIMESTAMPTZ NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  taken_back_by UUID REFERENCES users (id),
  erased_by BIGINT,
  PRIMARY KEY (company_id, branch_id, said_at, id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
);
ALTER TABLE branch_comments ENABLE ROW LEVEL SECURITY;
ALTER TABLE branch_comments FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON branch_comments USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
