//! Keyset pages and capped counts, for every list.
use super::{
    db::{Builder, FromDb, Tx},
    worlds::Arm,
};
use crate::domain::page::{COUNT_CAP, Count, Cursor, Page};
use sqlx::Result;
use std::cmp::Ordering;

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

/// The first `most` rows of some arms together, in an order that `each` asks its arm for and `order` tells.
/// Once there are as many, `each` is given the last of them: an arm has nothing to look for behind it.
/// So a branch that changed ten thousand records of a list fills its page without a look at main's.
pub async fn first<T: FromDb>(
    tx: &mut Tx,
    (arms, most): (&[Arm], i64),
    mut each: impl FnMut(&mut Builder, Arm, Option<&T>),
    order: impl Fn(&T, &T) -> Ordering,
) -> Result<Vec<T>> {
    let (mut rows, full) = (vec![], usize::try_from(most).unwrap_or(usize::MAX));
    for arm in arms {
        let mut sql = tx.builder();
        each(&mut sql, *arm, rows.last().filter(|_| rows.len() == full));
        sql.push(" LIMIT ").bind(most);
        rows.extend(tx.built(sql).all::<T>().await?);
        rows.sort_by(&order);
        rows.truncate(full);
    }
    Ok(rows)
}

/// Counts the rows of some arms until there are more than [`COUNT_CAP`].
pub async fn capped(
    tx: &mut Tx,
    arms: &[Arm],
    mut each: impl FnMut(&mut Builder, Arm),
) -> Result<Count> {
    let mut all = 0;
    for arm in arms {
        let mut sql = tx.builder();
        sql.push("SELECT COUNT(*) FROM (");
        each(&mut sql, *arm);
        sql.push(" LIMIT ").bind(COUNT_CAP + 1 - all).push(") t");
        all += tx.built(sql).value::<i64>().await?;
        if all > COUNT_CAP {
            return Ok(Count::MoreThan(COUNT_CAP));
        }
    }
    Ok(Count::Exactly(all))
}
