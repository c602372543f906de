//! One running city: configuration, telemetry and wiring.
//!
//! Decides nothing; it puts the adapters under the domain and the pages on top. Read [`config`] and [`telemetry`],
//! [`open`] (keys, store and registry become a city), [`demo`], [`background`], [`tls`] and [`server`]; [`verifier`] verifies without a city.

pub mod background;
pub mod config;
pub mod demo;
pub mod load;
pub mod loopback;
pub mod open;
pub mod server;
pub mod telemetry;
pub mod tls;
pub mod verifier;
pub mod witnesses;
