//! The limits: one strict verification, one signature.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::Figure;
use super::machine::cpu_seconds;
use crate::crypto::{PublicKey, Signer as _, SigningKey};

/// CPU seconds of one raw operation each.
pub(super) struct Raw {
    pub verify: f64,
    pub sign: f64,
}

/// Measures on this thread alone.
pub(super) fn measure(span: Duration) -> Raw {
    let key = SigningKey::ed25519(&[1; 32]);
    let message = [7_u8; 64];
    let signature = key.sign(&message);
    let PublicKey::Ed25519(public) = key.public_key() else { return Raw { verify: 0.0, sign: 0.0 } };
    let verify = per_call(span, || {
        let _ = black_box(public.verify_by_library(black_box(&message), &signature));
    });
    let sign = per_call(span, || {
        let _ = black_box(key.sign(black_box(&message)));
    });
    Raw { verify, sign }
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
