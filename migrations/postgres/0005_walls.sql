-- History is append-only, and rows of another company cannot be seen: the second wall behind the predicates.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'history is append-only'; END $$;
CREATE FUNCTION refuse_reopen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF old.to_seq IS NOT NULL OR new.to_seq IS NULL OR new.to_seq <= old.from_seq
    OR (new.company_id, new.branch_id, new.id, new.from_seq, new.deleted, new.schema_rev, new.body, new.body_hash)
    IS DISTINCT FROM (old.company_id, old.branch_id, old.id, old.from_seq, old.deleted, old.schema_rev, old.body, old.body_hash)
  THEN RAISE EXCEPTION 'history is append-only'; END IF;
  RETURN new;
END $$;
CREATE FUNCTION refuse_rewind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF new.seq < old.seq THEN RAISE EXCEPTION 'history is append-only'; END IF; RETURN new; END $$;
CREATE TRIGGER customer_versions_keep BEFORE DELETE ON customer_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customer_versions_close BEFORE UPDATE ON customer_versions FOR EACH ROW EXECUTE FUNCTION refuse_reopen();
CREATE TRIGGER product_versions_keep BEFORE DELETE ON product_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER product_versions_close BEFORE UPDATE ON product_versions FOR EACH ROW EXECUTE FUNCTION refuse_reopen();
CREATE TRIGGER tax_code_versions_keep BEFORE DELETE ON tax_code_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tax_code_versions_close BEFORE UPDATE ON tax_code_versions FOR EACH ROW EXECUTE FUNCTION refuse_reopen();
CREATE TRIGGER order_versions_keep BEFORE DELETE ON order_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_versions_close BEFORE UPDATE ON order_versions FOR EACH ROW EXECUTE FUNCTION refuse_reopen();
CREATE TRIGGER commits_keep BEFORE DELETE OR UPDATE ON commits FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER chains_keep BEFORE DELETE ON chains FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER chains_grow BEFORE UPDATE ON chains FOR EACH ROW EXECUTE FUNCTION refuse_rewind();
ALTER TABLE chains ENABLE ROW LEVEL SECURITY;
ALTER TABLE chains FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON chains USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE commits ENABLE ROW LEVEL SECURITY;
ALTER TABLE commits FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON commits USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE customer_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON customer_versions USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE product_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE product_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON product_versions USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE tax_code_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE tax_code_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON tax_code_versions USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE order_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON order_versions USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE tax_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE tax_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON tax_codes USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON customers USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE products ENABLE ROW LEVEL SECURITY;
ALTER TABLE products FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON products USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE orders FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON orders USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE order_lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_lines FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON order_lines USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE order_counts ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_counts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON order_counts USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE number_sequences ENABLE ROW LEVEL SECURITY;
ALTER TABLE number_sequences FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON number_sequences USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON idempotency_keys USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE order_search ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_search FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON order_search USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE customer_search ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_search FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON customer_search USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE product_search ENABLE ROW LEVEL SECURITY;
ALTER TABLE product_search FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON product_search USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
ALTER TABLE tax_code_search ENABLE ROW LEVEL SECURITY;
ALTER TABLE tax_code_search FORCE ROW LEVEL SECURITY;
CREATE POLICY own_company ON tax_code_search USING (company_id = NULLIF(current_setting('tributary.company', true), '')::uuid);
