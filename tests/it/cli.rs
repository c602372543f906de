//! The program as people run it: the real binary, its exit codes, what it prints and what it writes.

mod account;
mod city;
mod cut;
mod issue;
mod keys;
pub(crate) mod run;
mod status;
mod trust;
mod witness;
