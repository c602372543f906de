//! IETF Token Status List: the published test vectors of its appendix, and the examples in its text.

use certless::base::bytes::from_hex;
use certless::base::json::{Limits, json, parse_object};
use certless::base::time::{Timestamp, from_unix};
use certless::crypto::{PublicKey, Signer, SigningKey};
use certless::vc::cbor::Cbor;
use certless::vc::finding::{Check, Code, Finding, State};
use certless::vc::keys::{Keys, Purpose, ResolvedKey};
use certless::vc::status::token::{StatusList, StatusReference, Token, reference_from_cbor, reference_to_cbor};
use certless::vc::status::{Bits, SLOTS, Status};

use crate::support::vectors;

/// Knows one key, under one name.
struct One(&'static str, PublicKey);

impl Keys for One {
    fn resolve(&self, method: &str, purpose: Purpose, _: Timestamp) -> Result<ResolvedKey, Finding> {
        assert_eq!(purpose, Purpose::AssertionMethod);
        if method == self.0 {
            return Ok(ResolvedKey { key: self.1.clone(), controller: "https://example.com".to_owned() });
        }
        Err(Finding::error(Check::Trust, Code::KeyUnknown, method.to_owned()))
    }
}

/// The public half of the key that the draft signs its examples with.
fn example_key() -> PublicKey {
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": "I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo",
        "y": "6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M",
    });
    PublicKey::from_jwk(jwk.as_object().unwrap()).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    from_unix(seconds).unwrap()
}

const EXAMPLE_URI: &str = "https://example.com/statuslists/1";
const EXAMPLE_STATUSES: [u8; 16] = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];

#[test]
fn every_published_vector_decodes_to_its_statuses() {
    let Some(vectors) = vectors::json("token-status-list.json") else { return };
    let vectors = vectors.as_array().unwrap();
    assert!(vectors.len() >= 6, "{} vectors", vectors.len());
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let list = StatusList::from_json(&json!({"bits": vector["bits"], "lst": vector["lst"]})).unwrap();
        assert!(list.len() >= vector["size"].as_u64().unwrap(), "{name}");
        let expected = vector["statuses"].as_object().unwrap();
        assert!(!expected.is_empty(), "{name}");
        for index in 0..list.len() {
            let status = expected.get(&index.to_string()).map_or(0, |status| status.as_u64().unwrap());
            assert_eq!(list.get(index).map(u64::from), Some(status), "{name} index {index}");
        }
        assert_eq!(list.get(list.len()), None, "{name}");
        assert_eq!(StatusList::from_json(&list.to_json()).unwrap(), list, "{name} written and read again");
        assert_eq!(StatusList::from_cbor(&list.to_cbor()).unwrap(), list, "{name} in CBOR");
    }
}

#[test]
fn the_example_arrays_are_packed_from_the_lowest_bit() {
    let one = StatusList::from_json(&json!({"bits": 1, "lst": "eNrbuRgAAhcBXQ"})).unwrap();
    assert_eq!(EXAMPLE_STATUSES, std::array::from_fn(|i| one.get(i as u64).unwrap()));
    let two = StatusList::from_json(&json!({"bits": 2, "lst": "eNo76fITAAPfAgc"})).unwrap();
    assert_eq!([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3], std::array::from_fn(|i| two.get(i as u64).unwrap()));
    for (hex, list) in [
        ("a2646269747301636c73744a78dadbb918000217015d", &one),
        ("a2646269747302636c73744b78da3be9f2130003df0207", &two),
    ] {
        let read = Cbor::decode(&from_hex(hex).unwrap()).unwrap();
        assert_eq!(&StatusList::from_cbor(&read).unwrap(), list);
    }
}

