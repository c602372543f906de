//! What we make is held against implementations that others wrote, and what they make against ours.
//!
//! The peers are npm packages in `tests/interop`; `tests/run` installs them. Without them these tests say so and pass.

mod data_integrity;
mod follow;
mod openid;
mod peer;
mod sd_jwt;
