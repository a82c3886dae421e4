//! Keyset pages and capped counts, for every list.
use super::{
    db::{Builder, Tx},
    worlds::{self, Arm},
};
use crate::domain::page::{COUNT_CAP, Count, Cursor, Page};
use sqlx::Result;

/// Makes a page of the rows that were found: one more than asked for, if there are more, and towards
/// the start of the list if the cursor went back.
pub fn cut<T>(
    mut rows: Vec<T>,
    (size, from): (i64, Option<&Cursor>),
    place: impl Fn(&T, bool) -> Cursor,
) -> Page<T> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    rows.truncate(size);
    let back = from.is_some_and(|c| c.back);
    if back {
        rows.reverse();
    }
    let has_prev = if back { more } else { from.is_some() };
    Page {
        prev: rows.first().filter(|_| has_prev).map(|r| place(r, true)),
        next: rows.last().filter(|_| back || more).map(|r| place(r, false)),
        rows,
    }
}

/// Counts the ones of some arms, each of which ends at [`COUNT_CAP`] rows and one.
pub async fn capped(
    tx: &mut Tx,
    arms: &[Arm],
    mut each: impl FnMut(&mut Builder, Arm),
) -> Result<Count> {
    let mut sql = tx.builder();
    sql.push("SELECT COUNT(*) FROM (");
    worlds::union(&mut sql, ("one", arms), |sql, arm| {
        each(sql, arm);
        sql.push(" LIMIT ").bind(COUNT_CAP + 1);
    });
    sql.push(") t");
    let n: i64 = tx.built(sql).value().await?;
    Ok(if n > COUNT_CAP { Count::MoreThan(COUNT_CAP) } else { Count::Exactly(n) })
}
