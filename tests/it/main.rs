//! The one test program: module lines only.

#![cfg(test)]

mod architecture;
mod supply_chain;
