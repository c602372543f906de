//! The manual: why the program is as it is, in chapters; links between chapters and code are checked by rustdoc.
//!
//! 1. [`architecture`]: the layers and what each may know
//! 2. [`journey`]: the main job walked through the files
//! 3. [`specifications`]: what is implemented of which specification, and where it differs
//! 4. [`storage`]: what is kept, and when an answer holds
//! 5. [`decisions`]: questions that came up, with their answers
//! 6. [`security`]: what each key and each store lets an attacker do
//! 7. [`operating`]: running a city
//! 8. [`log`]: the transparency log, leaf by leaf, and how to verify it from outside

#[doc = include_str!("architecture.md")]
pub mod architecture {}

#[doc = include_str!("journey.md")]
pub mod journey {}

#[doc = include_str!("specifications.md")]
pub mod specifications {}

#[doc = include_str!("storage.md")]
pub mod storage {}

#[doc = include_str!("decisions.md")]
pub mod decisions {}

#[doc = include_str!("security.md")]
pub mod security {}

#[doc = include_str!("operating.md")]
pub mod operating {}

#[doc = include_str!("log.md")]
pub mod log {}
