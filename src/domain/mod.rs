//! The city: trust, issuing, status, presentations, matters and applications as plain synchronous decisions.
