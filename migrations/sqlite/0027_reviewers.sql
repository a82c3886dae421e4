-- Who was asked to look at what a branch would do. An approval given since then answers it.
CREATE TABLE branch_reviewers (
  company_id BLOB NOT NULL REFERENCES companies (id),
  branch_id INTEGER NOT NULL,
  user_id BLOB NOT NULL REFERENCES users (id),
  asked_by BLOB REFERENCES users (id),
  asked_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, branch_id, user_id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX branch_reviewers_user ON branch_reviewers (company_id, user_id);
