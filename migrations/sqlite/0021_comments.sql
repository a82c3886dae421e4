-- What people say to each other about a branch. A text is emptied when it is taken back or erased; else nothing of it changes.
CREATE TABLE branch_comments (
  company_id BLOB NOT NULL REFERENCES companies (id),
  branch_id INTEGER NOT NULL,
  id BLOB NOT NULL,
  user_id BLOB REFERENCES users (id),
  said_at INTEGER NOT NULL,
  text TEXT NOT NULL,
  taken_back_by BLOB REFERENCES users (id),
  erased_by INTEGER,
  PRIMARY KEY (company_id, branch_id, said_at, id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
) STRICT, WITHOUT ROWID;
