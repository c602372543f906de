//! The staff: signing in, sessions, locks, roles, second persons, accounts.

mod locks;
mod managing;
mod roles;
mod sessions;
mod totp;
