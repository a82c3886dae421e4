-- Records of a branch that main has had since a later commit than the branch's base: merged by
-- themselves, or taken back from main. Against main as it was then their changes are told.
CREATE TABLE branch_record_bases (
  company_id BLOB NOT NULL,
  branch_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  record_id BLOB NOT NULL,
  base_seq INTEGER NOT NULL,
  PRIMARY KEY (company_id, branch_id, kind, record_id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
) STRICT, WITHOUT ROWID;
