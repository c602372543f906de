//! certless: a certificate-free city in one program.
//!
//! Layers, lowest first; imports point down only: [`base`], [`crypto`], [`tlog`] and [`did`], [`vc`], [`wire`],
//! [`domain`], [`adapters`], [`http`], [`ui`], [`app`], [`cli`]. Each layer's front page says what it is and in which
//! order to read its files.

pub mod base;
pub mod crypto;
pub mod tlog;
pub mod did;
pub mod vc;
pub mod wire;
pub mod domain;
pub mod adapters;
pub mod http;
pub mod ui;
pub mod app;
pub mod cli;
