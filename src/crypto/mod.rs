//! Keys, signatures, digests, derivation and sealing: the only layer that names an algorithm crate.
