//! The city: trust, issuing, status, presentations, matters and applications as plain synchronous decisions.
//!
//! [`ports`] says what the city needs from outside and [`change`] what it writes there.

pub mod calendar;
pub mod change;
pub mod ports;
