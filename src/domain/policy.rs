//! Who may do what, as one table.
use crate::vocabulary;

vocabulary! {
    /// What a member is in a company.
    Role {
        Viewer = "viewer", "Viewer";
        Clerk = "clerk", "Clerk";
        Lead = "lead", "Lead";
        Warehouse = "warehouse", "Warehouse";
        Finance = "finance", "Finance";
        Admin = "admin", "Company admin";
    }
}

vocabulary! {
    /// What can be permitted.
    Act {
        ReadOrders = "order.read", "read orders";
        WriteOrders = "order.write", "create and edit drafts";
        ConfirmOrder = "order.confirm", "confirm orders";
        AmendOrder = "order.amend", "change confirmed orders";
        OverridePrice = "order.price_override", "change prices of confirmed orders";
        CancelOrder = "order.cancel", "cancel orders";
        CloseOrder = "order.close", "complete and reopen orders";
        ReadRecords = "record.read", "read customers and products";
        WriteRecords = "record.write", "edit customers and products";
        WriteSettings = "settings.write", "change settings and tax codes";
        ReadHistory = "history.read", "read the history";
        SeeCosts = "cost.read", "see cost prices";
        Export = "export.run", "export";
        ManageMembers = "member.manage", "manage members";
        ErasePerson = "person.erase", "erase personal data";
        OpenBranch = "branch.create", "open branches";
        ApproveBranch = "branch.approve", "approve branches";
        MergeBranch = "branch.merge", "merge branches";
    }
}

impl Act {
    /// Whether it changes records and nothing outside them: such a change can be proposed on a branch.
    pub fn edits_records(self) -> bool {
        use Act::{
            AmendOrder, CancelOrder, CloseOrder, ConfirmOrder, OverridePrice, WriteOrders,
            WriteRecords,
        };
        let order = matches!(self, WriteOrders | ConfirmOrder | AmendOrder | CancelOrder);
        order || matches!(self, CloseOrder | OverridePrice | WriteRecords)
    }

    /// Whether it changes nothing: what was can be looked at and not be changed.
    pub fn only_reads(self) -> bool {
        use Act::{Export, ReadHistory, ReadOrders, ReadRecords, SeeCosts};
        matches!(self, ReadOrders | ReadRecords | ReadHistory | SeeCosts | Export)
    }
}

/// Whether a role may do something in its company.
pub fn may(role: Role, act: Act) -> bool {
    use Role::{Admin, Clerk, Finance, Lead, Viewer, Warehouse};
    match act {
        Act::ReadOrders => true,
        Act::ReadRecords | Act::ReadHistory | Act::Export => {
            matches!(role, Viewer | Clerk | Lead | Finance | Admin)
                || (role == Warehouse && act == Act::ReadRecords)
        }
        Act::WriteOrders
        | Act::ConfirmOrder
        | Act::AmendOrder
        | Act::WriteRecords
        | Act::OpenBranch => matches!(role, Clerk | Lead | Admin),
        Act::OverridePrice
        | Act::CancelOrder
        | Act::CloseOrder
        | Act::ApproveBranch
        | Act::MergeBranch => matches!(role, Lead | Admin),
        Act::SeeCosts => matches!(role, Lead | Finance | Admin),
        Act::WriteSettings | Act::ManageMembers | Act::ErasePerson => role == Admin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_changes_nothing_and_an_admin_may_do_all() {
        let reads = [Act::ReadOrders, Act::ReadRecords, Act::ReadHistory, Act::Export];
        for act in Act::ALL {
            assert_eq!(may(Role::Viewer, *act), reads.contains(act), "{act}");
            assert!(may(Role::Admin, *act), "{act}");
        }
    }
}
