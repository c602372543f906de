//! COSE_Sign1 and COSE_Key (RFC 9052), as much as tokens of this program and status lists of others need.
//!
//! Algorithms: EdDSA with Ed25519 and ES256, read under their polymorphic numbers −8 and −7 and under the fully
//! specified −19 (Ed25519) and −9 (ESP256) of RFC 9864, written under −8 and −7, which every deployed library knows
//! (RFC 9864 section 4.4: deprecated, not prohibited). Only tagged (18) messages with an attached payload. Refused:
//! `alg` outside the protected header, a label in both headers, any `crit`ical header not in `KNOWN`.

use super::cbor::Cbor;
use crate::base::error::ParseError;
use crate::crypto::{Algorithm, BadSignature, KeyError, PublicKey, Signer, ed25519, p256};

/// The CBOR tag of COSE_Sign1 (RFC 9052 section 2).
const SIGN1_TAG: u64 = 18;
/// Header labels: `alg`, `crit`, `content type`, `kid` (RFC 9052 section 3.1), `typ` (RFC 9596).
const KNOWN: [i64; 5] = [ALG, CRIT, 3, KID, TYP];
const ALG: i64 = 1;
const CRIT: i64 = 2;
const KID: i64 = 4;
const TYP: i64 = 16;

/// What the protected header of a new message says beside the algorithm.
#[derive(Clone, Copy, Debug, Default)]
pub struct Header<'a> {
    /// `kid`: hints at the key.
    pub key_id: Option<&'a [u8]>,
    /// `typ`: the media type of the whole message.
    pub typ: Option<&'a str>,
}

/// A COSE_Sign1 message, read but not verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Sign1 {
    protected: Vec<u8>,
    algorithm: Algorithm,
    key_id: Option<Vec<u8>>,
    typ: Option<String>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl Sign1 {
    /// Signs a payload; `external` is authenticated beside it and not carried (RFC 9052 section 4.3).
    pub fn sign(header: Header<'_>, payload: &[u8], external: &[u8], signer: &dyn Signer) -> Vec<u8> {
        let mut entries = vec![(ALG.into(), identifier(signer.algorithm()).into())];
        entries.extend(header.key_id.map(|id| (KID.into(), id.into())));
        entries.extend(header.typ.map(|typ| (TYP.into(), typ.into())));
        let protected = Cbor::Map(entries).encode();
        let signature = signer.sign(&signed_bytes(&protected, external, payload));
        let parts = vec![protected[..].into(), Cbor::Map(Vec::new()), payload.into(), signature[..].into()];
        Cbor::Tag(SIGN1_TAG, Box::new(Cbor::Array(parts))).encode()
    }

    /// Reads a message; `cbor_malformed`, `cose_malformed`, `cose_algorithm` or `cose_critical` otherwise.
    pub fn decode(bytes: &[u8]) -> Result<Self, ParseError> {
        let Cbor::Tag(SIGN1_TAG, body) = Cbor::decode(bytes)? else { return Err(malformed("not a tagged COSE_Sign1")) };
        let Some(
            [Cbor::Bytes(protected), unprotected @ Cbor::Map(loose), Cbor::Bytes(payload), Cbor::Bytes(signature)],
        ) = body.as_array()
        else {
            return Err(malformed("not the four parts of a COSE_Sign1 with its payload"));
        };
        let header = if protected.is_empty() { Cbor::Map(Vec::new()) } else { Cbor::decode(protected)? };
        let Cbor::Map(firm) = &header else { return Err(malformed("the protected header is not a map")) };
        if loose.iter().any(|(label, _)| firm.iter().any(|(other, _)| other == label)) {
            return Err(malformed("a label in both headers"));
        }
        check_critical(&header, unprotected)?;
        let number = header.at(ALG).and_then(Cbor::as_int);
        let algorithm =
            number.and_then(algorithm).ok_or_else(|| ParseError::new("cose_algorithm", "alg is not an allowed one"))?;
        let key_id = match header.at(KID).or_else(|| unprotected.at(KID)) {
            Some(Cbor::Bytes(id)) => Some(id.clone()),
            Some(_) => return Err(malformed("kid is not a byte string")),
            None => None,
        };
        if signature.len() != 64 {
            return Err(malformed("the signature is not 64 bytes long"));
        }
        let typ = header.at(TYP).and_then(Cbor::as_text).map(str::to_owned);
        let (protected, payload, signature) = (protected.clone(), payload.clone(), signature.clone());
        Ok(Self { protected, algorithm, key_id, typ, payload, signature })
    }

    /// The algorithm that the protected header names.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid`, of either header.
    pub fn key_id(&self) -> Option<&[u8]> {
        self.key_id.as_deref()
    }

    /// `typ` of the protected header, if it is a text.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The payload, to be believed after [`verify`](Self::verify) only.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Verifies the signature; a key of another algorithm than the header names does not verify.
    pub fn verify(&self, key: &PublicKey, external: &[u8]) -> Result<(), BadSignature> {
        if key.algorithm() != self.algorithm {
            return Err(BadSignature);
        }
        key.verify(&signed_bytes(&self.protected, external, &self.payload), &self.signature)
    }
}

