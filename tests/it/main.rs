//! The one test program: module lines only.

#![cfg(test)]

mod api;
mod architecture;
mod browser;
mod cli;
mod companion;
mod conformance;
mod crash;
mod generated;
mod hostile;
mod interop;
mod journeys;
mod log;
mod pages;
mod readme;
mod staff;
mod status_lists;
mod store;
mod supply_chain;
mod support;
mod tls;
mod witness;
