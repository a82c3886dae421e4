//! A branch: a private copy of the whole company at no cost, to be edited, reviewed and merged.
use super::{
    ids::UserId,
    text::{self, clean, forbidden},
    time::Ts,
};
use crate::vocabulary;

vocabulary! {
    /// Where a branch is in its life.
    BranchState {
        Open = "open", "Open";
        Merged = "merged", "Merged";
        Discarded = "discarded", "Put away";
    }
}
vocabulary! {
    /// Who sees a branch. The company's admins see every one, or nobody could tidy up.
    Visibility {
        Private = "private", "Only me and the people I name";
        Company = "company", "Everybody in the company";
    }
}

/// Days without a change after which people are told of it, and after which an open branch is put away.
pub const QUIET_DAYS: i64 = 30;
pub const STALE_DAYS: i64 = 180;

/// A branch as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its number within the company; main is 0.
    pub id: i64,
    /// Its name in URLs.
    pub slug: String,
    pub name: String,
    pub note: Option<String>,
    pub owner: Option<UserId>,
    pub visibility: Visibility,
    pub state: BranchState,
    /// The commit of main after which it shows what it did not change.
    pub base: i64,
    /// Its last commit.
    pub head: i64,
    pub opened_at: Ts,
    pub changed_at: Ts,
    /// The commit of main that merged it, and the plan that was agreed to.
    pub merged: Option<(i64, String)>,
    /// The commit before which the steps of its records are no more to be looked at.
    pub compacted: Option<i64>,
}

impl Branch {
    /// Whether a person opened it. One that the operator opened is nobody's.
    pub fn is_of(&self, person: Option<UserId>) -> bool {
        self.owner.is_some() && self.owner == person
    }
    /// For how many days nothing was changed in it; told of an open branch that may have been forgotten.
    pub fn quiet(&self, now: Ts) -> Option<i64> {
        let days = (now.micros() - self.changed_at.micros()) / DAY;
        (self.state == BranchState::Open && days >= QUIET_DAYS).then_some(days)
    }
    /// Whether what it was after a commit is still kept.
    pub fn keeps(&self, seq: i64) -> bool {
        self.compacted.is_none_or(|from| seq >= from)
    }
    /// Why it cannot be changed any more.
    pub fn closed(&self) -> Option<&'static str> {
        match self.state {
            BranchState::Open => None,
            BranchState::Merged => Some("This branch was merged. Open a new one to go on."),
            BranchState::Discarded => Some("This branch was put away. Reopen it to go on."),
        }
    }
}

const DAY: i64 = 86_400_000_000;

/// A branch's name as typed.
///
/// # Errors
/// A sentence for people.
pub fn parse_name(text: &str) -> Result<String, &'static str> {
    let name = clean(text, false);
    match name.chars().count() {
        0 => Err("Say in a few words what the branch is for"),
        1..=80 if !name.chars().any(forbidden) => Ok(name),
        _ => Err("Use at most 80 characters"),
    }
}

/// What a branch is for, as typed.
///
/// # Errors
/// A sentence for people.
pub fn parse_note(text: &str) -> Result<Option<String>, &'static str> {
    let note = clean(text, true);
    if note.chars().any(forbidden) {
        return Err("A character in it cannot be kept: type it again");
    }
    if note.chars().count() > 2000 {
        return Err("Use at most 2,000 characters");
    }
    Ok(Some(note).filter(|n| !n.is_empty()))
}

/// What somebody says about a branch.
///
/// # Errors
/// If it is empty, too long, or holds what no record may.
pub fn parse_comment(text: &str) -> Result<String, &'static str> {
    parse_note(text)?.ok_or("Write something first")
}

/// What a name becomes in a URL; `nth` tells those apart that would be the same.
pub fn slug_of(name: &str, nth: usize) -> String {
    let slug = match text::slug(name, "branch") {
        // main's own, and that of the page on which branches are opened
        word if ["main", "new"].contains(&word.as_str()) => format!("branch-{word}"),
        slug => slug,
    };
    if nth > 1 { format!("{slug}-{nth}") } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_slug() {
        assert_eq!(slug_of("Spring prices 2027", 1), "spring-prices-2027");
        assert_eq!(slug_of("Spring prices 2027", 2), "spring-prices-2027-2");
        assert_eq!(slug_of("Été — à Paris!", 1), "ete-a-paris");
        assert_eq!(slug_of("main", 1), "branch-main");
        assert_eq!(slug_of("New", 1), "branch-new");
        assert_eq!(slug_of("New", 2), "branch-new-2");
        assert_eq!(slug_of("2027", 1), "branch-2027");
        assert_eq!(slug_of("日本", 1), "branch");
        assert!(parse_name("  ").is_err());
        assert!(parse_name(&"x".repeat(81)).is_err());
    }
}
