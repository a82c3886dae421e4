//! Full text by the databases' own means, made alike: words are folded and tagged here.
use super::db::{Builder, Db, Engine};
use crate::domain::{field::Kind, ids::CompanyId, scope::Scope, text::words};
use sqlx::Result;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A word as indexed: the company's tag before it, so that one company's words are a stretch of
/// their own, and letters beyond `a–z 0–9` spelled out, so that both databases see one token.
fn token(company: CompanyId, word: &str) -> String {
    let mut out = company.0.simple().to_string().split_off(24);
    for c in word.chars().take(40) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else {
            let _ = write!(out, "u{:x}", u32::from(c));
        }
    }
    out
}

/// The index entry of a text: each word once.
pub fn words_of(company: CompanyId, text: &str) -> String {
    let all: BTreeSet<String> = words(text).iter().map(|w| token(company, w)).collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}

/// The search index of a kind of record.
pub struct Index {
    /// On both databases: a row id, the company, the words.
    table: &'static str,
    /// SQLite's list of the words in it.
    terms: &'static str,
}

impl Index {
    pub fn table(&self) -> &'static str {
        self.table
    }
}

/// The index of words of the past and of branches, of all kinds.
pub const SPANS: Index = Index { table: "span_search", terms: "span_search_terms" };

/// The index of a kind.
pub fn index(kind: Kind) -> Index {
    match kind {
        Kind::Order => Index { table: "order_search", terms: "order_search_terms" },
        Kind::Customer => Index { table: "customer_search", terms: "customer_search_terms" },
        Kind::Product => Index { table: "product_search", terms: "product_search_terms" },
        Kind::TaxCode => Index { table: "tax_code_search", terms: "tax_code_search_terms" },
    }
}

/// From so many rows of one commit on it is worth it to put an index together.
const BULK: usize = 1_000;
/// The words of at least so many rows fit a page of the index.
const ROWS_PER_PAGE: usize = 20;
/// Pages at once: some 20 ms.
const PAGES: i64 = 64;

/// SQLite's index of words grows by pieces, and a search asks each of them. After bulk growth they
/// are put together, with work in proportion to what was added: a little at once, for others to write
/// in between.
///
/// # Errors
/// As the database: the index is good as it is, and put together with what comes next.
pub async fn settle(db: &Db, scope: &Scope, (index, added): (Index, usize)) -> Result<()> {
    if db.engine() != Engine::Sqlite || added < BULK {
        return Ok(());
    }
    // a negative number begins with all pieces, a positive one goes on
    let (mut pages, mut left) = (-PAGES, i64::try_from(added / ROWS_PER_PAGE).unwrap_or(i64::MAX));
    while left > 0 {
        let mut tx = db.write(scope).await?;
        let mut sql = tx.builder();
        sql.push("INSERT INTO ").push(index.table).push(" (").push(index.table);
        sql.push(", rank) VALUES ('merge', ").bind(pages).push(")");
        tx.built(sql).run().await?;
        tx.commit().await?;
        (pages, left) = (PAGES, left - PAGES);
    }
    Ok(())
}

/// `AND` every word found, the last one as the beginning of a word.
pub fn matching(
    sql: &mut Builder,
    engine: Engine,
    index: &Index,
    (company, wanted): (CompanyId, &[String]),
) {
    let Some((last, whole)) = wanted.split_last() else { return };
    let (last, whole) = (token(company, last), whole.iter().map(|w| token(company, w)));
    match engine {
        Engine::Sqlite => {
            let whole: Vec<String> = whole.map(|t| format!("\"{t}\" AND ")).collect();
            sql.push(" AND ").push(index.table).push(" MATCH ");
            beginning(sql, index, (whole.concat(), &last));
        }
        Engine::Postgres => {
            let whole: Vec<String> = whole.map(|t| format!("'{t}' & ")).collect();
            // how rare a word is decides the plan
            sql.planned_anew().push(" AND s.company_id = ").bind(company);
            sql.push(" AND s.lexemes @@ CAST(").bind(format!("{}'{last}':*", whole.concat()));
            sql.push(" AS tsquery)");
        }
    }
}

/// FTS5 gathers every record of every word with a beginning before it gives the first; for a whole
/// word it gives them one by one. So a beginning of few words is asked as those words.
fn beginning(sql: &mut Builder, index: &Index, (whole, last): (String, &str)) {
    let end = format!("{last}~");
    sql.push("(SELECT ").bind(whole);
    sql.push(" || CASE WHEN COUNT(*) BETWEEN 1 AND 32 THEN '(\"' || group_concat(term, '\" OR \"') || '\")' ELSE ");
    sql.bind(format!("\"{last}\"*"));
    sql.push(" END FROM (WITH RECURSIVE next (term) AS (SELECT (SELECT term FROM ");
    sql.push(index.terms).push(" WHERE term >= ").bind(last.to_owned());
    sql.push(" LIMIT 1) UNION ALL SELECT (SELECT t.term FROM ").push(index.terms);
    sql.push(" t WHERE t.term >= next.term || char(1) LIMIT 1) FROM next WHERE next.term < ");
    sql.bind(end.clone()).push(" LIMIT 34) SELECT term FROM next WHERE term < ").bind(end);
    sql.push(") found)");
}
