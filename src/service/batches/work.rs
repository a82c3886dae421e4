//! The work of a batch: a chunk of records after the other, by whichever server holds it.
use super::{Batch, Filter, right};
use crate::{
    app::App,
    domain::{
        batch::Change,
        history::cause::Cause,
        page::{MasterFilter, OrderFilter, Page},
        record::of_value,
        scope::{Scope, World},
        time::Ts,
    },
    service::{
        companies,
        context::Ctx,
        error::{Error, Result},
        records::{laid_over, parsed},
        subjects::{Subject, of_kind},
    },
    store::{
        self, accounts,
        batches::{self, Failure, Tally},
        db::Tx,
        masters::read,
        orders,
        ready::Step,
        versions::{self, Version},
        write::{Said, Write},
    },
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;
use tracing::{Instrument as _, instrument::WithSubscriber as _};
use uuid::Uuid;

/// Records of a chunk: others wait for the company's lock no longer than it takes to change these.
const CHUNK: i64 = 200;
/// Seconds for which a runner has a batch to itself after each chunk.
const LEASE: i64 = 10;

/// Those that are being run by this server.
#[derive(Clone, Default)]
pub(super) struct Runs(Arc<Mutex<JoinSet<()>>>);

impl Runs {
    pub(super) fn of(app: &App) -> Self {
        app.kept.of()
    }
    pub(super) fn begin(&self, app: &App, slug: &str, id: Uuid) {
        let (app, slug) = (app.clone(), slug.to_owned());
        let work = async move { run(&app, &slug, id).await };
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work.in_current_span().with_current_subscriber());
    }
}

/// Takes up every batch that nobody works on any more: its server was stopped, or could not go on.
///
/// # Errors
/// As the database.
pub async fn take_up(app: &App) -> Result<()> {
    for slug in companies::slugs(app).await? {
        match abandoned(app, &slug).await {
            Ok(all) => {
                for id in all {
                    Runs::of(app).begin(app, &slug, id);
                }
            }
            Err(e) => tracing::warn!(company = slug, error = %e, "batches were not taken up"),
        }
    }
    Ok(())
}

async fn abandoned(app: &App, slug: &str) -> Result<Vec<Uuid>> {
    let ctx = Ctx::of_operator(app, slug).await?;
    let mut tx = ctx.glance().await?;
    Ok(batches::abandoned(&mut tx, &ctx.scope, app.now()).await?)
}

/// Chunk after chunk, until there is none or somebody else has it.
async fn run(app: &App, slug: &str, id: Uuid) {
    let runner = app.next_id();
    loop {
        match chunk(app, slug, (id, runner)).await {
            Ok(true) => {}
            Ok(false) => return,
            // it is taken up again once its lease is over
            Err(e @ (Error::Busy | Error::Full | Error::Down)) => {
                return tracing::warn!(error = %e, "a batch waits");
            }
            Err(e) => {
                tracing::warn!(error = %e, "a batch was stopped");
                if let Err(e) = stop(app, slug, (id, runner), &e.to_string()).await {
                    tracing::warn!(error = %e, "a batch could not be stopped");
                }
                return;
            }
        }
    }
}

async fn stop(app: &App, slug: &str, whose: (Uuid, Uuid), why: &str) -> Result<()> {
    let ctx = Ctx::of_operator(app, slug).await?;
    let mut tx = app.db.write(&ctx.scope).await?;
    batches::stop(&mut tx, &ctx.scope, whose, why).await?;
    Ok(tx.commit().await?)
}

/// Who began it, as they stand today.
async fn beginner(app: &App, slug: &str, batch: &Batch) -> Result<Ctx> {
    let Some(user) = batch.user else { return Ctx::of_operator(app, slug).await };
    let mut tx = app.db.read_accounts().await?;
    let who = accounts::who_of_user(&mut tx, user).await?;
    let who = who.ok_or_else(|| Error::Refused("Who began it is no member any more.".into()))?;
    let place = who.place(slug);
    let place =
        place.ok_or_else(|| Error::Refused("Who began it is no member any more.".into()))?;
    Ok(Ctx::of_member(app, &who.user, place, batch.author))
}

/// What became of the records of a chunk.
struct Done {
    tally: Tally,
    failures: Vec<Failure>,
}

/// Changes the next records. Whether there are more.
async fn chunk(app: &App, slug: &str, (id, runner): (Uuid, Uuid)) -> Result<bool> {
    let operator = Ctx::of_operator(app, slug).await?;
    let mut tx = operator.read().await?;
    let batch = batches::find(&mut tx, &operator.scope, id).await?.ok_or(Error::NotFound)?;
    let branch = store::branches::by_number(&mut tx, &operator.scope, batch.branch).await?;
    let branch = branch.ok_or(Error::NotFound)?;
    drop(tx);
    let ctx = beginner(app, slug, &batch).await?.in_world(World::Branch(branch));
    of_kind!(batch.kind, R => {
        ctx.may(right::<R>(&batch.change))?;
        some::<R>(&ctx, &batch, runner).await
    })
}

