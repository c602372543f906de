//! One running city: configuration, telemetry and wiring.
//!
//! Decides nothing; it puts the adapters under the domain and the pages on top. Read [`config`] and [`telemetry`].

pub mod config;
pub mod telemetry;
