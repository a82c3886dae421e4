-- Points of the history that people gave a name, for good.
CREATE TABLE tags (
  company_id UUID NOT NULL REFERENCES companies (id),
  slug TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (company_id, slug)
);
CREATE INDEX tags_by_commit ON tags (company_id, seq);
CREATE TRIGGER tags_keep BEFORE DELETE OR UPDATE ON tags FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE tags FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON tags USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
