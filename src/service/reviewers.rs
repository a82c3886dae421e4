//! Who is asked to review a branch. It is a request: how many approvals a merge needs is the company's
//! policy (`domain/review`).
use super::{
    branches,
    companies::{self, Member},
    context::{Ctx, open_still},
    error::{Error, Result},
    merge, viewers,
};
use crate::{
    domain::{
        branch::{Branch, Visibility},
        ids::UserId,
        policy::{Act, Role, may},
    },
    store::{self, reviewers},
};

pub use crate::store::reviewers::Asked;

/// Who was asked to review a branch, as its page shows it.
pub struct Reviewers {
    /// Each with whether who looks may take them off.
    pub asked: Vec<(Asked, bool)>,
    /// Those who may be asked and were not; none for who may not ask.
    pub others: Option<Vec<(UserId, String)>>,
}

/// Those who were asked to review a branch.
pub async fn asked(ctx: &Ctx, branch: &Branch) -> Result<Vec<Asked>> {
    Ok(reviewers::all(&mut ctx.read().await?, &ctx.scope, branch.id).await?)
}

/// The same, with who may be asked too.
pub async fn of(ctx: &Ctx, branch: &Branch) -> Result<Reviewers> {
    let asked = asked(ctx, branch).await?;
    let others = if branch.closed().is_none() && branches::may_run(ctx, branch) {
        let new = |m: &Member| !asked.iter().any(|a| a.user == m.user.id);
        let able = able(ctx, branch).await?.into_iter().filter(new);
        Some(able.map(|m| (m.user.id, m.user.name)).collect())
    } else {
        None
    };
    let with_may = |a: Asked| {
        let may = may_take_off(ctx, branch, a.user);
        (a, may)
    };
    Ok(Reviewers { asked: asked.into_iter().map(with_may).collect(), others })
}

/// Who opened it, who merges, and everybody themselves.
fn may_take_off(ctx: &Ctx, branch: &Branch, user: UserId) -> bool {
    let oneself = ctx.scope.may(Act::OpenBranch) && Some(user) == ctx.scope.actor();
    branch.closed().is_none() && (oneself || branches::may_run(ctx, branch))
}

/// Those whose approval of a branch would count. Who may not say who sees it asks those who do already.
async fn able(ctx: &Ctx, branch: &Branch) -> Result<Vec<Member>> {
    let mut tx = ctx.read().await?;
    let authors = merge::authors(ctx, &mut tx, branch).await?;
    let named = store::branches::people(&mut tx, &ctx.scope, branch.id).await?;
    drop(tx);
    let shows = branch.visibility == Visibility::Company || viewers::may(ctx, branch);
    let sees = |m: &Member| {
        let id = m.user.id;
        m.role == Role::Admin || branch.is_of(Some(id)) || named.iter().any(|(n, _)| *n == id)
    };
    let able = |m: &Member| m.active && may(m.role, Act::ApproveBranch) && (shows || sees(m));
    let members = companies::members(ctx).await?.into_iter();
    Ok(members.filter(|m| able(m) && !authors.contains(&m.user.id)).collect())
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
    let branch = branches::named(ctx, slug).await?;
    open_still(&branch)?;
    let may = match change {
        Change::Ask(_) => branches::may_run(ctx, &branch),
        Change::TakeOff(user) => may_take_off(ctx, &branch, user),
    };
    if !may {
        let why = "Only who opened a branch, and those who merge, ask for its review.";
        return Err(Error::Refused(why.into()));
    }
    if let Change::Ask(user) = change
        && !able(ctx, &branch).await?.iter().any(|m| m.user.id == user)
    {
        let why = "Choose a member who may approve and did not work on the branch";
        return Err(Error::at("reviewer", why));
    }
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    let (scope, id) = (&ctx.scope, branch.id);
    match change {
        Change::Ask(user) => reviewers::ask(&mut tx, scope, (id, user, ctx.now())).await?,
        Change::TakeOff(user) => reviewers::take_off(&mut tx, scope, (id, user)).await?,
    }
    tx.commit().await?;
    tracing::info!(target: "tributary::security", event = "branch_reviewers_changed", company = %ctx.company.id, branch = branch.id, change = ?change, by = ?ctx.scope.actor(), "who is asked to review a branch was changed");
    Ok(())
}
