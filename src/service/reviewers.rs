//! Who is asked to review a branch. It is a request: how many approvals a merge needs is the company's
//! policy (`domain/review`).
use super::{
    branches, companies,
    context::{Ctx, open_still},
    error::{Error, Result},
    merge,
};
use crate::{
    domain::{
        branch::Branch,
        ids::UserId,
        policy::{Act, may},
    },
    store::{self, reviewers},
};

pub use crate::store::reviewers::Asked;

/// Who was asked to review a branch.
pub struct Reviewers {
    pub asked: Vec<Asked>,
    /// Those who may be asked and were not; nobody for who may not ask.
    pub others: Vec<(UserId, String)>,
    /// Who looks at them may ask others, and take them off.
    pub may_ask: bool,
}

/// Who was asked to review a branch, and who may be.
pub async fn of(ctx: &Ctx, branch: &Branch) -> Result<Reviewers> {
    let asked = reviewers::all(&mut ctx.read().await?, &ctx.scope, branch.id).await?;
    let may_ask = branch.closed().is_none() && may_ask(ctx, branch);
    let others = if may_ask { able(ctx, branch).await? } else { vec![] };
    let new = |(id, _): &(UserId, String)| !asked.iter().any(|a| a.user == *id);
    Ok(Reviewers { others: others.into_iter().filter(new).collect(), asked, may_ask })
}

/// Who opened it, and who merges.
fn may_ask(ctx: &Ctx, branch: &Branch) -> bool {
    let own = branch.is_of(ctx.scope.actor());
    ctx.scope.may(if own { Act::OpenBranch } else { Act::MergeBranch })
}

/// Those whose approval of a branch would count, by name.
async fn able(ctx: &Ctx, branch: &Branch) -> Result<Vec<(UserId, String)>> {
    let authors = merge::authors(ctx, &mut ctx.read().await?, branch).await?;
    let members = companies::members(ctx).await?.into_iter();
    let able = members.filter(|m| m.active && may(m.role, Act::ApproveBranch));
    Ok(able.map(|m| (m.user.id, m.user.name)).filter(|(id, _)| !authors.contains(id)).collect())
}

/// What is changed of who is asked.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    Ask(UserId),
    TakeOff(UserId),
}

/// What a form or a body wants: a `reviewer` to be asked, or one to be taken off by `dismiss`.
///
/// # Errors
/// `Invalid` at what names nobody.
pub fn change<'a>(text: impl Fn(&str) -> &'a str) -> Result<Change> {
    let (field, change): (_, fn(UserId) -> Change) = if text("dismiss").is_empty() {
        ("reviewer", Change::Ask)
    } else {
        ("dismiss", Change::TakeOff)
    };
    let none = |_| Error::at(field, "Choose a member");
    Ok(change(UserId(text(field).parse().map_err(none)?)))
}

/// Asks somebody for a review, who then sees the branch, or takes them off.
///
/// # Errors
/// `Refused` to others than its owner and those who merge; but one takes oneself off. `Invalid` at
/// `reviewer` if their approval would not count.
pub async fn set(ctx: &Ctx, slug: &str, change: Change) -> Result<()> {
    let branch = branches::find(ctx, slug).await?.branch;
    open_still(&branch)?;
    let self_off = matches!(change, Change::TakeOff(user) if Some(user) == ctx.scope.actor());
    if !self_off && !may_ask(ctx, &branch) {
        let why = "Only who opened a branch, and those who merge, ask for its review.";
        return Err(Error::Refused(why.into()));
    }
    if let Change::Ask(user) = change
        && !able(ctx, &branch).await?.iter().any(|(id, _)| *id == user)
    {
        let why = "Choose a member who may approve and did not work on the branch";
        return Err(Error::at("reviewer", why));
    }
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    let (scope, id) = (&ctx.scope, branch.id);
    match change {
        Change::Ask(user) => {
            reviewers::ask(&mut tx, scope, (id, user, ctx.now())).await?;
            store::branches::name_person(&mut tx, scope, (id, user)).await?;
        }
        Change::TakeOff(user) => reviewers::take_off(&mut tx, scope, (id, user)).await?,
    }
    tx.commit().await?;
    tracing::info!(target: "tributary::security", event = "branch_reviewers_changed", company = %ctx.company.id, branch = branch.id, change = ?change, by = ?ctx.scope.actor(), "who is asked to review a branch was changed");
    Ok(())
}
