-- What a counter was after each commit that changed it.
CREATE TABLE order_count_steps (
  company_id BLOB NOT NULL REFERENCES companies (id),
  month TEXT NOT NULL,
  state TEXT NOT NULL,
  currency TEXT NOT NULL,
  from_seq INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  gross INTEGER NOT NULL,
  PRIMARY KEY (company_id, month, state, currency, from_seq)
) STRICT, WITHOUT ROWID;
-- Before this commit neither these steps nor the words below were kept.
ALTER TABLE chains ADD COLUMN past_from INTEGER NOT NULL DEFAULT 0;
UPDATE chains SET past_from = seq;
INSERT INTO order_count_steps (company_id, month, state, currency, from_seq, orders, gross)
  SELECT k.company_id, k.month, k.state, k.currency, c.seq, k.orders, k.gross FROM order_counts k JOIN chains c ON c.company_id = k.company_id;

-- Words by which a record was found until a commit: of main's records before their words changed, and
-- of what branches wrote (to the end of time while it stands).
CREATE TABLE word_spans (
  doc INTEGER PRIMARY KEY,
  company_id BLOB NOT NULL REFERENCES companies (id),
  kind TEXT NOT NULL,
  branch_id INTEGER NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  to_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX word_spans_record ON word_spans (company_id, kind, branch_id, id, to_seq);
CREATE VIRTUAL TABLE span_search USING fts5 (company_id UNINDEXED, words, content = '', contentless_delete = 1, detail = 'none', tokenize = "ascii");
CREATE VIRTUAL TABLE span_search_terms USING fts5vocab (span_search, instance);
