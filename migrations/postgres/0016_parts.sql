-- Records of a branch that main has had since a later commit than the branch's base: merged by
-- themselves, or taken back from main. Against main as it was then their changes are told.
CREATE TABLE branch_record_bases (
  company_id UUID NOT NULL,
  branch_id BIGINT NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  record_id UUID NOT NULL,
  base_seq BIGINT NOT NULL,
  PRIMARY KEY (company_id, branch_id, kind, record_id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
);
ALTER TABLE branch_record_bases ENABLE ROW LEVEL SECURITY;
ALTER TABLE branch_record_bases FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON branch_record_bases USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
