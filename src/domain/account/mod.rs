//! Accounts of the staff: who works for the city, and what each may do.
//!
//! [`record`] is the stored form; [`desk`] bounds what anyone at the door may cost; [`lock`] counts wrong tries;
//! [`sign_in`] lets a person in and [`session`] keeps the person in; [`own`] is what a person changes about the own
//! account, [`manage`] what an administrator does. Residents have no account: their wallet's key is theirs.

pub mod desk;
pub mod lock;
pub mod manage;
pub mod own;
pub mod record;
pub mod session;
pub mod sign_in;

use serde::{Deserialize, Serialize};

use super::token::Role;
use crate::base::id::{AccountName, AgencyCode};
use crate::base::text::Label;

/// What a member of the staff may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StaffRole {
    /// 制证员: issues and changes the credentials of the agency.
    AgencyClerk,
    /// 审批员: what a clerk does, and decides as the second person about what others began.
    AgencyApprover,
    /// 窗口人员: takes, accepts and decides applications of any matter.
    WindowClerk,
    /// 督查员: looks at the work of every agency and window.
    Supervisor,
    /// 审计员: looks at the work and at the audit events.
    Auditor,
    /// 管理员: keys and accounts.
    Administrator,
}

impl StaffRole {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::AgencyClerk,
        Self::AgencyApprover,
        Self::WindowClerk,
        Self::Supervisor,
        Self::Auditor,
        Self::Administrator,
    ];

    /// The frozen name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AgencyClerk => "agencyClerk",
            Self::AgencyApprover => "agencyApprover",
            Self::WindowClerk => "windowClerk",
            Self::Supervisor => "supervisor",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// The word for people.
    pub fn label(self) -> Label {
        match self {
            Self::AgencyClerk => Label::new("制证员", "Agency clerk"),
            Self::AgencyApprover => Label::new("审批员", "Agency approver"),
            Self::WindowClerk => Label::new("窗口人员", "Window clerk"),
            Self::Supervisor => Label::new("督查员", "Supervisor"),
            Self::Auditor => Label::new("审计员", "Auditor"),
            Self::Administrator => Label::new("管理员", "Administrator"),
        }
    }

    /// Whether the role works for one agency.
    pub fn needs_agency(self) -> bool {
        matches!(self, Self::AgencyClerk | Self::AgencyApprover | Self::WindowClerk)
    }

    /// What a caller of this role may do; `None` for a role without the agency it needs.
    pub fn as_caller(self, agency: Option<&AgencyCode>) -> Option<Role> {
        Some(match self {
            Self::AgencyClerk | Self::AgencyApprover => Role::Agency { agency: agency?.clone() },
            Self::WindowClerk => Role::Window { agency: agency?.clone() },
            Self::Supervisor => Role::Supervisor,
            Self::Auditor => Role::Auditor,
            Self::Administrator => Role::Operator,
        })
    }
}

/// The person behind a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub account: AccountName,
    /// The person's name.
    pub name: String,
    /// What the account may do.
    pub role: StaffRole,
    /// Whether a password that others know must be changed before anything else.
    pub must_change: bool,
}

/// Who did something, as records name it: never a person's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Author {
    /// A person, by account.
    Account(AccountName),
    /// A machine, by its token's label.
    Token(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_name_and_only_some_have_an_agency() {
        let agency = AgencyCode::parse("GA").unwrap();
        for role in StaffRole::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
            assert_eq!(role.as_caller(None).is_none(), role.needs_agency(), "{role:?}");
            assert!(role.as_caller(Some(&agency)).is_some());
        }
    }
}
