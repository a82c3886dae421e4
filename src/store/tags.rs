//! Points of the history that have a name.
use super::db::Tx;
use crate::domain::scope::Scope;
use sqlx::Result;

/// A name that was given for good.
#[derive(Clone, Debug)]
pub struct Tag {
    /// As URLs write it.
    pub slug: String,
    pub name: String,
    /// The commit after which it is.
    pub seq: i64,
}
crate::from_row!(Tag { slug, name, seq });

/// Writes a name.
pub async fn insert(tx: &mut Tx, scope: &Scope, tag: &Tag) -> Result<()> {
    let text = "INSERT INTO tags (company_id, slug, name, seq) VALUES ($1, $2, $3, $4)";
    let stmt = tx.sql(text).bind(scope.company()).bind(tag.slug.clone()).bind(tag.name.clone());
    stmt.bind(tag.seq).run().await?;
    Ok(())
}

/// The point that a slug names.
pub async fn find(tx: &mut Tx, scope: &Scope, slug: &str) -> Result<Option<Tag>> {
    let text = "SELECT slug, name, seq FROM tags WHERE company_id = $1 AND slug = $2";
    tx.sql(text).bind(scope.company()).bind(slug.to_owned()).optional().await
}

/// The names of some commits.
pub async fn of_commits(tx: &mut Tx, scope: &Scope, seqs: &[i64]) -> Result<Vec<Tag>> {
    let mut sql = tx.builder();
    sql.push("SELECT slug, name, seq FROM tags WHERE company_id = ").bind(scope.company());
    sql.push(" AND seq IN ").list(seqs).push(" ORDER BY slug");
    tx.built(sql).all().await
}
