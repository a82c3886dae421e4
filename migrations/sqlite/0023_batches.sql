-- Work on many records, on a branch of its own. `filter` is what is still to be gone through; it goes when
-- the work ends, since it may hold what somebody searched for. `runner` holds the work until `leased_until`.
CREATE TABLE batches (
  company_id BLOB NOT NULL REFERENCES companies (id),
  id BLOB NOT NULL CHECK (length(id) = 16),
  branch_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  change TEXT NOT NULL CHECK (json_valid(change)),
  filter TEXT CHECK (json_valid(filter)),
  state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'stopped')),
  why TEXT,
  user_id BLOB REFERENCES users (id),
  author_kind TEXT NOT NULL,
  changed INTEGER NOT NULL,
  same INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  runner BLOB,
  leased_until INTEGER NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, branch_id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX batches_running ON batches (company_id, state, leased_until);

-- Records to which a batch could not do it.
CREATE TABLE batch_failures (
  company_id BLOB NOT NULL,
  batch_id BLOB NOT NULL,
  n INTEGER NOT NULL,
  record_id BLOB NOT NULL CHECK (length(record_id) = 16),
  why TEXT NOT NULL,
  PRIMARY KEY (company_id, batch_id, n),
  FOREIGN KEY (company_id, batch_id) REFERENCES batches (company_id, id)
) STRICT, WITHOUT ROWID;

-- Changes of many records replace many rows of an index of words: its pieces are written anew when half of
-- what they hold is gone, not when a tenth is, which took a fourth of a merge's time.
INSERT INTO order_search (order_search, rank) VALUES ('deletemerge', 50);
INSERT INTO customer_search (customer_search, rank) VALUES ('deletemerge', 50);
INSERT INTO product_search (product_search, rank) VALUES ('deletemerge', 50);
INSERT INTO tax_code_search (tax_code_search, rank) VALUES ('deletemerge', 50);
