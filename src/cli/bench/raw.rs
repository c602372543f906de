//! The limits: one strict verification, one signature.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::Figure;
use super::machine::cpu_seconds;
use crate::crypto::{PublicKey, Signer as _, SigningKey};

const SEED: [u8; 32] = [1; 32];
const MESSAGE: [u8; 64] = [7; 64];

/// CPU seconds of one raw operation each.
pub(super) struct Raw {
    pub verify: f64,
    pub sign: f64,
}

/// Measures on this thread alone.
pub(super) fn measure(span: Duration) -> Raw {
    let key = SigningKey::ed25519(&SEED);
    let sign = per_call(span, || {
        let _ = black_box(key.sign(black_box(&MESSAGE)));
    });
    Raw { verify: verification(span), sign }
}

/// CPU seconds of one strict verification, on this thread alone.
pub(super) fn verification(span: Duration) -> f64 {
    let key = SigningKey::ed25519(&SEED);
    let signature = key.sign(&MESSAGE);
    let PublicKey::Ed25519(public) = key.public_key() else { return 0.0 };
    per_call(span, || {
        let _ = black_box(public.verify_by_library(black_box(&MESSAGE), &signature));
    })
}

/// CPU seconds of one call, over as many calls as fit into the span.
pub(super) fn per_call(span: Duration, mut call: impl FnMut()) -> f64 {
    for _ in 0..64 {
        call();
    }
    let (start, begun) = (Instant::now(), cpu_seconds(""));
    let mut calls = 0_u32;
    while start.elapsed() < span {
        for _ in 0..64 {
            call();
        }
        calls = calls.saturating_add(64);
    }
    (cpu_seconds("") - begun) / f64::from(calls.max(1))
}

impl Raw {
    pub(super) fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::plain("raw limit: one strict Ed25519 verification", format!("{:.1} µs", self.verify * 1e6)),
            Figure::plain("raw limit: one Ed25519 signature", format!("{:.1} µs", self.sign * 1e6)),
        ]
    }
}
