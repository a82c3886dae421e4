-- Folded words by row; each word starts with its company's tag.
CREATE VIRTUAL TABLE order_search USING fts5 (company_id UNINDEXED, words, content = '', contentless_delete = 1, detail = 'none', tokenize = "ascii");
CREATE VIRTUAL TABLE customer_search USING fts5 (company_id UNINDEXED, words, content = '', contentless_delete = 1, detail = 'none', tokenize = "ascii");
CREATE VIRTUAL TABLE product_search USING fts5 (company_id UNINDEXED, words, content = '', contentless_delete = 1, detail = 'none', tokenize = "ascii");
CREATE VIRTUAL TABLE tax_code_search USING fts5 (company_id UNINDEXED, words, content = '', contentless_delete = 1, detail = 'none', tokenize = "ascii");
