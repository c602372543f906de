//! The transparency log as algorithms only (RFC 6962 hashing, C2SP tiles).
