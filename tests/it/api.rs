//! The machine interfaces through HTTP, one file per resource.

mod vc_api;
