-- Folded words by row; each word starts with its company's tag.
CREATE TABLE order_search (
  rowid BIGINT NOT NULL PRIMARY KEY,
  company_id UUID NOT NULL REFERENCES companies (id),
  words TEXT NOT NULL,
  lexemes TSVECTOR NOT NULL GENERATED ALWAYS AS (words::tsvector) STORED
);
CREATE INDEX order_search_lexemes ON order_search USING gin (lexemes);
CREATE TABLE customer_search (
  rowid BIGINT NOT NULL PRIMARY KEY,
  company_id UUID NOT NULL REFERENCES companies (id),
  words TEXT NOT NULL,
  lexemes TSVECTOR NOT NULL GENERATED ALWAYS AS (words::tsvector) STORED
);
CREATE INDEX customer_search_lexemes ON customer_search USING gin (lexemes);
CREATE TABLE product_search (
  rowid BIGINT NOT NULL PRIMARY KEY,
  company_id UUID NOT NULL REFERENCES companies (id),
  words TEXT NOT NULL,
  lexemes TSVECTOR NOT NULL GENERATED ALWAYS AS (words::tsvector) STORED
);
CREATE INDEX product_search_lexemes ON product_search USING gin (lexemes);
CREATE TABLE tax_code_search (
  rowid BIGINT NOT NULL PRIMARY KEY,
  company_id UUID NOT NULL REFERENCES companies (id),
  words TEXT NOT NULL,
  lexemes TSVECTOR NOT NULL GENERATED ALWAYS AS (words::tsvector) STORED
);
CREATE INDEX tax_code_search_lexemes ON tax_code_search USING gin (lexemes);
