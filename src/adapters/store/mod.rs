//! The store, kept in memory, by sled, or as lines of JSON.
//!
//! Every adapter keeps the same rows in the same [spaces](rows::Space) and decides with the same code: [`rows`] (what a
//! row looks like), [`batch`] (what a change writes), [`turns`] (what leases, the integrator and the sweep write),
//! [`reads`] (what questions read). An adapter adds only where rows lie and when they are durable: [`memory`] for tests,
//! [`sled`] for a city on one machine. [`export`], [`import`] and [`check`] work on the rows of either. Durability and its
//! reasons are told in the manual's page on storage.

pub mod batch;
pub mod check;
pub mod export;
pub mod import;
pub mod log_rows;
pub mod memory;
pub mod pack;
pub mod queue;
pub mod reads;
pub mod rows;
pub mod sled;
pub mod turns;

/// The version of the rows' layout. A store of an older one is read as it is and counts as one of this version from its
/// next start on; a store of a newer one is refused. 2: several leaves lie in one row.
pub const SCHEMA: u32 = 2;
