//! What orders of a branch took from elsewhere and main has changed since: list prices. A merge of fields
//! cannot see it, since main changed the product and the branch the order.
use super::{Drafts, Job, Mergeable};
use crate::{
    domain::{
        field::Ty,
        history::merge::{Clashing, Conflict, ConflictKind},
        ids::ProductId,
        number::UnitPrice,
        order::{Line, Order, PriceSource},
        product::Product,
    },
    service::{context::Ctx, error::Result},
    store::{db::Tx, masters::read, sides, versions},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Asks for each line that the branch priced by a list whether its price is to follow main's list.
pub(super) async fn moved(ctx: &Ctx, tx: &mut Tx, job: &Job, drafts: &mut Drafts) -> Result<()> {
    let Some(branch) = job.branch() else { return Ok(()) };
    let moved = sides::moved_since::<Product>(tx, &ctx.scope, branch.base).await?;
    if moved.is_empty() {
        return Ok(());
    }
    let moved: BTreeSet<Uuid> = moved.into_iter().collect();
    let mut prices = BTreeMap::new();
    for i in 0..drafts.orders.len() {
        for line in priced(ctx, drafts, (i, &moved))? {
            let Some(ProductId(product)) = line.product else { continue };
            let now = match prices.get(&product) {
                Some(known) => *known,
                None => list_price(ctx, tx, (drafts, product)).await?,
            };
            prices.insert(product, now);
            let question = now.filter(|p| line.list_price != Some(*p)).map(|p| question(&line, p));
            let draft = &mut drafts.orders[i];
            let asked = |c: &Conflict| draft.decided.iter().any(|(d, _)| d.path == c.path);
            draft.clashes.extend(question.filter(|c| !asked(c)));
        }
    }
    Ok(())
}

/// The lines of an order that have the list price of a moved product, and that neither main nor the
/// branch's base has so.
fn priced(ctx: &Ctx, drafts: &Drafts, (i, moved): (usize, &BTreeSet<Uuid>)) -> Result<Vec<Line>> {
    let draft = &drafts.orders[i];
    let here = |o: &&Order| o.currency == ctx.company.currency;
    let Some(order) = draft.after().filter(here) else { return Ok(vec![]) };
    let of_moved = |l: &&Line| {
        let listed = l.price_source == PriceSource::List;
        listed && l.product.is_some_and(|p| moved.contains(&p.0))
    };
    let mut lines: Vec<Line> = order.lines.iter().filter(of_moved).cloned().collect();
    if lines.is_empty() {
        return Ok(lines);
    }
    let base: Option<Order> = draft.base.as_ref().map(|v| read(&v.body)).transpose()?;
    let known: Vec<&Line> =
        [base.as_ref(), draft.before()].into_iter().flatten().flat_map(|o| &o.lines).collect();
    let same =
        |a: &Line, b: &Line| (a.id, a.product, a.list_price) == (b.id, b.product, b.list_price);
    lines.retain(|l| !known.iter().any(|k| same(k, l)));
    Ok(lines)
}

/// The price that main's list will have.
async fn list_price(
    ctx: &Ctx,
    tx: &mut Tx,
    (drafts, product): (&Drafts, Uuid),
) -> Result<Option<UnitPrice>> {
    if let Some(draft) = Product::find(drafts, product) {
        return Ok(draft.after().and_then(|p| p.unit_price));
    }
    let version = versions::current::<Product>(tx, &ctx.scope, product).await?;
    let found: Option<Product> = version.map(|v| read(&v.body)).transpose()?;
    Ok(found.and_then(|p| p.unit_price))
}

fn question(line: &Line, now: UnitPrice) -> Conflict {
    let label = line.name.clone().or_else(|| line.sku.clone()).unwrap_or_default();
    let one = Clashing {
        path: format!("lines/{}/unit_price", line.id.0),
        label: format!("{label}, price"),
        base: json!(line.list_price),
        ours: json!(line.unit_price),
        theirs: json!(now),
        ty: Ty::Price,
    };
    let path = format!("lines/{}#price", line.id.0);
    Conflict { path, may_type: false, ..Conflict::of(ConflictKind::InputMoved, one) }
}

/// Gives the line of a question its new price.
pub(super) fn reprice(order: &mut Value, conflict: &Conflict) {
    let id = conflict.path.split(['/', '#']).nth(1).unwrap_or_default();
    let lines = order["lines"].as_array_mut().into_iter().flatten();
    for line in lines.filter(|l| l["id"] == id) {
        line["unit_price"] = conflict.theirs.clone();
        line["list_price"] = conflict.theirs.clone();
    }
}
