//! The machine interfaces through HTTP, one file per resource; `every` asks each operation the same questions.

mod applications;
mod credentials;
mod documents;
mod every;
mod matters;
mod origins;
mod types;
mod vc_api;
mod verify;
