-- Points of the history that people gave a name, for good.
CREATE TABLE tags (
  company_id BLOB NOT NULL REFERENCES companies (id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (company_id, slug)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_commit ON tags (company_id, seq);
CREATE TRIGGER tags_keep BEFORE DELETE ON tags BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER tags_stay BEFORE UPDATE ON tags BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