/// The Sig_structure of RFC 9052 section 4.4.
fn signed_bytes(protected: &[u8], external: &[u8], payload: &[u8]) -> Vec<u8> {
    Cbor::Array(vec!["Signature1".into(), protected.into(), external.into(), payload.into()]).encode()
}

fn malformed(detail: &'static str) -> ParseError {
    ParseError::new("cose_malformed", detail)
}

fn check_critical(header: &Cbor, unprotected: &Cbor) -> Result<(), ParseError> {
    if unprotected.at(CRIT).is_some() {
        return Err(malformed("crit outside the protected header"));
    }
    let Some(critical) = header.at(CRIT) else { return Ok(()) };
    let labels = critical
        .as_array()
        .filter(|labels| !labels.is_empty())
        .ok_or_else(|| malformed("crit is not a list of labels"))?;
    let known =
        |label: &Cbor| label.as_int().is_some_and(|number| KNOWN.contains(&number) && header.at(number).is_some());
    if labels.iter().all(known) {
        Ok(())
    } else {
        Err(ParseError::new("cose_critical", "a critical header is not understood"))
    }
}

const fn identifier(algorithm: Algorithm) -> i64 {
    match algorithm {
        Algorithm::EdDsa => -8,
        Algorithm::Es256 => -7,
    }
}

const fn algorithm(identifier: i64) -> Option<Algorithm> {
    match identifier {
        -8 | -19 => Some(Algorithm::EdDsa),
        -7 | -9 => Some(Algorithm::Es256),
        _ => None,
    }
}

/// The COSE_Key of a public key: OKP with Ed25519, or EC2 with P-256 and a compressed point (RFC 9053 section 7).
pub fn key_to_cose(key: &PublicKey) -> Cbor {
    let members = match key {
        PublicKey::Ed25519(key) => vec![(1, 1.into()), (-1, 6.into()), (-2, key.as_bytes()[..].into())],
        PublicKey::P256(key) => {
            let point = key.to_compressed();
            let (sign, x) = point.split_first().map_or((&2, &[][..]), |parts| parts);
            vec![(1, 2.into()), (-1, 1.into()), (-2, x.into()), (-3, Cbor::Bool(*sign == 3))]
        }
    };
    Cbor::Map(members.into_iter().map(|(label, value): (i64, Cbor)| (label.into(), value)).collect())
}

