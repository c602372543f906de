//! Issuing: one view of a licence, signed by its agency.

use super::pack::pack;
use super::{CLAIM_LICENCE, CREDENTIAL_CONTEXT, IDENTIFIER_ROOT, MAX_BYTES, SHOWING_BYTES, values};
use crate::base::json::Map;
use crate::base::time::Timestamp;
use crate::crypto::{PublicKey, Signer};
use crate::vc::cbor::Cbor;
use crate::vc::cose::{Header, Sign1, key_to_cose};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::status::token::{CLAIM_STATUS, StatusReference, reference_to_cbor};

/// What a compact credential says.
#[derive(Clone, Debug)]
pub struct NewCredential<'a> {
    /// The agency's DID.
    pub issuer: &'a str,
    /// The fragment of the agency's verification method, without `#`.
    pub key_id: &'a str,
    /// The identifier of the licence (电子证照标识).
    pub id: &'a str,
    /// The code of its type, `idCard`.
    pub type_code: &'a str,
    /// The version of the type.
    pub version: u32,
    /// The name of the view.
    pub view: &'a str,
    /// Valid from.
    pub valid_from: Timestamp,
    /// Valid until; `None` for 长期.
    pub valid_until: Option<Timestamp>,
    /// The holder's key; without one the code can only be printed.
    pub holder: Option<&'a PublicKey>,
    /// Where its status is read.
    pub status: Option<&'a StatusReference>,
    /// The claims of the view: fields and predicates.
    pub claims: &'a Map,
    /// The fields of the type in its own order.
    pub fields: &'a [&'a str],
}

impl NewCredential<'_> {
    /// Signs the credential; `too_large` when it could not be shown in [`MAX_BYTES`].
    pub fn issue(&self, signer: &dyn Signer) -> Result<Vec<u8>, Finding> {
        let claims = Cbor::Map(self.claim_set()?).encode();
        let header = Header { key_id: Some(self.key_id.as_bytes()), typ: None };
        let bytes = Sign1::sign(header, &claims, CREDENTIAL_CONTEXT, signer);
        if bytes.len() + SHOWING_BYTES > MAX_BYTES {
            let detail =
                format!("view {} takes {} bytes, at most {}", self.view, bytes.len(), MAX_BYTES - SHOWING_BYTES);
            return Err(Finding::invalid(Check::Parse, Code::TooLarge, detail));
        }
        Ok(bytes)
    }

    fn claim_set(&self) -> Result<Vec<(Cbor, Cbor)>, Finding> {
        let licence = vec![
            self.type_code.into(),
            Cbor::Int(self.version.into()),
            self.view.into(),
            identifier(self.id),
            values::to_cbor(self.claims, self.fields)?,
        ];
        let claims = [
            (1, Some(self.issuer.into())),
            (4, self.valid_until.map(|time| time.as_second().into())),
            (5, Some(self.valid_from.as_second().into())),
            (8, self.holder.map(|key| Cbor::Map(vec![(1.into(), key_to_cose(key))]))),
            (CLAIM_STATUS, self.status.map(reference_to_cbor)),
            (CLAIM_LICENCE, Some(Cbor::Array(licence))),
        ];
        Ok(claims.into_iter().filter_map(|(key, value)| Some((Cbor::from(key), value?))).collect())
    }
}

/// The identifier packed without its root, or as text when it has another form.
fn identifier(id: &str) -> Cbor {
    id.strip_prefix(IDENTIFIER_ROOT).and_then(pack).map_or_else(|| id.into(), Cbor::Bytes)
}
