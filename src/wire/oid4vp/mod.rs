//! OpenID for Verifiable Presentations 1.0: what a verifier asks and a wallet answers.
//!
//! [`dcql`] is the query, [`request`] the request object and how it is invoked, [`response`] what the wallet posts. They
//! parse and print; what a query means for credentials is decided in the domain. Response type `vp_token` with the
//! response modes `direct_post` and `direct_post.jwt` only; no `scope`, no `transaction_data`, no Digital Credentials API.

pub mod dcql;
pub mod request;
pub mod response;
