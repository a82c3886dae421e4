//! Who acts where, on what: the first argument of every use-case within a company.
use super::error::{Error, Result};
use crate::{
    app::App,
    domain::{
        branch::Branch,
        company::{Company, Place, User},
        field::Kind,
        policy::Act,
        review::ReviewPolicy,
        scope::{AuthorKind, Membership, Scope, World},
        time::Ts,
    },
    store::{accounts, chain, db::Tx, write::Write},
};
use uuid::Uuid;

/// Refuses to go on with a branch that is closed.
///
/// # Errors
/// `Refused`.
pub fn open_still(branch: &Branch) -> Result<()> {
    branch.closed().map_or(Ok(()), |why| Err(Error::Refused(why.into())))
}

/// A company at work.
#[derive(Clone)]
pub struct Ctx {
    pub app: App,
    pub company: Company,
    pub scope: Scope,
}

impl Ctx {
    /// A member on main of their company.
    pub fn of_member(app: &App, user: &User, place: &Place, author: AuthorKind) -> Self {
        let member = Membership { company: place.company.id, user: user.id, role: place.role };
        let scope = Scope::of_member(&member, author);
        Self { app: app.clone(), company: place.company.clone(), scope }
    }

    /// The operator at the command line.
    ///
    /// # Errors
    /// `Refused` if no company has the slug.
    pub async fn of_operator(app: &App, slug: &str) -> Result<Self> {
        let mut tx = app.db.read_accounts().await?;
        let found = accounts::company(&mut tx, slug).await?;
        let company =
            found.ok_or_else(|| Error::Refused(format!("No company is called `{slug}`.")))?;
        let scope = Scope::of_operator(company.id);
        Ok(Self { app: app.clone(), company, scope })
    }

    /// The same person in another world of the company.
    #[must_use]
    pub fn in_world(self, world: World) -> Self {
        Self { scope: self.scope.in_world(world), ..self }
    }

    /// Refuses what the role does not include.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn may(&self, act: Act) -> Result<()> {
        if self.scope.may(act) { Ok(()) } else { Err(Error::Forbidden(act)) }
    }

    /// The company's policy under the lock: settings may have changed since the request began.
    pub async fn policy_now(&self, tx: &mut Tx) -> Result<ReviewPolicy> {
        let found = accounts::company(tx, &self.company.slug).await?;
        Ok(found.map_or_else(|| self.company.review.clone(), |c| c.review))
    }
    /// Why records of a kind are not changed here: the company wants that only merges change them.
    pub fn protected(&self, kind: Kind) -> Option<String> {
        self.protected_by(&self.company.review, kind)
    }
    /// The same by another policy than that of when the request began.
    pub fn protected_by(&self, policy: &ReviewPolicy, kind: Kind) -> Option<String> {
        let protects = self.scope.world() == &World::Main && policy.protected.contains(&kind);
        let what = kind.plural();
        protects.then(|| format!("{what} are changed on branches only. Open one, and merge it."))
    }
    /// Whether records of a kind are changed in this world at all: it is no branch that is closed, and no
    /// main that only merges change.
    pub fn is_open(&self, kind: Kind) -> bool {
        let closed = self.scope.world().branch().and_then(Branch::closed);
        closed.is_none() && self.protected(kind).is_none()
    }
    /// Whether the person may do this to records of a kind here.
    pub fn may_change(&self, kind: Kind, act: Act) -> bool {
        self.scope.may(act) && self.is_open(kind)
    }

    /// Refuses to look for words at a time of which none are kept.
    ///
    /// # Errors
    /// `Invalid` at `q`.
    pub async fn can_search(&self, tx: &mut Tx, words: &[String]) -> Result<()> {
        let Some(at) = self.scope.at().filter(|_| !words.is_empty()) else { return Ok(()) };
        if at >= chain::past_from(tx, &self.scope).await? {
            return Ok(());
        }
        let why = "Words of that time are not kept. Take them away, or choose a later day.";
        Err(Error::at("q", why))
    }

    pub fn now(&self) -> Ts {
        self.app.now()
    }
    pub fn next_id(&self) -> Uuid {
        self.app.next_id()
    }

    /// Reads of one moment.
    pub async fn read(&self) -> Result<Tx> {
        Ok(self.app.db.read(&self.scope).await?)
    }
    /// One read, of a single statement.
    pub async fn glance(&self) -> Result<Tx> {
        Ok(self.app.db.glance(&self.scope).await?)
    }
    /// A commit in the making, holding the company's write lock.
    ///
    /// # Errors
    /// `Refused` in the past, on a closed branch, and on one that got another base since the request
    /// looked at it.
    pub async fn write(&self) -> Result<Write> {
        if self.scope.at().is_some() {
            return Err(Error::Refused("What was cannot be changed.".into()));
        }
        let w = Write::begin(&self.app.db, &self.scope, self.now()).await?;
        if let (Some(seen), Some(now)) = (self.scope.world().branch(), w.scope().world().branch()) {
            open_still(now)?;
            if seen.base != now.base {
                let why = "Someone brought this branch up to date just now. Try again.";
                return Err(Error::Refused(why.into()));
            }
        }
        Ok(w)
    }

    /// Who a doubled request must come from to be the same.
    pub fn actor(&self) -> Uuid {
        self.scope.actor().map_or(Uuid::nil(), |u| u.0)
    }
}
