//! certless: a certificate-free city in one program.
//!
//! Layers, lowest first; imports point down only: [`base`], [`crypto`], [`tlog`] and [`did`], [`vc`], [`wire`],
//! [`domain`], [`adapters`], [`http`], [`ui`], [`app`], [`cli`]. Each layer's front page says what it is and in which
//! order to read its files. The design is told in the [`manual`].

pub mod adapters;
pub mod app;
pub mod base;
pub mod cli;
pub mod crypto;
pub mod did;
pub mod domain;
pub mod http;
pub mod manual;
pub mod tlog;
pub mod ui;
pub mod vc;
pub mod wire;