#[test]
fn the_example_jwt_verifies() {
    let text = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEyIiwidHlwIjoic3RhdHVzbGlzdCtqd3QifQ.e\
        yJleHAiOjIyOTE3MjAxNzAsImlhdCI6MTY4NjkyMDE3MCwiaXNzIjoiaHR0cHM6Ly9le\
        GFtcGxlLmNvbSIsInN0YXR1c19saXN0Ijp7ImJpdHMiOjEsImxzdCI6ImVOcmJ1UmdBQ\
        WhjQlhRIn0sInN1YiI6Imh0dHBzOi8vZXhhbXBsZS5jb20vc3RhdHVzbGlzdHMvMSIsI\
        nR0bCI6NDMyMDB9.2lKUUNG503R9htu4aHAYi7vjmr3sgApbfoDvPrl65N3URUO1EYqq\
        Ql45Jfzd-Av4QzlKa3oVALpLwOEUOq-U_g";
    let keys = One("https://example.com#12", example_key());
    let (token, key) = Token::from_jwt(text, &keys).unwrap();
    assert_eq!(key.controller, "https://example.com");
    assert_eq!((token.subject.as_str(), token.ttl), (EXAMPLE_URI, Some(43_200)));
    assert_eq!((token.issued_at, token.expires), (at(1_686_920_170), Some(at(2_291_720_170))));
    let status = |index| token.status(&StatusReference { uri: EXAMPLE_URI.to_owned(), index }, at(1_700_000_000));
    assert_eq!(EXAMPLE_STATUSES.map(Ok), std::array::from_fn(|i| status(i as u64)));
    // The draft prints the signature with padding, which JWS does not allow.
    assert_eq!(Token::from_jwt(&format!("{text}=="), &keys).unwrap_err().state, State::Error);
}

#[test]
fn the_example_cwt_verifies() {
    let hex = "d2845820a2012610781a6170706c69636174696f6e2f7374617475736c6973742b63\
        7774a1044231325850a502782168747470733a2f2f6578616d706c652e636f6d2f73\
        74617475736c697374732f31061a648c5bea041a8898dfea19fffe19a8c019fffda2\
        646269747301636c73744a78dadbb918000217015d584093fa4d01032b18c35e2fe1\
        101b77fd6cc9440022caa4694450c4e4e9feab4e99d1fa6d9772ce2bf3a12e0323de\
        d7c982c5e101a5e67f0cbc1e2b6f57ce99c279";
    let bytes = from_hex(hex).unwrap();
    let (token, _) = Token::from_cwt(&bytes, &One("12", example_key())).unwrap();
    assert_eq!((token.subject.as_str(), token.ttl), (EXAMPLE_URI, Some(43_200)));
    assert_eq!(token.list.get(13), Some(1));
    let tagged = [&[0xD8, 0x3D][..], &bytes].concat();
    let finding = Token::from_cwt(&tagged, &One("12", example_key())).unwrap_err();
    assert_eq!((finding.code, finding.state), (Code::StatusInvalid, State::Error), "the CWT tag must not be there");
}

#[test]
fn the_example_referenced_cwt_names_its_list() {
    let hex = "a502653132333435017368747470733a2f2f6578616d706c652e636f6d061a648c5bea041a8898dfea19ffffa16b737461747573\
        5f6c697374a26369647800637572697821 68747470733a2f2f6578616d706c652e636f6d2f7374617475736c697374732f31";
    let claims = Cbor::decode(&from_hex(&hex.replace(' ', "")).unwrap()).unwrap();
    let reference = reference_from_cbor(claims.at(65_535).unwrap()).unwrap();
    assert_eq!(reference, StatusReference { uri: EXAMPLE_URI.to_owned(), index: 0 });
    assert_eq!(reference_from_cbor(&reference_to_cbor(&reference)), Ok(reference));
    let other = Cbor::Map(vec![("identifier_list".into(), Cbor::Null)]);
    assert_eq!(reference_from_cbor(&other).unwrap_err().state, State::Error, "another mechanism is not decided");
    let negative = Cbor::Map(vec![(
        "status_list".into(),
        Cbor::Map(vec![("idx".into(), (-1).into()), ("uri".into(), "u:".into())]),
    )]);
    assert_eq!(reference_from_cbor(&negative).unwrap_err().state, State::Invalid);
}

fn token() -> Token {
    let bits = Bits::of([(5, Status::Revoked), (SLOTS - 1, Status::Suspended)]);
    Token {
        subject: "https://city.example/status/GA-0".to_owned(),
        issued_at: at(1_700_000_000),
        expires: Some(at(1_700_086_400)),
        ttl: Some(60),
        list: StatusList::of(&bits),
    }
}

const KID: &str = "did:web:city.example:agencies:GA#status";

fn both_algorithms() -> [SigningKey; 2] {
    [SigningKey::ed25519(&[1; 32]), SigningKey::p256(&[1; 32]).unwrap()]
}

