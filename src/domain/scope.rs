//! The proof that a piece of work acts in one company, for one person, in one world.
use super::{
    ids::{CompanyId, UserId},
    policy::{Act, Role, may},
};
use crate::vocabulary;

vocabulary! {
    /// Who made a change.
    AuthorKind {
        User = "user", "person";
        Token = "token", "integration";
        System = "system", "system";
    }
}

/// The state that is read and written. Branches join here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// The live record.
    Main,
}

impl World {
    /// The number under which the world's versions are kept.
    pub fn branch(self) -> i64 {
        match self {
            Self::Main => 0,
        }
    }
    /// The world's name in URLs.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Main => "main",
        }
    }
    /// The world that a URL names.
    pub fn of_slug(slug: &str) -> Option<Self> {
        (slug == "main").then_some(Self::Main)
    }
}

/// Who acts where. Only a membership or the command line makes one: there is no way from a
/// company's id alone.
#[derive(Clone, Debug)]
pub struct Scope {
    company: CompanyId,
    actor: Option<UserId>,
    author: AuthorKind,
    role: Role,
    world: World,
    at: Option<i64>,
}

/// A user's standing in a company, as read from the database.
#[derive(Clone, Debug)]
pub struct Membership {
    pub company: CompanyId,
    pub user: UserId,
    pub role: Role,
}

impl Scope {
    /// A member at work.
    pub fn of_member(member: &Membership, author: AuthorKind, world: World) -> Self {
        let (company, actor, role) = (member.company, Some(member.user), member.role);
        Self { company, actor, author, role, world, at: None }
    }

    /// The operator at the command line, on main, with every permission in one company.
    pub fn of_operator(company: CompanyId) -> Self {
        let (author, role, world) = (AuthorKind::System, Role::Admin, World::Main);
        Self { company, actor: None, author, role, world, at: None }
    }

    /// The same world as it was after a commit: to be read, not to be changed.
    #[must_use]
    pub fn as_of(self, seq: i64) -> Self {
        Self { at: Some(seq), ..self }
    }

    pub fn company(&self) -> CompanyId {
        self.company
    }
    pub fn actor(&self) -> Option<UserId> {
        self.actor
    }
    pub fn author(&self) -> AuthorKind {
        self.author
    }
    pub fn world(&self) -> World {
        self.world
    }
    /// The commit after which the world is looked at; none for now.
    pub fn at(&self) -> Option<i64> {
        self.at
    }
    pub fn may(&self, act: Act) -> bool {
        self.may_now(act) && (self.at.is_none() || act.only_reads())
    }
    /// Whether it is permitted in the present, wherever is looked at.
    pub fn may_now(&self, act: Act) -> bool {
        may(self.role, act)
    }
}
