//! Batches: one change made to every record that a list shows. The work is done on a branch of its own, a
//! chunk at a time, so that main never has half of it; who wants it merges the branch, as one commit. Each
//! chunk moves the batch on in its own transaction: one that breaks off is taken up again where it was.
mod work;

use super::{
    branches::{self, NewBranch},
    context::Ctx,
    error::{Error, Result},
    records::resolved,
    references,
    subjects::{Subject, of_kind},
};
use crate::{
    domain::{
        batch::{BatchState, Change},
        branch::{Branch, Visibility},
        field::Kind,
        history::cause::Cause,
        page::{Count, MasterFilter, OrderFilter},
        policy::Act,
        scope::{Scope, World},
    },
    store::{
        self,
        batches::{self, Failure, Tally},
        db::Tx,
        orders,
        write::{Said, Write},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use work::Runs;

pub use crate::store::batches::Batch;
pub use work::take_up;

/// Batches listed, and failures told at once.
const LISTED: i64 = 50;

/// Which records.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    Orders(OrderFilter),
    Masters(MasterFilter),
}

/// What a batch is made of.
pub struct NewBatch<'a> {
    pub kind: Kind,
    pub filter: Filter,
    pub change: Change,
    /// The same key with the same input gives the first one again.
    pub key: Option<&'a str>,
}

/// How many records a list shows, as far as it counts them.
pub async fn count<R: Subject>(ctx: &Ctx, filter: &Filter) -> Result<Count> {
    ctx.may(Act::OpenBranch)?;
    let mut tx = ctx.read().await?;
    within::<R>(&mut tx, &ctx.scope, filter).await
}

async fn within<R: Subject>(tx: &mut Tx, scope: &Scope, filter: &Filter) -> Result<Count> {
    Ok(match filter {
        Filter::Orders(f) => orders::count(tx, scope, f).await?,
        Filter::Masters(f) => R::counted(tx, scope, f).await?,
    })
}

/// Opens a branch for it and begins.
///
/// # Errors
/// `Forbidden` without the right to propose such a change; `Invalid` at `value` if that names nothing.
pub async fn start(ctx: &Ctx, new: NewBatch<'_>) -> Result<Uuid> {
    ctx.may(Act::OpenBranch)?;
    let mut w = ctx.clone().in_world(World::Main).write().await?;
    let asked = json!([new.kind, new.filter, new.change]);
    let print = Sha256::digest(asked.to_string()).to_vec();
    let known = match new.key {
        Some(key) => orders::key_of(&mut w.tx, &ctx.scope, ctx.actor(), key).await?,
        None => None,
    };
    if let Some((known, id)) = known {
        return if known == print { Ok(id) } else { Err(Error::KeyReused) };
    }
    let batch = of_kind!(new.kind, R => {
        if within::<R>(&mut w.tx, &ctx.scope, &new.filter).await? == Count::Exactly(0) {
            return Err(Error::at("", "The list shows nothing, so there is nothing to change"));
        }
        opened::<R>(ctx, &mut w, &new).await?
    });
    if let Some(key) = new.key {
        let kept = (key, print.as_slice(), batch.id, ctx.now());
        orders::keep_key(&mut w.tx, &ctx.scope, ctx.actor(), kept).await?;
    }
    let name = w.scope().world().branch().map_or_else(String::new, |b| b.name.clone());
    let message = format!("Opened branch {name}");
    w.finish(Said { cause: Cause::Opening, message: &message }).await?;
    Runs::of(&ctx.app).begin(&ctx.app, &ctx.company.slug, batch.id);
    Ok(batch.id)
}

