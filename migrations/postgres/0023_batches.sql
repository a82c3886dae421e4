-- Work on many records, on a branch of its own. `filter` is what is still to be gone through; it goes when
-- the work ends, since it may hold what somebody searched for. `runner` holds the work until `leased_until`.
CREATE TABLE batches (
  company_id UUID NOT NULL REFERENCES companies (id),
  id UUID NOT NULL,
  branch_id BIGINT NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  change TEXT COLLATE "C" NOT NULL,
  filter TEXT COLLATE "C",
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('running', 'finished', 'stopped')),
  why TEXT COLLATE "C",
  user_id UUID REFERENCES users (id),
  author_kind TEXT COLLATE "C" NOT NULL,
  changed BIGINT NOT NULL,
  same BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  runner UUID,
  leased_until TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, branch_id),
  FOREIGN KEY (company_id, branch_id) REFERENCES branches (company_id, id)
);
CREATE INDEX batches_running ON batches (company_id, state, leased_until);

-- Records to which a batch could not do it.
CREATE TABLE batch_failures (
  company_id UUID NOT NULL,
  batch_id UUID NOT NULL,
  n BIGINT NOT NULL,
  record_id UUID NOT NULL,
  why TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (company_id, batch_id, n),
  FOREIGN KEY (company_id, batch_id) REFERENCES batches (company_id, id)
);
ALTER TABLE batches ENABLE ROW LEVEL SECURITY;
ALTER TABLE batches FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON batches USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE batch_failures ENABLE ROW LEVEL SECURITY;
ALTER TABLE batch_failures FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON batch_failures USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
