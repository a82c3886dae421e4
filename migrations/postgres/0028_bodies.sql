-- Bodies in tables of their own, named by the record and the commit that wrote them first: a version that ends
-- is written anew without its body, and one that a branch has already is named by main, not written again.
CREATE OR REPLACE FUNCTION refuse_reopen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
    OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body_seq, new.body_hash, new.erased_by, new.stub_hash, new.leaf_rev)
    IS DISTINCT FROM (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body_seq, old.body_hash, old.erased_by, old.stub_hash, old.leaf_rev))
  AND (old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.stub_hash IS NULL
    OR (new.company_id, new.branch_id, new.id, new.from_seq, new.to_seq, new.deleted, new.body_seq, new.body_hash, new.leaf_rev)
    IS DISTINCT FROM (old.company_id, old.branch_id, old.id, old.from_seq, old.to_seq, old.deleted, old.body_seq, old.body_hash, old.schema_rev))
  THEN RAISE EXCEPTION 'history is append-only'; END IF;
  RETURN new;
END $$;
-- A body is erased once, after its version, or emptied where that has ended and none of main shows it.
CREATE FUNCTION refuse_other_body() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE stays BOOLEAN; goes BOOLEAN;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I v WHERE v.company_id = $1 AND v.from_seq = $3 AND v.id = $2 AND v.to_seq IS NULL)
    OR EXISTS (SELECT 1 FROM %1$I v WHERE v.company_id = $1 AND v.branch_id = 0 AND v.id = $2 AND v.body_seq = $3)', TG_ARGV[0])
    INTO stays USING old.company_id, old.id, old.seq;
  EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I v WHERE v.company_id = $1 AND v.from_seq = $3 AND v.id = $2 AND v.erased_by = $4)', TG_ARGV[0])
    INTO goes USING old.company_id, old.id, old.seq, new.erased_by;
  IF (new.company_id, new.id, new.seq) IS DISTINCT FROM (old.company_id, old.id, old.seq) OR old.erased_by IS NOT NULL
    OR (new.erased_by IS NOT NULL AND NOT goes) OR (new.erased_by IS NULL AND (new.body <> 'null' OR stays))
  THEN RAISE EXCEPTION 'history is append-only'; END IF;
  RETURN new;
END $$;

CREATE TABLE customer_bodies (
  company_id UUID NOT NULL,
  id UUID NOT NULL,
  seq BIGINT NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  erased_by BIGINT,
  PRIMARY KEY (company_id, id, seq)
);
ALTER TABLE customer_versions NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER customer_versions_close;
INSERT INTO customer_bodies (company_id, id, seq, body, erased_by) SELECT company_id, id, from_seq, body, erased_by FROM customer_versions;
ALTER TABLE customer_versions ADD COLUMN body_seq BIGINT;
UPDATE customer_versions SET body_seq = from_seq;
ALTER TABLE customer_versions ALTER COLUMN body_seq SET NOT NULL, DROP COLUMN body,
  ADD FOREIGN KEY (company_id, id, body_seq) REFERENCES customer_bodies (company_id, id, seq),
  ENABLE TRIGGER customer_versions_close, FORCE ROW LEVEL SECURITY;
CREATE TRIGGER customer_bodies_keep BEFORE DELETE ON customer_bodies FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customer_bodies_stay BEFORE UPDATE ON customer_bodies FOR EACH ROW EXECUTE FUNCTION refuse_other_body('customer_versions');
ALTER TABLE customer_bodies ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_bodies FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON customer_bodies USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);

CREATE TABLE product_bodies (
  company_id UUID NOT NULL,
  id UUID NOT NULL,
  seq BIGINT NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  erased_by BIGINT,
  PRIMARY KEY (company_id, id, seq)
);
ALTER TABLE product_versions NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER product_versions_close;
INSERT INTO product_bodies (company_id, id, seq, body, erased_by) SELECT company_id, id, from_seq, body, erased_by FROM product_versions;
ALTER TABLE product_versions ADD COLUMN body_seq BIGINT;
UPDATE product_versions SET body_seq = from_seq;
ALTER TABLE product_versions ALTER COLUMN body_seq SET NOT NULL, DROP COLUMN body,
  ADD FOREIGN KEY (company_id, id, body_seq) REFERENCES product_bodies (company_id, id, seq),
  ENABLE TRIGGER product_versions_close, FORCE ROW LEVEL SECURITY;
CREATE TRIGGER product_bodies_keep BEFORE DELETE ON product_bodies FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER product_bodies_stay BEFORE UPDATE ON product_bodies FOR EACH ROW EXECUTE FUNCTION refuse_other_body('product_versions');
ALTER TABLE product_bodies ENABLE ROW LEVEL SECURITY;
ALTER TABLE product_bodies FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON product_bodies USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);

CREATE TABLE tax_code_bodies (
  company_id UUID NOT NULL,
  id UUID NOT NULL,
  seq BIGINT NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  erased_by BIGINT,
  PRIMARY KEY (company_id, id, seq)
);
ALTER TABLE tax_code_versions NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER tax_code_versions_close;
INSERT INTO tax_code_bodies (company_id, id, seq, body, erased_by) SELECT company_id, id, from_seq, body, erased_by FROM tax_code_versions;
ALTER TABLE tax_code_versions ADD COLUMN body_seq BIGINT;
UPDATE tax_code_versions SET body_seq = from_seq;
ALTER TABLE tax_code_versions ALTER COLUMN body_seq SET NOT NULL, DROP COLUMN body,
  ADD FOREIGN KEY (company_id, id, body_seq) REFERENCES tax_code_bodies (company_id, id, seq),
  ENABLE TRIGGER tax_code_versions_close, FORCE ROW LEVEL SECURITY;
CREATE TRIGGER tax_code_bodies_keep BEFORE DELETE ON tax_code_bodies FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tax_code_bodies_stay BEFORE UPDATE ON tax_code_bodies FOR EACH ROW EXECUTE FUNCTION refuse_other_body('tax_code_versions');
ALTER TABLE tax_code_bodies ENABLE ROW LEVEL SECURITY;
ALTER TABLE tax_code_bodies FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON tax_code_bodies USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);

CREATE TABLE order_bodies (
  company_id UUID NOT NULL,
  id UUID NOT NULL,
  seq BIGINT NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  erased_by BIGINT,
  PRIMARY KEY (company_id, id, seq)
);
ALTER TABLE order_versions NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER order_versions_close;
INSERT INTO order_bodies (company_id, id, seq, body, erased_by) SELECT company_id, id, from_seq, body, erased_by FROM order_versions;
ALTER TABLE order_versions ADD COLUMN body_seq BIGINT;
UPDATE order_versions SET body_seq = from_seq;
ALTER TABLE order_versions ALTER COLUMN body_seq SET NOT NULL, DROP COLUMN body,
  ADD FOREIGN KEY (company_id, id, body_seq) REFERENCES order_bodies (company_id, id, seq),
  ENABLE TRIGGER order_versions_close, FORCE ROW LEVEL SECURITY;
CREATE TRIGGER order_bodies_keep BEFORE DELETE ON order_bodies FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_bodies_stay BEFORE UPDATE ON order_bodies FOR EACH ROW EXECUTE FUNCTION refuse_other_body('order_versions');
ALTER TABLE order_bodies ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_bodies FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON order_bodies USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
