//! The city: trust, issuing, status, presentations, matters and applications as plain synchronous decisions.
//!
//! [`ports`] says what the city needs from outside and [`change`] what it writes there. [`agency`], [`matter`]
//! with [`matter_rules`], and [`calendar`] are what the city is made of before anyone comes; [`demo`] settles
//! a fictitious one.
//! with [`matter_rules`], [`catalogue`] (the credential types), and [`calendar`] are what the city is made of before anyone comes.

pub mod agency;
pub mod calendar;
pub mod catalogue;
pub mod change;
pub mod demo;
pub mod matter;
pub mod matter_rules;
pub mod ports;