/// Reads a public COSE_Key; a private one (label −4) is refused.
pub fn key_from_cose(key: &Cbor) -> Result<PublicKey, KeyError> {
    let number = |label: i64| key.at(label).and_then(Cbor::as_int);
    let coordinate = |label: i64| {
        let bytes = key.at(label).and_then(Cbor::as_bytes).filter(|bytes| bytes.len() == 32);
        bytes.ok_or(KeyError::Malformed("coordinate"))
    };
    if key.at(-4).is_some() {
        return Err(KeyError::Malformed("a private key where a public one is expected"));
    }
    match (number(1), number(-1)) {
        (Some(1), Some(6)) => ed25519::PublicKey::from_bytes(coordinate(-2)?).map(PublicKey::Ed25519),
        (Some(2), Some(1)) => {
            let x = coordinate(-2)?;
            let point = match key.at(-3) {
                Some(Cbor::Bool(sign)) => [&[if *sign { 3 } else { 2 }][..], x].concat(),
                _ => [&[4][..], x, coordinate(-3)?].concat(),
            };
            p256::PublicKey::from_sec1(&point).map(PublicKey::P256)
        }
        _ => Err(KeyError::Unsupported),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bytes::from_hex;
    use crate::crypto::SigningKey;

    fn keys() -> [SigningKey; 2] {
        [SigningKey::ed25519(&[1; 32]), SigningKey::p256(&[2; 32]).unwrap()]
    }

    /// A message with these header maps, signed over what it carries.
    fn forged(protected: &Cbor, unprotected: Cbor, signer: &SigningKey) -> Vec<u8> {
        let protected = protected.encode();
        let signature = signer.sign(&signed_bytes(&protected, b"", b"x"));
        let parts = vec![protected[..].into(), unprotected, b"x"[..].into(), signature[..].into()];
        Cbor::Tag(18, Box::new(Cbor::Array(parts))).encode()
    }

    fn header(entries: &[(i64, Cbor)]) -> Cbor {
        Cbor::Map(entries.iter().map(|(label, value)| ((*label).into(), value.clone())).collect())
    }

    #[test]
    fn a_message_verifies_with_its_key_and_its_external_data_only() {
        for signer in keys() {
            let header = Header { key_id: Some(b"k1"), typ: Some("application/x") };
            let bytes = Sign1::sign(header, b"payload", b"aad", &signer);
            let message = Sign1::decode(&bytes).unwrap();
            assert_eq!(
                (message.key_id(), message.typ(), message.payload()),
                (Some(&b"k1"[..]), Some("application/x"), &b"payload"[..])
            );
            assert_eq!(message.verify(signer.public_key(), b"aad"), Ok(()));
            assert_eq!(message.verify(signer.public_key(), b""), Err(BadSignature));
            for other in keys().iter().filter(|other| other.algorithm() != signer.algorithm()) {
                assert_eq!(message.verify(other.public_key(), b"aad"), Err(BadSignature));
            }
        }
    }

    #[test]
    fn one_changed_bit_anywhere_does_not_verify() {
        let [signer, _] = keys();
        let bytes = Sign1::sign(Header { key_id: Some(b"k1"), typ: None }, b"payload", b"", &signer);
        for at in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[at / 8] ^= 1 << (at % 8);
            let verified = Sign1::decode(&changed).map(|message| message.verify(signer.public_key(), b""));
            assert_ne!(verified, Ok(Ok(())), "bit {at}");
        }
    }

    #[test]
    fn both_spellings_of_an_algorithm_are_read() {
        for (signer, numbers) in keys().iter().zip([[-8, -19], [-7, -9]]) {
            for number in numbers {
                let message = Sign1::decode(&forged(&header(&[(1, number.into())]), header(&[]), signer)).unwrap();
                assert_eq!(message.verify(signer.public_key(), b""), Ok(()), "{number}");
            }
        }
    }

    #[test]
    fn other_algorithms_and_unknown_critical_headers_are_refused() {
        let [signer, _] = keys();
        let code = |firm: &[(i64, Cbor)], loose: &[(i64, Cbor)]| {
            Sign1::decode(&forged(&header(firm), header(loose), &signer)).map(drop).map_err(|error| error.code)
        };
        assert_eq!(code(&[(1, (-8).into())], &[(4, b"k"[..].into())]), Ok(()));
        for number in [-35, -36, 5, -257, 0] {
            assert_eq!(code(&[(1, number.into())], &[]), Err("cose_algorithm"), "{number}");
        }
        assert_eq!(code(&[], &[(1, (-8).into())]), Err("cose_algorithm"), "alg must be protected");
        assert_eq!(code(&[(1, "EdDSA".into())], &[]), Err("cose_algorithm"));
        assert_eq!(code(&[(1, (-8).into()), (4, b"k"[..].into())], &[(4, b"l"[..].into())]), Err("cose_malformed"));
        let crit = |labels: Vec<Cbor>| (2, Cbor::Array(labels));
        assert_eq!(code(&[(1, (-8).into()), crit(vec![99.into()]), (99, 1.into())], &[]), Err("cose_critical"));
        assert_eq!(code(&[(1, (-8).into()), crit(vec![16.into()])], &[]), Err("cose_critical"), "named but absent");
        assert_eq!(code(&[(1, (-8).into()), crit(vec![16.into()]), (16, "a/b".into())], &[]), Ok(()));
        assert_eq!(code(&[(1, (-8).into()), crit(vec![])], &[]), Err("cose_malformed"));
        assert_eq!(code(&[(1, (-8).into())], &[crit(vec![1.into()])]), Err("cose_malformed"));
    }

    #[test]
    fn untagged_detached_and_other_messages_are_refused() {
        for text in [
            "84",
            "d28443a10126a0f65840",
            "8443a10127a04178",
            "d18443a10105a04178",
            "d28443a10127a0417840",
            "d28343a10127a04178",
            "d83dd28443a10127a04178",
        ] {
            assert!(Sign1::decode(&from_hex(text).unwrap()).is_err(), "{text}");
        }
    }

    #[test]
    fn keys_round_trip_and_private_ones_are_refused() {
        for signer in keys() {
            let key = key_to_cose(signer.public_key());
            assert_eq!(&key_from_cose(&key).unwrap(), signer.public_key());
            let Cbor::Map(mut entries) = key else { panic!("a map") };
            entries.push(((-4).into(), [1; 32][..].into()));
            assert!(matches!(key_from_cose(&Cbor::Map(entries)), Err(KeyError::Malformed(_))));
        }
        let [_, signer] = keys();
        let PublicKey::P256(point) = signer.public_key() else { panic!("P-256") };
        let (x, y) = point.coordinates();
        let full = header(&[(1, 2.into()), (-1, 1.into()), (-2, x[..].into()), (-3, y[..].into())]);
        assert_eq!(&key_from_cose(&full).unwrap(), signer.public_key());
        assert_eq!(key_from_cose(&header(&[(1, 4.into()), (-1, 6.into())])), Err(KeyError::Unsupported));
    }
}
