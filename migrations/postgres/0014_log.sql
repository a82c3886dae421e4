-- The log by who did what.
CREATE INDEX commits_by_author ON commits (company_id, branch_id, author_id, seq);
CREATE INDEX commits_by_cause ON commits (company_id, branch_id, cause, seq);
