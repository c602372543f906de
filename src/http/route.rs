//! One operation of the interface: its path, its handler and what the OpenAPI document says about it, in one value.
//!
//! The router and `/openapi.json` are both made from these, so that neither can have what the other lacks.

use axum::routing::MethodRouter;

use super::service::Shared;

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Open,
    /// An agency's bearer token.
    Agency,
    /// A window's bearer token.
    Window,
    /// The operator's bearer token.
    Operator,
}

/// One operation.
pub struct Route {
    /// `get` or `post`.
    pub method: &'static str,
    /// The path, parameters in braces.
    pub path: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Query parameters with one sentence each.
    pub query: &'static [(&'static str, &'static str)],
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
        let answers = &[(200, JSON, "The answer.")];
        Self { method: "get", path, summary, access: Access::Open, query: &[], body: &[], answers, handler }
    }

    /// An open operation with a JSON body of a named schema that answers JSON.
    pub fn post(
        path: &'static str,
        summary: &'static str,
        body: &'static [(&'static str, &'static str)],
        handler: MethodRouter<Shared>,
    ) -> Self {
        let answers = &[(200, JSON, "The answer.")];
        Self { method: "post", path, summary, access: Access::Open, query: &[], body, answers, handler }
    }

    /// The same for callers with a token.
    #[must_use]
    pub fn only(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// The same with query parameters.
    #[must_use]
    pub fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }

    /// The same with other answers.
    #[must_use]
    pub fn answers(mut self, answers: &'static [(u16, &'static str, &'static str)]) -> Self {
        self.answers = answers;
        self
    }
}
