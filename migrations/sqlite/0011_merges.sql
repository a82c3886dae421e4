-- Decisions on conflicts, bound to the three values that they were taken on.
CREATE TABLE resolutions (
  company_id BLOB NOT NULL REFERENCES companies (id),
  branch_id INTEGER NOT NULL,
  reverts INTEGER NOT NULL,
  kind TEXT NOT NULL,
  record_id BLOB NOT NULL,
  path TEXT NOT NULL,
  base BLOB NOT NULL CHECK (length(base) = 32),
  ours BLOB NOT NULL CHECK (length(ours) = 32),
  theirs BLOB NOT NULL CHECK (length(theirs) = 32),
  choice TEXT NOT NULL CHECK (choice IN ('ours', 'theirs', 'value')),
  value TEXT CHECK (json_valid(value)),
  decided_by BLOB REFERENCES users (id),
  decided_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, branch_id, reverts, kind, record_id, path)
) STRICT, WITHOUT ROWID;

-- The commit that merged a branch, and the plan that was agreed to.
ALTER TABLE branches ADD COLUMN merged_seq INTEGER;
ALTER TABLE branches ADD COLUMN merged_plan TEXT;
