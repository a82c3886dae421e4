//! The life of an order as a table. Quoting, approval, shipping, invoicing and payment join here.
use crate::{
    domain::{field::Lock, policy::Act},
    vocabulary,
};

vocabulary! {
    /// The header state. What was shipped, invoiced or paid is told by facts, not by the state.
    State {
        Draft = "draft", "Draft";
        Confirmed = "confirmed", "Confirmed";
        Completed = "completed", "Completed";
        Cancelled = "cancelled", "Cancelled";
    }
}
vocabulary! {
    /// What moves an order from one state to another.
    Command {
        Confirm = "confirmation", "Confirm";
        Complete = "completion", "Complete";
        Reopen = "reopening", "Reopen";
        Cancel = "cancellation", "Cancel";
        Reinstate = "reinstatement", "Reinstate";
    }
}

/// Where a command leads, or what stands in its way and which command would help.
///
/// # Errors
/// A sentence for people.
pub fn next(state: State, command: Command) -> Result<State, String> {
    use Command::{Cancel, Complete, Confirm, Reinstate, Reopen};
    use State::{Cancelled, Completed, Confirmed, Draft};
    match (command, state) {
        (Confirm | Reopen, Confirmed) => Err("This order is confirmed already".into()),
        (Complete, Completed) => Err("This order is completed already".into()),
        (Cancel, Cancelled) => Err("This order is cancelled already".into()),
        (Confirm, Draft) | (Reopen, Completed) => Ok(Confirmed),
        (Complete, Confirmed) => Ok(Completed),
        (Cancel, Draft | Confirmed) => Ok(Cancelled),
        (Reinstate, Cancelled) => Ok(Draft),
        (Confirm | Complete | Reopen, Cancelled) => {
            Err("This order is cancelled: reinstate it first".into())
        }
        (Confirm | Cancel, Completed) => Err("This order is completed: reopen it first".into()),
        (Complete, Draft) => Err("This order is a draft: confirm it first".into()),
        (Reopen, Draft) => Err("A draft is open already".into()),
        (Reinstate, _) => Err("Only a cancelled order can be reinstated".into()),
    }
}

/// Whether one command leads from a state to another; both as stored words.
pub fn is_move(from: &str, to: &str) -> bool {
    let (Ok(from), Ok(to)) = (from.parse::<State>(), to.parse::<State>()) else { return false };
    from != to && Command::ALL.iter().any(|c| next(from, *c) == Ok(to))
}

/// The commands that a state allows, the most likely first.
pub fn commands(state: State) -> Vec<Command> {
    Command::ALL.iter().copied().filter(|c| next(state, *c).is_ok()).collect()
}

impl Command {
    /// The permission it needs.
    pub fn act(self) -> Act {
        match self {
            Self::Confirm => Act::ConfirmOrder,
            Self::Complete | Self::Reopen => Act::CloseOrder,
            Self::Cancel | Self::Reinstate => Act::CancelOrder,
        }
    }
    /// As told in the history: `Confirmed order …`.
    pub fn past(self) -> &'static str {
        match self {
            Self::Confirm => "Confirmed",
            Self::Complete => "Completed",
            Self::Reopen => "Reopened",
            Self::Cancel => "Cancelled",
            Self::Reinstate => "Reinstated",
        }
    }
}

impl State {
    /// Whether this state freezes a part of the order.
    pub fn freezes(self, lock: Lock) -> bool {
        match self {
            Self::Draft => false,
            Self::Confirmed => lock == Lock::Party,
            Self::Completed => matches!(lock, Lock::Party | Lock::Lines | Lock::Address),
            Self::Cancelled => lock != Lock::Free,
        }
    }
    /// What to do to change a frozen part.
    pub fn thaw(self) -> &'static str {
        match self {
            Self::Draft => "",
            Self::Confirmed => "A confirmed order keeps this: cancel it and make a new one",
            Self::Completed => "A completed order keeps this: reopen it first",
            Self::Cancelled => "A cancelled order keeps this: reinstate it first",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_is_either_a_move_or_says_why_not() {
        let pairs = State::ALL.iter().flat_map(|s| Command::ALL.iter().map(|c| (*s, *c)));
        let mut moves = 0;
        for (state, command) in pairs {
            match next(state, command) {
                Ok(to) => moves += i32::from(to != state),
                Err(why) => assert!(why.len() > 10, "{why}"),
            }
        }
        assert_eq!(moves, 6);
        assert_eq!(commands(State::Draft), [Command::Confirm, Command::Cancel]);
    }
}
