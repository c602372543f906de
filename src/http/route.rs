//! One operation of the interface: its path, its handler and what the OpenAPI document says about it, in one value.
//!
//! The router and `/openapi.json` are both made from these, so that neither can have what the other lacks.

use axum::routing::MethodRouter;

use super::service::Shared;
use crate::base::text::Label;
use crate::domain::account::StaffRole;
use crate::domain::token::{Caller, Role};

/// Who may call an operation; [`guard`](super::guard) lets nobody else through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Anyone.
    Open,
    /// Anyone with a token or an account.
    Known,
    /// Anyone with an account, about the own session.
    Staff,
    /// An agency: its token, its clerks and approvers.
    Agency,
    /// The same, and those who watch all agencies.
    AgencyReading,
    /// The approvers of an agency; no machine.
    Approver,
    /// A window: its token and its clerks.
    Window,
    /// The same, and those who watch all windows.
    WindowReading,
    /// Those who answer objections: an agency's own, and supervisors for all.
    Answering,
    /// Those who watch all agencies and windows: supervisors and auditors.
    Watching,
    /// The auditor.
    Auditor,
    /// The operator: the operator's token and the administrators.
    Operator,
}

impl Access {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Open,
        Self::Known,
        Self::Staff,
        Self::Agency,
        Self::AgencyReading,
        Self::Approver,
        Self::Window,
        Self::WindowReading,
        Self::Answering,
        Self::Watching,
        Self::Auditor,
        Self::Operator,
    ];

    /// Whether a caller may.
    pub fn admits(self, caller: &Caller) -> bool {
        match self {
            Self::Open | Self::Known => true,
            Self::Staff => caller.person.is_some(),
            Self::Agency => matches!(caller.role, Role::Agency { .. }),
            Self::AgencyReading => matches!(caller.role, Role::Agency { .. }) || caller.watches(),
            Self::Approver => caller.staff_role() == Some(StaffRole::AgencyApprover),
            Self::Window => matches!(caller.role, Role::Window { .. }),
            Self::WindowReading => matches!(caller.role, Role::Window { .. }) || caller.watches(),
            Self::Answering => matches!(caller.role, Role::Agency { .. } | Role::Supervisor),
            Self::Watching => caller.watches(),
            Self::Auditor => caller.role == Role::Auditor,
            Self::Operator => caller.role == Role::Operator,
        }
    }

    /// Who that is, for those whom it is not.
    pub fn callers(self) -> Label {
        let (zh, en) = match self {
            Self::Open | Self::Known | Self::Staff => ("已登录的工作人员", "staff who are signed in"),
            Self::Agency => ("签发机关的令牌或工作人员", "an agency’s token or staff"),
            Self::AgencyReading => ("签发机关、督查员或审计员", "an agency, a supervisor or an auditor"),
            Self::Approver => ("签发机关的审批员", "an agency’s approver"),
            Self::Window => ("窗口的令牌或工作人员", "a window’s token or staff"),
            Self::WindowReading => ("窗口、督查员或审计员", "a window, a supervisor or an auditor"),
            Self::Answering => ("签发机关或督查员", "an agency or a supervisor"),
            Self::Watching => ("督查员或审计员", "a supervisor or an auditor"),
            Self::Auditor => ("审计员", "an auditor"),
            Self::Operator => ("运维令牌或管理员", "the operator’s token or an administrator"),
        };
        Label::new(zh, en)
    }

    /// Whether a bearer token can be enough.
    pub fn takes_tokens(self) -> bool {
        !matches!(self, Self::Open | Self::Staff | Self::Approver | Self::Watching | Self::Auditor)
    }
}

/// One operation.
pub struct Route {
    /// `get`, `post` or `delete`.
    pub method: &'static str,
    /// The path, parameters in braces.
    pub path: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Whether pages of other origins may call it; never where a cookie would count.
    pub any_origin: bool,
    /// Query parameters with one sentence each.
    pub query: &'static [(&'static str, &'static str)],
    /// Header fields that change what is done, with one sentence each.
    pub headers: &'static [(&'static str, &'static str)],
    /// Media types that the body may have, and the name of its schema among the components; empty for no body.
    pub body: &'static [(&'static str, &'static str)],
    /// Answers: status code, media type and one sentence.
    pub answers: &'static [(u16, &'static str, &'static str)],
    /// What serves it.
    pub handler: MethodRouter<Shared>,
}

/// JSON.
pub const JSON: &str = "application/json";
/// Problem documents.
pub const PROBLEM: &str = "application/problem+json";

impl Route {
    /// An open operation without body that answers JSON.
    pub fn get(path: &'static str, summary: &'static str, handler: MethodRouter<Shared>) -> Self {
        Self::new("get", path, summary, &[], handler)
    }

    /// An open operation with a JSON body of a named schema that answers JSON.
    pub fn post(
        path: &'static str,
        summary: &'static str,
        body: &'static [(&'static str, &'static str)],
        handler: MethodRouter<Shared>,
    ) -> Self {
        Self::new("post", path, summary, body, handler)
    }

    fn new(
        method: &'static str,
        path: &'static str,
        summary: &'static str,
        body: &'static [(&'static str, &'static str)],
        handler: MethodRouter<Shared>,
    ) -> Self {
        let answers = &[(200, JSON, "The answer.")];
        Self {
            method,
            path,
            summary,
            access: Access::Open,
            any_origin: false,
            query: &[],
            headers: &[],
            body,
            answers,
            handler,
        }
    }

    /// The same for some callers only.
    #[must_use]
    pub fn only(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// The same for pages of any origin.
    #[must_use]
    pub fn any_origin(mut self) -> Self {
        self.any_origin = true;
        self
    }

    /// The same with query parameters.
    #[must_use]
    pub fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }

    /// The same, where a repetition under the same `Idempotency-Key` does nothing more.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.headers = &[(
            "Idempotency-Key",
            "Makes asking twice harmless: the same key and body are answered as before, another body is a conflict.",
        )];
        self
    }

    /// The same with other answers.
    #[must_use]
    pub fn answers(mut self, answers: &'static [(u16, &'static str, &'static str)]) -> Self {
        self.answers = answers;
        self
    }
}
