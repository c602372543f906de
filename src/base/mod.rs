//! Values without input or output: bytes, JSON, time, identifiers, text and codes.
