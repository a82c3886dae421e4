//! The proof that a piece of work acts in one company, for one person, in one world.
use super::{
    branch::Branch,
    field::Field,
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

/// The state that is read and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum World {
    /// The live record.
    Main,
    /// A side track. Its base is the one in force at the scope's point.
    Branch(Branch),
}

impl World {
    /// The number under which the world's versions are kept.
    pub fn number(&self) -> i64 {
        self.branch().map_or(0, |b| b.id)
    }
    /// The world's name in URLs.
    pub fn slug(&self) -> &str {
        self.branch().map_or("main", |b| &b.slug)
    }
    /// The branch, if it is one.
    pub fn branch(&self) -> Option<&Branch> {
        match self {
            Self::Main => None,
            Self::Branch(branch) => Some(branch),
        }
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
    /// A member at work on main.
    pub fn of_member(member: &Membership, author: AuthorKind) -> Self {
        let (company, actor, role) = (member.company, Some(member.user), member.role);
        Self { company, actor, author, role, world: World::Main, at: None }
    }

    /// The operator at the command line, on main, with every permission in one company.
    pub fn of_operator(company: CompanyId) -> Self {
        let (author, role, world) = (AuthorKind::System, Role::Admin, World::Main);
        Self { company, actor: None, author, role, world, at: None }
    }

    /// The same person in another world of the company.
    #[must_use]
    pub fn in_world(self, world: World) -> Self {
        Self { world, ..self }
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
    pub fn world(&self) -> &World {
        &self.world
    }
    /// The commit after which the world is looked at; none for now.
    pub fn at(&self) -> Option<i64> {
        self.at
    }
    /// Whether this is main as it is now, of which heads, words and counters are kept.
    pub fn is_live(&self) -> bool {
        self.world == World::Main && self.at.is_none()
    }
    pub fn may(&self, act: Act) -> bool {
        self.may_now(act) && (self.at.is_none() || act.only_reads())
    }
    /// Whether it is permitted in the present, wherever is looked at. On a branch one may propose what
    /// another person has to merge.
    pub fn may_now(&self, act: Act) -> bool {
        let proposes = self.world.branch().is_some() && act.edits_records();
        may(self.role, act) || (proposes && may(self.role, Act::OpenBranch))
    }
    /// Whether a field of what may be read is shown too.
    pub fn sees(&self, field: &Field) -> bool {
        field.seen_with.is_none_or(|act| self.may_now(act))
    }
    /// The role itself, for what its holder may see.
    pub fn role(&self) -> Role {
        self.role
    }
}
