//! The city: trust, issuing, status, presentations, matters and applications as plain synchronous decisions.
//!
//! [`ports`] says what the city needs from outside, [`change`] what it writes there and [`backup`] what is exported; [`city`] is one running city, on
//! which every use case is a function: load, decide, one commit, answer. Read [`agency`], [`catalogue`], [`matter`] with
//! [`matter_rules`], and [`calendar`] (what there is before anyone comes; [`demo`] makes a fictitious one), then [`trust`],
//! [`issuance`], [`offer`] (how a wallet receives), [`status`], [`register`], [`holder`] (credentials), [`presentation`],
//! [`request`], [`spoken`], [`application`] (the work at the window) and [`archive`] (what is left of it); [`log`] is what
//! others read of the log, [`log_audit`] how they verify it, [`log_publish`] what a start adds to it, [`companion`] a
//! document's proof from it, [`witness`] how cities watch each other's logs; [`record`], [`leaf`], [`counter`] and [`token`] are
//! what they share; [`account`] is who of the staff does it, [`pending`] what waits for a
//! second of them, [`audit`] what is remembered of it, [`usage`] what holders see of every use of their licences. [`wallet`] is the other side: what a holder
//! holds and shows, which the city never sees.

pub mod account;
pub mod agency;
pub mod application;
pub mod archive;
pub mod audit;
pub mod backup;
pub mod calendar;
pub mod catalogue;
pub mod change;
pub mod city;
pub mod companion;
pub mod conformance;
pub mod counter;
pub mod demo;
pub mod error;
pub mod holder;
pub mod issuance;
pub mod leaf;
pub mod log;
pub mod log_audit;
pub mod log_publish;
pub mod matter;
pub mod matter_rules;
pub mod offer;
pub mod pending;
pub mod ports;
pub mod presentation;
pub mod record;
pub mod register;
pub mod request;
pub mod spoken;
pub mod status;
pub mod token;
pub mod trust;
pub mod usage;
pub mod wallet;
pub mod witness;