#[test]
fn both_forms_round_trip_under_both_algorithms() {
    for signer in both_algorithms() {
        let keys = One(KID, signer.public_key().clone());
        assert_eq!(Token::from_jwt(&token().to_jwt(KID, &signer), &keys).unwrap().0, token());
        assert_eq!(Token::from_cwt(&token().to_cwt(KID, &signer), &keys).unwrap().0, token());
        let wrong = One(
            KID,
            both_algorithms()
                .map(|key| key.public_key().clone())
                .into_iter()
                .find(|key| key != signer.public_key())
                .unwrap(),
        );
        assert_eq!(Token::from_jwt(&token().to_jwt(KID, &signer), &wrong).unwrap_err().code, Code::StatusInvalid);
        assert_eq!(Token::from_cwt(&token().to_cwt(KID, &signer), &wrong).unwrap_err().code, Code::StatusInvalid);
        let stranger = One("did:web:elsewhere", signer.public_key().clone());
        let finding = Token::from_cwt(&token().to_cwt(KID, &signer), &stranger).unwrap_err();
        assert_eq!((finding.check, finding.code, finding.state), (Check::Status, Code::KeyUnknown, State::Error));
    }
}

#[test]
fn a_reference_gets_its_status_only_from_its_own_unexpired_list() {
    let token = token();
    let reference = |index| StatusReference { uri: token.subject.clone(), index };
    let now = at(1_700_000_100);
    assert_eq!([4, 5, u64::from(SLOTS) - 1].map(|index| token.status(&reference(index), now).unwrap()), [0, 1, 2]);
    let finding = token.status(&reference(u64::from(SLOTS)), now).unwrap_err();
    assert_eq!((finding.code, finding.state), (Code::StatusRange, State::Error));
    assert_eq!(token.status(&reference(u64::MAX), now).unwrap_err().code, Code::StatusRange);
    let other = StatusReference { uri: "https://city.example/status/GA-1".to_owned(), index: 4 };
    assert_eq!(token.status(&other, now).unwrap_err().code, Code::StatusInvalid);
    assert_eq!(token.status(&reference(4), at(1_700_086_399)), Ok(0));
    assert_eq!(token.status(&reference(4), at(1_700_086_400)).unwrap_err().code, Code::StatusStale);
}

#[test]
fn claims_that_break_a_must_decide_nothing() {
    let good = json!({"sub": "u:", "iat": 1, "exp": 2, "ttl": 1, "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}});
    let read = |claims: &serde_json::Value| Token::from_claims(claims.as_object().unwrap());
    assert!(read(&good).is_ok());
    for (name, wrong) in [
        ("sub", json!(null)),
        ("sub", json!(1)),
        ("iat", json!(null)),
        ("iat", json!("1")),
        ("exp", json!("2")),
        ("ttl", json!(0)),
        ("ttl", json!(-1)),
        ("status_list", json!(null)),
        ("status_list", json!({"bits": 3, "lst": "eNrbuRgAAhcBXQ"})),
        ("status_list", json!({"bits": 0, "lst": "eNrbuRgAAhcBXQ"})),
        ("status_list", json!({"bits": 256, "lst": "eNrbuRgAAhcBXQ"})),
        ("status_list", json!({"bits": 1, "lst": "eNrbuRgAAhcBXQ=="})),
        ("status_list", json!({"bits": 1, "lst": "AAAA"})),
        ("status_list", json!({"bits": 1})),
        ("status_list", json!({"bits": 1, "lst": "eNrbuRgAAhcBXQ", "aggregation_uri": 1})),
    ] {
        let mut claims = good.clone();
        claims[name] = wrong.clone();
        assert_eq!(read(&claims).unwrap_err().state, State::Error, "{name} {wrong}");
    }
}

#[test]
fn tokens_of_another_type_are_not_lists() {
    let signer = &both_algorithms()[0];
    let keys = One(KID, signer.public_key().clone());
    let good = token().to_jwt(KID, signer);
    let payload = good.split('.').nth(1).unwrap();
    let claims = certless::base::bytes::from_base64url(payload).unwrap();
    let claims = parse_object(&claims, &Limits::DEFAULT).unwrap();
    for typ in ["JWT", "dc+sd-jwt", "application/statuslist+jwt", ""] {
        let header = json!({"typ": typ, "kid": KID});
        let forged = certless::vc::jws::sign(header.as_object().unwrap(), &claims, signer);
        assert_eq!(Token::from_jwt(&forged, &keys).unwrap_err().state, State::Error, "{typ}");
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_lists_never_panic(bits in 0_u8..16, lst in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64), index in proptest::prelude::any::<u64>()) {
        let map = Cbor::Map(vec![("bits".into(), i64::from(bits).into()), ("lst".into(), lst[..].into())]);
        let _ = StatusList::from_cbor(&map).map(|list| list.get(index));
        let _ = Token::from_cwt(&lst, &One(KID, example_key()));
        let _ = StatusList::new(bits, lst).map(|list| list.get(index));
    }
}
