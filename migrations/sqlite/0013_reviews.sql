-- What merges of a company need: approvals, and more of them from a size or a sum on.
ALTER TABLE companies ADD COLUMN approvals INTEGER NOT NULL DEFAULT 0;
ALTER TABLE companies ADD COLUMN large_records INTEGER;
ALTER TABLE companies ADD COLUMN large_sum INTEGER;
ALTER TABLE companies ADD COLUMN large_approvals INTEGER NOT NULL DEFAULT 0;
ALTER TABLE companies ADD COLUMN own_approval INTEGER NOT NULL DEFAULT 0 CHECK (own_approval IN (0, 1));

-- Who approved what a branch would do: by record and as a whole.
CREATE TABLE approvals (
  company_id BLOB NOT NULL REFERENCES companies (id),
  branch_id INTEGER NOT NULL,
  user_id BLOB NOT NULL REFERENCES users (id),
  approved_at INTEGER NOT NULL,
  reviewed BLOB NOT NULL CHECK (length(reviewed) = 32),
  records TEXT NOT NULL CHECK (json_valid(records)),
  PRIMARY KEY (company_id, branch_id, user_id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
) STRICT, WITHOUT ROWID;
