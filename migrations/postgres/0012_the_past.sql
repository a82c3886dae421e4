-- What a counter was after each commit that changed it.
CREATE TABLE order_count_steps (
  company_id UUID NOT NULL REFERENCES companies (id),
  month TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  currency TEXT COLLATE "C" NOT NULL,
  from_seq BIGINT NOT NULL,
  orders BIGINT NOT NULL,
  gross BIGINT NOT NULL,
  PRIMARY KEY (company_id, month, state, currency, from_seq)
);
-- Before this commit neither these steps nor the words below were kept.
ALTER TABLE chains ADD COLUMN past_from BIGINT NOT NULL DEFAULT 0;
UPDATE chains SET past_from = seq;
INSERT INTO order_count_steps (company_id, month, state, currency, from_seq, orders, gross)
  SELECT k.company_id, k.month, k.state, k.currency, c.seq, k.orders, k.gross FROM order_counts k JOIN chains c ON c.company_id = k.company_id;

-- Words by which a record was found until a commit: of main's records before their words changed, and
-- of what branches wrote (to the end of time while it stands).
CREATE TABLE word_spans (
  doc BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  company_id UUID NOT NULL REFERENCES companies (id),
  kind TEXT COLLATE "C" NOT NULL,
  branch_id BIGINT NOT NULL,
  id UUID NOT NULL,
  to_seq BIGINT NOT NULL
);
CREATE INDEX word_spans_record ON word_spans (company_id, kind, branch_id, id, to_seq);
CREATE TABLE span_search (
  rowid BIGINT NOT NULL PRIMARY KEY,
  company_id UUID NOT NULL REFERENCES companies (id),
  words TEXT NOT NULL,
  lexemes TSVECTOR NOT NULL GENERATED ALWAYS AS (words::tsvector) STORED
);
CREATE INDEX span_search_lexemes ON span_search USING gin (lexemes);

ALTER TABLE order_count_steps ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_count_steps FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON order_count_steps USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE word_spans ENABLE ROW LEVEL SECURITY;
ALTER TABLE word_spans FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON word_spans USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE span_search ENABLE ROW LEVEL SECURITY;
ALTER TABLE span_search FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON span_search USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