/// The batch with its branch.
async fn opened<R: Subject>(ctx: &Ctx, w: &mut Write, new: &NewBatch<'_>) -> Result<Batch> {
    let told = format!("{}: {}", R::KIND.plural(), new.change.told::<R>());
    let name: String = told.chars().take(80).collect();
    let change = by_id::<R>(ctx, w, new.change.clone()).await?;
    let opened = NewBranch { name: &name, note: "", visibility: Visibility::Company, copy_of: "" };
    let branch = branches::begin(ctx, w, &opened).await?;
    let inside = ctx.clone().in_world(World::Branch(branch.clone()));
    inside.may(right::<R>(&change))?;
    let batch = Batch {
        id: ctx.next_id(),
        branch: branch.id,
        kind: R::KIND,
        change,
        state: BatchState::Running,
        why: None,
        user: ctx.scope.actor(),
        author: ctx.scope.author(),
        tally: Tally::default(),
        started_at: w.at(),
    };
    batches::insert(&mut w.tx, &ctx.scope, (&batch, &new.filter)).await?;
    Ok(batch)
}

/// The right that a change of a record needs.
fn right<R: Subject>(change: &Change) -> Act {
    match change {
        Change::Move { command, .. } => command.act(),
        _ => R::WRITE,
    }
}

/// What names a record by its code names it by its id: the code may be another's by the time it is used.
async fn by_id<R: Subject>(ctx: &Ctx, w: &mut Write, change: Change) -> Result<Change> {
    let Change::Set { field, value } = change else { return Ok(change) };
    let given = json!({ field.as_str(): value });
    let named = resolved::<R>(ctx, &mut w.tx, &json!({}), given).await;
    let named = named.map_err(|e| match e {
        Error::Invalid(problems) => Error::at("value", problems.get(&field).unwrap_or_default()),
        e => e,
    })?;
    let value = named[&field].as_str().unwrap_or_default().to_owned();
    Ok(Change::Set { field, value })
}

/// A batch with its branch, which is called what is done to what, and some of what it could not do.
pub struct Shown {
    pub batch: Batch,
    pub branch: Branch,
    /// The records that could not be changed: id, title, why.
    pub failures: Vec<(Uuid, String, String)>,
    /// From which failure on there are more.
    pub next: Option<i64>,
}

/// One of them, with its failures from the first `from` on.
///
/// # Errors
/// `NotFound`, also if the person may not see its branch.
pub async fn show(ctx: &Ctx, id: Uuid, from: i64) -> Result<Shown> {
    let mut tx = ctx.read().await?;
    let batch = batches::find(&mut tx, &ctx.scope, id).await?.ok_or(Error::NotFound)?;
    let branch = store::branches::by_number(&mut tx, &ctx.scope, batch.branch).await?;
    let branch = branch.ok_or(Error::NotFound)?;
    // a branch can be kept to some people while its batch goes on
    let seen = store::branches::by_slug(&mut tx, &ctx.scope, &branch.slug).await?;
    seen.ok_or(Error::NotFound)?;
    let mut rows = batches::failures(&mut tx, &ctx.scope, (id, from.max(0), LISTED + 1)).await?;
    let next = i64::try_from(rows.len()).is_ok_and(|n| n > LISTED).then(|| {
        rows.pop();
        from.max(0) + LISTED
    });
    drop(tx);
    let wanted = rows.iter().map(|f| (batch.kind, f.record_id)).collect();
    let titles = references::titles(ctx, wanted).await?;
    let told = |f: Failure| {
        let title = titles.get(&f.record_id).cloned();
        (f.record_id, title.unwrap_or_else(|| batch.kind.label().to_owned()), f.why)
    };
    let failures = rows.into_iter().map(told).collect();
    Ok(Shown { batch, branch, failures, next })
}

/// The last ones that the person may see, each with its branch.
pub async fn list(ctx: &Ctx) -> Result<Vec<(Batch, Branch)>> {
    let mut tx = ctx.read().await?;
    let mut out = vec![];
    for batch in batches::list(&mut tx, &ctx.scope, LISTED).await? {
        let branch = store::branches::by_number(&mut tx, &ctx.scope, batch.branch).await?;
        let Some(branch) = branch else { continue };
        if store::branches::by_slug(&mut tx, &ctx.scope, &branch.slug).await?.is_some() {
            out.push((batch, branch));
        }
    }
    Ok(out)
}
