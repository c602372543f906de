//! Showing: the holder's signature over the credential, the time and what the verifier asked for.

use super::parse::Credential;
use super::{MAX_BYTES, PREFIX, SHOWN_CONTEXT};
use crate::base::bytes::base45;
use crate::base::time::Timestamp;
use crate::crypto::Signer;
use crate::vc::cbor::Cbor;
use crate::vc::cose::{Header, Sign1};
use crate::vc::finding::{Check, Code, Finding};

/// When and for whom a credential is shown.
#[derive(Clone, Copy, Debug)]
pub struct Showing<'a> {
    /// The time by the holder's clock.
    pub time: Timestamp,
    /// The verifier it is meant for.
    pub audience: Option<&'a str>,
    /// What the verifier asked to be signed.
    pub nonce: Option<&'a str>,
}

/// Wraps a credential for showing; `binding_invalid` when it is not bound to this key, `too_large` beyond [`MAX_BYTES`].
pub fn show(credential: &[u8], showing: &Showing<'_>, holder: &dyn Signer) -> Result<Vec<u8>, Finding> {
    let read = Credential::decode(credential)?;
    if read.holder.as_ref() != Some(holder.public_key()) {
        return Err(Finding::invalid(Check::Binding, Code::BindingInvalid, "the credential is not bound to this key"));
    }
    let mut payload = vec![Cbor::from(credential), showing.time.as_second().into()];
    if showing.audience.is_some() || showing.nonce.is_some() {
        payload.push(showing.audience.map_or(Cbor::Null, Cbor::from));
    }
    payload.extend(showing.nonce.map(Cbor::from));
    let bytes = Sign1::sign(Header::default(), &Cbor::Array(payload).encode(), SHOWN_CONTEXT, holder);
    if bytes.len() > MAX_BYTES {
        let detail = format!("the code takes {} bytes, at most {MAX_BYTES}", bytes.len());
        return Err(Finding::invalid(Check::Parse, Code::TooLarge, detail));
    }
    Ok(bytes)
}

/// The text of a code: of a shown credential, or of a bare one that is printed.
pub fn to_text(bytes: &[u8]) -> String {
    format!("{PREFIX}{}", base45(bytes))
}
