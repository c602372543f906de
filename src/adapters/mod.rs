//! The only layer that touches files, network and databases; each adapter fulfils a port or a plain need of `app`.
//!
//! It decides nothing about the city. Read [`keyring`] (seed files), [`fetch`] (what others publish) and [`client`] (a
//! server that a command names), [`log_files`] (a log as files, here or there), [`tls`] (a certificate authority of the city's own), then [`store`] (what the city keeps), and [`wallet_file`] (what a holder keeps).

pub mod client;
pub mod fetch;
pub mod keyring;
pub mod log_files;
pub mod store;
pub mod tls;
pub mod wallet_file;
