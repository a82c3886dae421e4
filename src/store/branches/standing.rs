//! How branches stand to main: what they changed, what main changed since.
use crate::{
    domain::{branch::Branch, page::COUNT_CAP, scope::Scope, time::Ts},
    store::db::Tx,
};
use sqlx::Result;

macro_rules! met {
    ($versions:literal, $kind:literal) => {
        concat!(
            "SELECT v.id FROM ", $versions, " v CROSS JOIN ", $versions,
            " m LEFT JOIN branch_record_bases r ON r.company_id = v.company_id AND r.branch_id = v.branch_id AND r.kind = '", $kind,
            "' AND r.record_id = v.id WHERE m.company_id = v.company_id AND m.branch_id = 0 AND m.id = v.id AND m.to_seq IS NULL AND v.company_id = $1 AND v.branch_id = $2 AND v.to_seq IS NULL AND m.from_seq > $3 AND (r.base_seq IS NULL OR m.from_seq > r.base_seq)"
        )
    };
}

/// How many records both the branch and, since its base, main have changed; at most one beyond
/// [`COUNT_CAP`].
pub async fn met(tx: &mut Tx, scope: &Scope, b: &Branch) -> Result<i64> {
    let text = concat!(
        "SELECT COUNT(*) FROM (SELECT t.id FROM (",
        met!("order_versions", "order"),
        " UNION ALL ",
        met!("customer_versions", "customer"),
        " UNION ALL ",
        met!("product_versions", "product"),
        " UNION ALL ",
        met!("tax_code_versions", "tax_code"),
        ") t LIMIT $4) u"
    );
    let stmt = tx.sql(text).bind(scope.company()).bind(b.id).bind(b.base);
    stmt.bind(COUNT_CAP + 1).value().await
}

macro_rules! behind {
    ($base:literal) => {
        concat!("(SELECT COUNT(*) FROM (SELECT 1 AS one FROM commits c WHERE c.company_id = b.company_id AND c.branch_id = 0 AND c.seq > ", $base, " AND c.records > 0 LIMIT 1001) t)")
    };
}

/// When the main that a branch shows was, and how many commits of main that changed records it has not
/// seen; at most one beyond [`COUNT_CAP`].
pub async fn behind(tx: &mut Tx, scope: &Scope, b: &Branch) -> Result<Option<(Ts, i64)>> {
    let text = concat!(
        "SELECT b.at, ",
        behind!("$2"),
        " FROM commits b WHERE b.company_id = $1 AND b.seq = $2"
    );
    tx.sql(text).bind(scope.company()).bind(b.base).optional().await
}

/// What a branch's row in a list tells beside itself; numbers end at [`COUNT_CAP`] and one.
#[derive(Clone, Debug)]
pub struct Tally {
    pub id: i64,
    pub owner: Option<String>,
    /// Records that it changed, without those that it made and deleted.
    pub size: i64,
    /// Commits of main that changed records and that it has not seen.
    pub behind: i64,
    /// Why its last commit was made.
    pub cause: String,
}
crate::from_row!(Tally { id, owner, size, behind, cause });

macro_rules! own {
    ($versions:literal) => {
        concat!("(SELECT COUNT(*) FROM (SELECT 1 AS one FROM ", $versions, " v WHERE v.company_id = b.company_id AND v.branch_id = b.id AND v.to_seq IS NULL AND NOT (v.deleted AND NOT EXISTS (SELECT 1 FROM ", $versions, " m WHERE m.company_id = v.company_id AND m.branch_id = 0 AND m.id = v.id)) LIMIT 1001) t)")
    };
}

/// What is told of some branches.
pub async fn tallies(tx: &mut Tx, scope: &Scope, ids: &[i64]) -> Result<Vec<Tally>> {
    let mut sql = tx.builder();
    sql.push("SELECT b.id, (SELECT u.name FROM users u WHERE u.id = b.owner_id) AS owner, ");
    sql.push(own!("order_versions")).push(" + ").push(own!("customer_versions"));
    sql.push(" + ").push(own!("product_versions")).push(" + ").push(own!("tax_code_versions"));
    sql.push(" AS size, ").push(behind!("b.base_seq"));
    sql.push(" AS behind, (SELECT c.cause FROM commits c WHERE c.company_id = b.company_id AND c.seq = b.head_seq) AS cause FROM branches b WHERE b.company_id = ");
    sql.bind(scope.company()).push(" AND b.id IN ").list(ids);
    tx.built(sql).all().await
}
