//! Why a commit was made.
use crate::{domain::order::Command, vocabulary};

vocabulary! {
    /// What made a commit; the label says what its author did to a record.
    Cause {
        Create = "create", "created this";
        Edit = "edit", "changed this";
        Deletion = "deletion", "deleted this";
        Restoration = "restoration", "restored this";
        Import = "import", "imported this";
        Confirmation = "confirmation", "confirmed the order";
        Completion = "completion", "completed the order";
        Reopening = "reopening", "reopened the order";
        Cancellation = "cancellation", "cancelled the order";
        Reinstatement = "reinstatement", "reinstated the order";
        Opening = "opening", "opened the branch";
        Batch = "batch", "changed many at once";
        Merge = "merge", "merged a branch";
        Sync = "sync", "brought the branch up to date";
        Undoing = "undoing", "took back what was brought in from main";
        Revert = "revert", "took back a change";
        Discarding = "discarding", "put the branch away";
        Naming = "naming", "gave a point of the history a name";
        Erasure = "erasure", "erased personal data";
        Members = "members", "changed the members";
        Settings = "settings", "changed the settings";
    }
}

impl From<Command> for Cause {
    fn from(command: Command) -> Self {
        match command {
            Command::Confirm => Self::Confirmation,
            Command::Complete => Self::Completion,
            Command::Reopen => Self::Reopening,
            Command::Cancel => Self::Cancellation,
            Command::Reinstate => Self::Reinstatement,
        }
    }
}
