//! What other worlds make of a record: who works in one is not blind to the others.
use super::{
    context::Ctx,
    error::{Error, Result},
    history::visible,
};
use crate::{
    domain::{
        branch::Branch,
        history::diff::{Change, diff},
        policy::Act,
        scope::World,
    },
    store::{
        branches,
        db::Tx,
        kinds::Stored,
        masters::read,
        sides::{self, Source},
        versions::{self, Version},
    },
};
use serde_json::Value;
use uuid::Uuid;

pub use crate::store::branches::Changing;

/// Branches told of a record.
pub const TOLD: usize = 10;

/// What a record is in other worlds, as far as it concerns who looks at it now.
#[derive(Default)]
pub enum Elsewhere {
    /// The same, or what it shows is the past.
    #[default]
    Same,
    /// It is on a branch, and main has changed it since the branch's base: what it was there, and is now.
    Changed(Vec<Change>),
    /// It is on a branch, and main has deleted it since.
    Deleted,
    /// It is on main, and these open branches change it: [`TOLD`], and one more if there are more.
    Branches(Vec<Changing>),
}

impl Elsewhere {
    /// The fields that main has changed.
    pub fn changes(&self) -> &[Change] {
        match self {
            Self::Changed(changes) => changes,
            _ => &[],
        }
    }
}

/// What the others are of a record. Of branches it tells those that who acts may see.
pub(super) async fn of<R: Stored>(ctx: &Ctx, tx: &mut Tx, id: Uuid) -> Result<Elsewhere> {
    if ctx.scope.at().is_some() || !ctx.scope.may(Act::ReadHistory) {
        return Ok(Elsewhere::Same);
    }
    match ctx.scope.world().branch() {
        Some(branch) if branch.closed().is_some() => Ok(Elsewhere::Same),
        Some(branch) => of_main::<R>(ctx, tx, (branch, id)).await,
        None => Ok(Elsewhere::Branches(branches_of::<R>(ctx, tx, id).await?)),
    }
}

/// Main's record that has the code which a branch gave this one: once it is merged only one of them can have it. Where the branch changes that one as well, its merge tells what comes of both.
pub(super) async fn taken<R: Stored>(ctx: &Ctx, tx: &mut Tx, record: &R) -> Result<Option<Uuid>> {
    let open = ctx.scope.world().branch().filter(|b| b.closed().is_none());
    let claim = record.claim().filter(|_| ctx.scope.at().is_none());
    let (Some(branch), Some(key)) = (open, claim) else { return Ok(None) };
    let main = ctx.scope.clone().in_world(World::Main);
    let holders = sides::holders::<R>(tx, &main, std::slice::from_ref(&key)).await?;
    let Some((_, id)) = holders.into_iter().find(|(_, id)| *id != record.id()) else {
        return Ok(None);
    };
    let source = |id| (Source::Branch(branch), id);
    let Some(own) = sides::one::<R>(tx, &ctx.scope, source(record.id())).await? else {
        return Ok(None);
    };
    let base: Option<R> = own.base.map(|v| read(&v.body)).transpose()?;
    if base.and_then(|b| b.claim()).as_ref() == Some(&key) {
        return Ok(None);
    }
    let own = sides::one::<R>(tx, &ctx.scope, source(id)).await?;
    Ok(Some(id).filter(|_| own.is_none()))
}

/// Why a record is not there: on main, because it is in branches only.
pub(super) async fn missing<R: Stored>(ctx: &Ctx, id: Uuid) -> Error {
    if !ctx.scope.is_live() || !ctx.scope.may(Act::ReadHistory) {
        return Error::NotFound;
    }
    let found = async { branches_of::<R>(ctx, &mut ctx.read().await?, id).await };
    match found.await {
        Ok(all) if all.iter().all(|b| b.deletes) => Error::NotFound,
        Ok(all) => {
            Error::OnlyIn(all.into_iter().filter(|b| !b.deletes).map(|b| b.branch).collect())
        }
        Err(e) => e,
    }
}

async fn of_main<R: Stored>(
    ctx: &Ctx,
    tx: &mut Tx,
    (branch, id): (&Branch, Uuid),
) -> Result<Elsewhere> {
    let main = ctx.scope.clone().in_world(World::Main);
    let sides = sides::one::<R>(tx, &ctx.scope, (Source::Branch(branch), id)).await?;
    let (then, now) = match sides {
        Some(sides) => (sides.base, sides.ours),
        None => (
            versions::at::<R>(tx, &main, id, branch.base).await?,
            versions::current::<R>(tx, &main, id).await?,
        ),
    };
    let seq = |v: &Option<Version>| v.as_ref().map(|v| v.seq);
    Ok(match (then, now) {
        (then, now) if seq(&then) == seq(&now) => Elsewhere::Same,
        (_, None) => Elsewhere::Deleted,
        (then, Some(now)) => {
            let value = |v: Option<Version>| -> Value {
                v.and_then(|v| serde_json::from_str(&v.body).ok()).unwrap_or_default()
            };
            let changes = diff(R::FIELDS, &value(then), &value(Some(now)));
            let changes = visible::<R>(&ctx.scope, changes);
            if changes.is_empty() { Elsewhere::Same } else { Elsewhere::Changed(changes) }
        }
    })
}

/// Those that are told, and one more if there are more.
async fn branches_of<R: Stored>(ctx: &Ctx, tx: &mut Tx, id: Uuid) -> Result<Vec<Changing>> {
    let most = i64::try_from(TOLD + 1).unwrap_or(i64::MAX);
    Ok(branches::changing(tx, &ctx.scope, ((R::KIND, id), most)).await?)
}
