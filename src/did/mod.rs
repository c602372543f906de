//! Decentralized identifiers: documents built and parsed, never fetched.
