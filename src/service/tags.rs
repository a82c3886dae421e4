//! Names for points of the history: given once, for good, and good wherever a point is asked for.
use super::{
    context::Ctx,
    error::{Error, Result},
};
use crate::{
    domain::{
        branch::parse_name,
        history::cause::Cause,
        policy::Act,
        scope::World,
        text::{fold, slug},
    },
    store::{commits, tags, write::Said},
};
use std::collections::BTreeMap;

pub use crate::store::tags::Tag;

/// Names the point after a commit of main.
///
/// # Errors
/// `Invalid` at `name`; `NotFound` if the person sees no such commit.
pub async fn give(ctx: &Ctx, seq: i64, name: &str) -> Result<Tag> {
    ctx.may(Act::OpenBranch)?;
    let name = parse_name(name)
        .map_err(|_| Error::at("name", "Say in up to 80 characters what this was"))?;
    let main = ctx.clone().in_world(World::Main);
    let mut w = main.write().await?;
    // names are everybody's: a commit of a branch gets none
    commits::find(&mut w.tx, &main.scope, seq).await?.ok_or(Error::NotFound)?;
    let (plain, mut nth) = (slug(&name, "point"), 1);
    let mut tag = Tag { slug: plain.clone(), name, seq };
    while let Some(other) = tags::find(&mut w.tx, &main.scope, &tag.slug).await? {
        if fold(&other.name) == fold(&tag.name) {
            let why = format!("“{}” is the name of change {} already", other.name, other.seq);
            return Err(Error::at("name", why));
        }
        nth += 1;
        tag.slug = format!("{plain}-{nth}");
    }
    tags::insert(&mut w.tx, &main.scope, &tag).await?;
    let message = format!("Named change {seq} “{}”", tag.name);
    w.finish(Said { cause: Cause::Naming, message: &message }).await?;
    Ok(tag)
}

/// The names of some commits, by their numbers.
pub async fn of_commits(ctx: &Ctx, seqs: &[i64]) -> Result<BTreeMap<i64, Vec<Tag>>> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.glance().await?;
    let mut out: BTreeMap<i64, Vec<Tag>> = BTreeMap::new();
    for tag in tags::of_commits(&mut tx, &ctx.scope, seqs).await? {
        out.entry(tag.seq).or_default().push(tag);
    }
    Ok(out)
}
