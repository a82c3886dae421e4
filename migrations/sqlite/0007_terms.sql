-- The words that an index holds, in their order: a beginning of a word is looked up here first.
CREATE VIRTUAL TABLE order_search_terms USING fts5vocab (order_search, instance);
CREATE VIRTUAL TABLE customer_search_terms USING fts5vocab (customer_search, instance);
CREATE VIRTUAL TABLE product_search_terms USING fts5vocab (product_search, instance);
CREATE VIRTUAL TABLE tax_code_search_terms USING fts5vocab (tax_code_search, instance);
