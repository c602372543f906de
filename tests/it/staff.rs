//! The staff: signing in, sessions, locks, roles, second persons, accounts.

mod four_eyes;
mod locks;
mod managing;
mod roles;
mod sessions;
mod totp;
