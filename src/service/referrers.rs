//! Who names a record: what others name cannot go.
use super::{context::Ctx, error::Result, references::named_in};
use crate::{
    domain::{
        field::Kind,
        order::Order,
        product::Product,
        record::Record,
        scope::{Scope, World},
    },
    store::{
        db::Tx,
        masters::{self, read},
        sides::{self, Source, Walk},
    },
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A record that names this one in the world of `ctx`; none if it may go. On a branch what main did
/// since its base is left to the merge.
pub async fn of(ctx: &Ctx, tx: &mut Tx, named: (Kind, Uuid)) -> Result<Option<(Kind, Uuid)>> {
    let World::Branch(branch) = ctx.scope.world().clone() else {
        return of_main(tx, &ctx.scope, named, &Except::default()).await;
    };
    let (mut own, mut walk) = (BTreeSet::new(), Walk::over(Source::Branch(&branch)));
    while let Some(chunk) = walk.next::<Order>(tx, &ctx.scope).await? {
        for order in &chunk {
            own.insert(order.id);
            let Some(version) = &order.theirs else { continue };
            if names(&read::<Order>(&version.body)?, named) {
                return Ok(Some((Kind::Order, order.id)));
            }
        }
    }
    of_main(
        tx,
        &ctx.scope,
        named,
        &Except { orders: own, since: Some(branch.base), ..Except::default() },
    )
    .await
}

/// Records of main that do not count.
#[derive(Default)]
pub struct Except {
    pub orders: BTreeSet<Uuid>,
    pub products: BTreeSet<Uuid>,
    /// Those that were changed after this commit.
    pub since: Option<i64>,
}

/// An order or a product of main that names this record.
pub async fn of_main(
    tx: &mut Tx,
    scope: &Scope,
    (kind, id): (Kind, Uuid),
    except: &Except,
) -> Result<Option<(Kind, Uuid)>> {
    let until = except.since.unwrap_or(i64::MAX);
    // one more than those that do not count must hold one that does
    let enough = i64::try_from(except.orders.len()).unwrap_or(i64::MAX).saturating_add(1);
    let orders = sides::referrers(tx, scope, (kind, id), (until, enough)).await?;
    if let Some(order) = orders.into_iter().find(|o| !except.orders.contains(o)) {
        return Ok(Some((Kind::Order, order)));
    }
    if kind != Kind::TaxCode {
        return Ok(None);
    }
    let products = masters::all::<Product>(tx, scope).await?;
    let product =
        products.iter().find(|p| !except.products.contains(&p.id.0) && names(*p, (kind, id)));
    Ok(product.map(|p| (Kind::Product, p.id.0)))
}

fn names<R: Record>(record: &R, (kind, id): (Kind, Uuid)) -> bool {
    named_in::<R>(&record.value()).iter().any(|(k, i, _)| (*k, *i) == (kind, id))
}
