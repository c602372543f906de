//! Whole stories through the public interface, one file a story; what is acted is in `support/roles.rs`.

mod abroad;
mod applications;
mod archive;
mod archive_abroad;
mod holders;
mod identify;
mod keys;
mod licences;
mod main_job;
mod offers;
mod presentations;
mod ratings;
mod refusals;
mod refused_answers;
mod requests;
mod rotation;
mod spoken;
mod uses;
mod window_offers;
