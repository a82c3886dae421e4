//! What two changes of a record disagree on, and what was decided on it.
use super::{
    chain::{Hash, body_hash},
    diff::Change,
};
use crate::domain::field::Ty;
use serde_json::Value;

/// What two sides did to one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConflictKind {
    /// Both changed a field, or a group of fields, to different values.
    Field,
    /// Ours deleted what theirs changed.
    DeletedByOurs,
    /// Theirs deleted what ours changed.
    DeletedByTheirs,
    /// Both moved the record on to different states.
    State,
    /// The state of ours has frozen what theirs changed.
    Locked,
    /// The rules do not let the merged record move to its new state.
    Guard,
    /// The merged record breaks a rule that no single field can tell.
    Invariant,
    /// Two records would have what no two may have.
    Unique,
    /// It names a record that is gone.
    Dangling,
    /// It deletes a record that others name.
    StillReferenced,
    /// What it was worked out from is another on main since.
    InputMoved,
    /// Theirs has a value that no record may have since an upgrade.
    InvalidAfterUpgrade,
}

impl ConflictKind {
    /// What two people did, in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Field => "Both changed it, to different values.",
            Self::DeletedByOurs => "One side deleted it, the other one changed it.",
            Self::DeletedByTheirs => "One side changed it, the other one deleted it.",
            Self::State => "Both moved the order on, to different states.",
            Self::Locked => "The order's state on main does not let this be changed.",
            Self::Guard => "The order cannot be confirmed as it would be.",
            Self::Invariant => "Together the two would break a rule.",
            Self::Unique => "Another record has this already.",
            Self::Dangling => "It names a record that is not on main.",
            Self::StillReferenced => "It would be deleted, but other records name it.",
            Self::InputMoved => "The list price changed on main since the branch took it.",
            Self::InvalidAfterUpgrade => "Since an upgrade nothing can have this value any more.",
        }
    }
    /// In a word, for programs and for decisions on all conflicts of a kind.
    pub fn word(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::DeletedByOurs => "deleted-in-main",
            Self::DeletedByTheirs => "deleted-in-branch",
            Self::State => "state",
            Self::Locked => "locked",
            Self::Guard => "guard",
            Self::Invariant => "invariant",
            Self::Unique => "unique",
            Self::Dangling => "dangling",
            Self::StillReferenced => "still-referenced",
            Self::InputMoved => "inputs-moved",
            Self::InvalidAfterUpgrade => "invalid-after-upgrade",
        }
    }
}

/// Something that both sides changed to different ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// As in a [`super::diff::Change`]; for a group its name in place of a field's, for a whole
    /// record nothing.
    pub path: String,
    pub label: String,
    pub kind: ConflictKind,
    /// The three values: of a field or group an object of its fields, else the part or record, `Null`
    /// where there is none.
    pub base: Value,
    pub ours: Value,
    pub theirs: Value,
    /// The same, field by field as people look at it: those that differ between ours and theirs.
    pub fields: Vec<Clashing>,
    /// Ours may be chosen: always, unless its values are hidden from who looks at it.
    pub may_keep: bool,
    /// Theirs may be chosen.
    pub may_take: bool,
    /// Another value may be typed.
    pub may_type: bool,
    /// What stands against it, if the values do not say it all.
    pub why: String,
}

/// A field in a conflict, or a part that one side deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Clashing {
    pub path: String,
    pub label: String,
    pub base: Value,
    pub ours: Value,
    pub theirs: Value,
    pub ty: Ty,
}

/// Which value holds where both sides changed it.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    Ours,
    Theirs,
    /// Fields with what they are to be; the rest of a group is as on our side.
    Value(Value),
}

/// A decision on a conflict. It holds as long as the three values are those it was made on; when one
/// of them changes, that conflict alone is open again.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    pub path: String,
    /// The conflict's [`Conflict::print`].
    pub print: [Hash; 3],
    pub choice: Choice,
}

/// What was settled without asking and is worth a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Both moved a part: the smaller position holds.
    Moved { path: String },
    /// Both changed a long text in places apart from each other.
    Texts { path: String },
    /// A price was kept though the list it came from has changed.
    InputMoved { path: String },
    /// A record goes whose number is given to no other one.
    NumberStays { path: String },
    /// Theirs changed a field that no record has since an upgrade.
    FieldGone { path: String, label: &'static str },
}

impl Notice {
    /// In a word, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Moved { .. } => "moved",
            Self::Texts { .. } => "texts",
            Self::InputMoved { .. } => "inputs-moved",
            Self::NumberStays { .. } => "number-stays",
            Self::FieldGone { .. } => "field-gone",
        }
    }
    /// Where in the record.
    pub fn path(&self) -> &str {
        match self {
            Self::Moved { path }
            | Self::Texts { path }
            | Self::InputMoved { path }
            | Self::NumberStays { path }
            | Self::FieldGone { path, .. } => path,
        }
    }
}

impl Conflict {
    /// About one thing, with all choices open.
    pub fn of(kind: ConflictKind, one: Clashing) -> Self {
        Self {
            path: one.path.clone(),
            label: one.label.clone(),
            kind,
            base: one.base.clone(),
            ours: one.ours.clone(),
            theirs: one.theirs.clone(),
            fields: vec![one],
            may_keep: true,
            may_take: true,
            may_type: true,
            why: String::new(),
        }
    }
    /// About a change that may not come in: ours stays.
    pub fn refusing(change: &Change, (kind, why): (ConflictKind, String)) -> Self {
        let one = Clashing {
            path: change.path.clone(),
            label: change.label.clone(),
            base: change.before.clone(),
            ours: change.before.clone(),
            theirs: change.after.clone(),
            ty: change.ty,
        };
        Self { may_take: false, may_type: false, why, ..Self::of(kind, one) }
    }
    /// The hashes of its three values, by which a decision knows what it was made on.
    pub fn print(&self) -> [Hash; 3] {
        [&self.base, &self.ours, &self.theirs].map(|v| body_hash(&v.to_string()))
    }
    /// Whether a decision is one of those that it leaves open.
    pub fn allows(&self, choice: &Choice) -> bool {
        match choice {
            Choice::Ours => self.may_keep,
            Choice::Theirs => self.may_take,
            Choice::Value(_) => self.may_type,
        }
    }
    /// This decision for it.
    pub fn resolved(&self, choice: Choice) -> Resolution {
        Resolution { path: self.path.clone(), print: self.print(), choice }
    }
    /// The decision that was taken on it as it is.
    pub fn decided<'r>(&self, resolutions: &'r [Resolution]) -> Option<&'r Choice> {
        let mut here = resolutions.iter().filter(|r| r.path == self.path);
        let known = here.find(|r| r.print == self.print())?;
        self.allows(&known.choice).then_some(&known.choice)
    }
}
