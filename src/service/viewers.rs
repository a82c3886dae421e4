//! Who sees a branch: its owner, the company's admins and those asked to review it always, the people named,
//! or everybody.
use super::{
    branches,
    companies::{self, Member},
    context::Ctx,
    error::{Error, Result},
};
use crate::{
    domain::{
        branch::{Branch, Visibility},
        ids::UserId,
        policy::{Act, Role},
    },
    store,
};

/// Who sees a branch, as those who may change it look at it.
pub struct Viewers {
    pub visibility: Visibility,
    /// The people named.
    pub named: Vec<(UserId, String)>,
    /// Members who do not see it yet.
    pub others: Vec<(UserId, String)>,
}

/// Who sees a branch; none for those who may not change that.
pub async fn of(ctx: &Ctx, branch: &Branch) -> Result<Option<Viewers>> {
    if !may(ctx, branch) {
        return Ok(None);
    }
    let named = store::branches::people(&mut ctx.read().await?, &ctx.scope, branch.id).await?;
    let blind = |m: &Member| {
        let id = m.user.id;
        let sees = Some(id) == branch.owner || m.role == Role::Admin;
        m.active && !sees && !named.iter().any(|(known, _)| *known == id)
    };
    let members = companies::members(ctx).await?.into_iter();
    let others = members.filter(blind).map(|m| (m.user.id, m.user.name)).collect();
    Ok(Some(Viewers { visibility: branch.visibility, named, others }))
}

/// Whether who asks says who sees it: its owner, and who tidies up.
pub(super) fn may(ctx: &Ctx, branch: &Branch) -> bool {
    let own = branch.is_of(ctx.scope.actor());
    ctx.scope.may(Act::OpenBranch) && (own || ctx.scope.role() == Role::Admin)
}

/// What is changed of who sees it.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    Name(UserId),
    Unname(UserId),
    Show(Visibility),
}

/// What a form or a body wants: a `visibility`, a `user` to be named, or one to be taken off by `remove`.
///
/// # Errors
/// `Invalid` at what says nothing.
pub fn change<'a>(text: impl Fn(&str) -> &'a str) -> Result<Change> {
    let user =
        |name: &str| text(name).parse().map(UserId).map_err(|_| Error::at(name, "Choose a member"));
    if !text("visibility").is_empty() {
        let wrong = |_| Error::at("visibility", "Say private or company");
        return Ok(Change::Show(text("visibility").parse().map_err(wrong)?));
    }
    if text("remove").is_empty() {
        Ok(Change::Name(user("user")?))
    } else {
        Ok(Change::Unname(user("remove")?))
    }
}

/// Changes who sees a branch; it holds at once.
///
/// # Errors
/// `Refused` to others than its owner and admins; `Invalid` at `user` if that is no member.
pub async fn set(ctx: &Ctx, slug: &str, change: Change) -> Result<()> {
    ctx.may(Act::OpenBranch)?;
    let branch = branches::named(ctx, slug).await?;
    if !may(ctx, &branch) {
        let why = "Only who opened a branch, and admins, say who sees it.";
        return Err(Error::Refused(why.into()));
    }
    if let Change::Name(user) = change {
        let members = companies::members(ctx).await?;
        if !members.iter().any(|m| m.active && m.user.id == user) {
            return Err(Error::at("user", "Choose a member"));
        }
    }
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    let (scope, id) = (&ctx.scope, branch.id);
    match change {
        Change::Name(user) => store::branches::name_person(&mut tx, scope, (id, user)).await?,
        Change::Unname(user) => store::branches::unname_person(&mut tx, scope, (id, user)).await?,
        Change::Show(to) => store::branches::show_to(&mut tx, scope, (id, to)).await?,
    }
    tx.commit().await?;
    tracing::info!(target: "tributary::security", event = "branch_viewers_changed", company = %ctx.company.id, branch = branch.id, change = ?change, by = ?ctx.scope.actor(), "who sees a branch was changed");
    Ok(())
}
