//! A city on the test's clock whose operator changes its keys.

use std::sync::Arc;

use certless::base::clock::FixedClock;
use certless::base::json::{Value, json};
use certless::domain::token::Role;

use super::city::TestCity;
use super::roles::now;

/// The city, its clock and its operator.
pub(crate) struct Operated {
    /// The city.
    pub(crate) city: TestCity,
    /// The clock.
    pub(crate) clock: FixedClock,
    /// The operator's bearer token.
    pub(crate) operator: String,
}

impl Operated {
    /// A new one.
    pub(crate) fn new() -> Self {
        let clock = FixedClock::new(now());
        let city = TestCity::on_clock(Arc::new(clock.clone()));
        let operator = city.service.city.new_token(Role::Operator, "test operator").unwrap();
        Self { city, clock, operator }
    }

    /// The operator does something with the keys of an agency, `GA`, or with one of the city's own, `city/log`.
    pub(crate) fn operate(&self, whose: &str, act: &str, body: &Value) -> (u16, Value) {
        self.city.post_as(Some(&self.operator), &format!("/api/keys/{whose}/{act}"), body)
    }

    /// Puts a new key into use: what is told of it.
    pub(crate) fn rotate(&self, whose: &str) -> Value {
        let (status, answer) = self.operate(whose, "rotate", &json!({}));
        assert_eq!(status, 200, "{answer}");
        answer
    }
}