async fn some<R: Subject>(ctx: &Ctx, batch: &Batch, runner: Uuid) -> Result<bool> {
    let mut w = ctx.write().await?;
    let scope = w.scope().clone();
    let Some(filter) = hold(&mut w.tx, &scope, (batch.id, runner), ctx.now()).await? else {
        return Ok(false);
    };
    let (ids, rest) = next_page::<R>(&mut w.tx, &scope, filter).await?;
    let found = versions::many::<R>(&mut w.tx, &scope, &ids).await?;
    let mut done = Done { tally: Tally::default(), failures: vec![] };
    let mut steps = vec![];
    for (record, version) in found {
        match changed::<R>(ctx, &mut w, batch, &version).await {
            Ok(Some(step)) => steps.push(step),
            Ok(None) => done.tally.same += 1,
            Err(Error::Busy) => return Err(Error::Busy),
            Err(e @ (Error::Full | Error::Down | Error::Ours(_))) => return Err(e),
            Err(e) => done.failures.push(Failure { record_id: record, why: e.to_string() }),
        }
    }
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    (done.tally.changed, done.tally.failed) = (count(steps.len()), count(done.failures.len()));
    let more = rest.is_some();
    if steps.is_empty() {
        // no commit: the work moves on all the same
        drop(w);
        let mut tx = ctx.app.db.write(&ctx.scope).await?;
        if hold(&mut tx, &scope, (batch.id, runner), ctx.now()).await?.is_none() {
            return Ok(false);
        }
        moves_on(&mut tx, &scope, (batch, &done), rest.as_ref()).await?;
        tx.commit().await?;
        return Ok(more);
    }
    w.put(steps).await?;
    moves_on(&mut w.tx, &scope, (batch, &done), rest.as_ref()).await?;
    let message = scope.world().branch().map_or("", |b| b.name.as_str());
    w.finish(Said { cause: Cause::Batch, message }).await?;
    Ok(more)
}

/// What is still to be gone through, if this runner has the batch or can have it.
async fn hold(tx: &mut Tx, scope: &Scope, whose: (Uuid, Uuid), now: Ts) -> Result<Option<Filter>> {
    Ok(batches::hold(tx, scope, whose, (now, now.plus_seconds(LEASE))).await?)
}

async fn moves_on(
    tx: &mut Tx,
    scope: &Scope,
    (batch, done): (&Batch, &Done),
    rest: Option<&Filter>,
) -> Result<()> {
    let failed = batch.tally.failed;
    batches::add_failures(tx, scope, (batch.id, failed), &done.failures).await?;
    Ok(batches::advance(tx, scope, (batch.id, done.tally), rest).await?)
}

/// The next records of the list, as main was when the branch began: what the batch does to some of them
/// takes none of the others out of it. And what comes after them.
async fn next_page<R: Subject>(
    tx: &mut Tx,
    scope: &Scope,
    filter: Filter,
) -> Result<(Vec<Uuid>, Option<Filter>)> {
    let base = scope.world().branch().map_or(i64::MAX, |b| b.base);
    let main = scope.clone().in_world(World::Main).as_of(base);
    Ok(match filter {
        Filter::Orders(f) => {
            let f = OrderFilter { size: CHUNK, ..f };
            let Page { rows, next, .. } = orders::page(tx, &main, &f).await?;
            let rest = next.map(|c| Filter::Orders(OrderFilter { cursor: Some(c), ..f }));
            (rows.into_iter().map(|r| r.id.0).collect(), rest)
        }
        Filter::Masters(f) => {
            let f = MasterFilter { size: CHUNK, ..f };
            let (ids, next) = R::listed(tx, &main, &f).await?;
            let rest = next.map(|c| Filter::Masters(MasterFilter { cursor: Some(c), ..f }));
            (ids, rest)
        }
    })
}

/// What becomes of a record; nothing if it is so already.
async fn changed<R: Subject>(
    ctx: &Ctx,
    w: &mut Write,
    batch: &Batch,
    version: &Version,
) -> Result<Option<Step<R>>> {
    let (before, value): (R, _) = (read(&version.body)?, parsed(&version.body)?);
    let places = ctx.company.currency.exponent();
    let after = match (batch.change.typed(&value, places).map_err(Error::Refused)?, &batch.change) {
        (Some(typed), _) => {
            let after: R = of_value(laid_over::<R>(ctx, &mut w.tx, &value, &typed).await?)?;
            R::admit(ctx, Some(&before), &after)?;
            after
        }
        (None, Change::Move { command, reason }) => {
            before.moved(ctx, w, (*command, Some(reason))).await?
        }
        (None, _) => return Ok(None),
    };
    if after.body() == version.body {
        return Ok(None);
    }
    Ok(Some(Step::from(before, after)))
}
