//! Issue, show, read and verify; every way in which a code can be wrong.

use super::{Code, Credential, MAX_BYTES, NewCredential, SHOWING_BYTES, Showing, show, to_text};
use crate::base::json::{Map, Value, json};
use crate::base::time::{Timestamp, from_unix};
use crate::crypto::{Signer, SigningKey};
use crate::vc::finding::{Check, Code as FindingCode};
use crate::vc::status::token::StatusReference;

const FIELDS: [&str; 3] = ["name", "idNumber", "address"];

fn at(seconds: i64) -> Timestamp {
    from_unix(seconds).unwrap()
}

fn agency() -> SigningKey {
    SigningKey::ed25519(&[1; 32])
}

fn holders() -> [SigningKey; 2] {
    [SigningKey::ed25519(&[2; 32]), SigningKey::p256(&[3; 32]).unwrap()]
}

fn claims() -> Map {
    let Value::Object(claims) = json!({"name": "张三", "idNumber": "430112199003074016", "ageOver18": true}) else {
        panic!()
    };
    claims
}

fn with<T>(holder: Option<&SigningKey>, claims: &Map, then: impl FnOnce(NewCredential<'_>) -> T) -> T {
    let status = StatusReference { uri: "https://city.example/status/GA-0".to_owned(), index: 77 };
    then(NewCredential {
        issuer: "did:web:city.example:agencies:GA",
        key_id: "k1",
        id: "1.2.156.3005.2.11430112MB0DEM0176001.11430112MB0DEM0176.430112199003074016.001.X",
        type_code: "idCard",
        version: 1,
        view: "basic",
        valid_from: at(1_000),
        valid_until: Some(at(2_000)),
        holder: holder.map(Signer::public_key),
        status: Some(&status),
        claims,
        fields: &FIELDS,
    })
}

fn issued(holder: Option<&SigningKey>) -> Vec<u8> {
    with(holder, &claims(), |credential| credential.issue(&agency()).unwrap())
}

const PLAIN: Showing<'static> = Showing { time: Timestamp::UNIX_EPOCH, audience: None, nonce: None };

#[test]
fn a_shown_code_says_what_was_issued_and_both_signatures_verify() {
    for holder in holders() {
        let bytes = issued(Some(&holder));
        let showing = Showing { time: at(1_500), audience: Some("WIN-01"), nonce: Some("n-1") };
        let text = to_text(&show(&bytes, &showing, &holder).unwrap());
        let code = Code::from_text(&text).unwrap();
        let credential = &code.credential;
        assert_eq!(credential.method, "did:web:city.example:agencies:GA#k1");
        assert_eq!(credential.id, "1.2.156.3005.2.11430112MB0DEM0176001.11430112MB0DEM0176.430112199003074016.001.X");
        assert_eq!(
            (credential.type_code.as_str(), credential.version, credential.view.as_str()),
            ("idCard", 1, "basic")
        );
        assert_eq!((credential.valid_from, credential.valid_until), (at(1_000), Some(at(2_000))));
        assert_eq!(credential.holder.as_ref(), Some(holder.public_key()));
        assert_eq!(
            credential.status.as_ref().map(|status| (status.uri.as_str(), status.index)),
            Some(("https://city.example/status/GA-0", 77))
        );
        assert_eq!(credential.claims(&FIELDS).unwrap(), claims());
        let shown = code.shown.as_ref().unwrap();
        assert_eq!(
            (shown.time, shown.audience.as_deref(), shown.nonce.as_deref()),
            (at(1_500), Some("WIN-01"), Some("n-1"))
        );
        assert_eq!(credential.verify_issuer(agency().public_key()), Ok(()));
        assert_eq!(code.verify_holder(), Ok(()));
    }
}

#[test]
fn a_printed_code_proves_the_licence_and_not_the_bearer() {
    let [holder, _] = holders();
    for bytes in [issued(Some(&holder)), issued(None)] {
        let code = Code::from_text(&to_text(&bytes)).unwrap();
        assert_eq!(code.credential.verify_issuer(agency().public_key()), Ok(()));
        let finding = code.verify_holder().unwrap_err();
        assert_eq!((finding.check, finding.code), (Check::Binding, FindingCode::BindingMissing));
    }
}

#[test]
fn only_the_bound_key_can_show() {
    let [holder, other] = holders();
    for bytes in [issued(Some(&holder)), issued(None)] {
        assert_eq!(show(&bytes, &PLAIN, &other).unwrap_err().code, FindingCode::BindingInvalid);
    }
    let thief = SigningKey::ed25519(&[9; 32]);
    let stolen = with(Some(&thief), &claims(), |credential| credential.issue(&agency()).unwrap());
    let mut shown = show(&stolen, &PLAIN, &thief).unwrap();
    // The thief's wrapper around the holder's credential: same length, so the bytes can be put in place.
    let start = shown.windows(stolen.len()).position(|window| window == stolen).unwrap();
    shown[start..start + stolen.len()].copy_from_slice(&issued(Some(&holder)));
    let code = Code::from_bytes(&shown).unwrap();
    assert_eq!(code.credential.verify_issuer(agency().public_key()), Ok(()));
    assert_eq!(code.verify_holder().unwrap_err().code, FindingCode::BindingInvalid);
}

#[test]
fn signatures_of_one_role_are_not_taken_for_the_other() {
    // A key that is agency and holder at once: its two signatures differ by their context.
    let both = agency();
    let bytes = with(Some(&both), &claims(), |credential| credential.issue(&both).unwrap());
    let plain = crate::vc::cose::Sign1::decode(&bytes).unwrap();
    assert!(plain.verify(both.public_key(), b"").is_err());
    assert!(plain.verify(both.public_key(), super::SHOWN_CONTEXT).is_err());
    assert!(plain.verify(both.public_key(), super::CREDENTIAL_CONTEXT).is_ok());
}

#[test]
fn one_changed_bit_anywhere_is_refused() {
    let [holder, _] = holders();
    let bytes = show(&issued(Some(&holder)), &PLAIN, &holder).unwrap();
    for at in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[at / 8] ^= 1 << (at % 8);
        let accepted = Code::from_bytes(&changed).is_ok_and(|code| {
            code.credential.verify_issuer(agency().public_key()).is_ok() && code.verify_holder().is_ok()
        });
        assert!(!accepted, "bit {at}");
    }
}

#[test]
fn another_agencys_key_does_not_verify() {
    let code = Code::from_bytes(&issued(None)).unwrap();
    for other in holders() {
        let finding = code.credential.verify_issuer(other.public_key()).unwrap_err();
        assert_eq!((finding.check, finding.code), (Check::Proof, FindingCode::ProofInvalid));
    }
}

#[test]
fn validity_is_closed_before_and_open_after() {
    let credential = Credential::decode(&issued(None)).unwrap();
    let check = |now, leeway| credential.check_validity(at(now), leeway).map_err(|finding| finding.code);
    assert_eq!(
        [check(999, 0), check(1_000, 0), check(1_999, 0), check(2_000, 0)],
        [Err(FindingCode::NotYetValid), Ok(()), Ok(()), Err(FindingCode::Expired)]
    );
    assert_eq!([check(970, 30), check(2_029, 30)], [Ok(()), Ok(())]);
    let forever =
        with(None, &claims(), |credential| NewCredential { valid_until: None, ..credential }.issue(&agency()).unwrap());
    assert_eq!(Credential::decode(&forever).unwrap().check_validity(at(9_999_999_999), 0), Ok(()));
}

#[test]
fn the_limit_holds_at_issuing_and_showing() {
    let [holder, _] = holders();
    let sized = |length: usize| {
        let mut claims = claims();
        claims.insert("address".to_owned(), Value::from("望".repeat(length)));
        with(Some(&holder), &claims, |credential| credential.issue(&agency()))
    };
    let longest = (1..400).take_while(|&length| sized(length).is_ok()).last().unwrap();
    assert_eq!(sized(longest + 1).unwrap_err().code, FindingCode::TooLarge);
    let largest = sized(longest).unwrap();
    let shown = show(&largest, &Showing { time: at(2_000_000_000), ..PLAIN }, &holder).unwrap();
    assert!(
        shown.len() <= MAX_BYTES && shown.len() - largest.len() <= SHOWING_BYTES,
        "{} {}",
        shown.len(),
        largest.len()
    );
    assert!(Code::from_text(&to_text(&shown)).is_ok());
    let long = "A".repeat(200);
    assert_eq!(
        show(&largest, &Showing { audience: Some(&long), ..PLAIN }, &holder).unwrap_err().code,
        FindingCode::TooLarge
    );
}

#[test]
fn texts_that_are_no_codes_are_refused() {
    let good = to_text(&issued(None));
    for (text, code) in [
        ("", FindingCode::CodeMalformed),
        ("CL1:", FindingCode::CodeMalformed),
        ("CL2:BB8", FindingCode::CodeMalformed),
        ("CL1:bb8", FindingCode::CodeMalformed),
        ("CL1:GGX", FindingCode::CodeMalformed),
        (&format!("{good}0"), FindingCode::CodeMalformed),
        (&good.to_lowercase(), FindingCode::CodeMalformed),
        (&format!("CL1:{}", "0".repeat(1246)), FindingCode::TooLarge),
    ] {
        assert_eq!(Code::from_text(text).unwrap_err().code, code, "{text}");
    }
    assert!(Code::is_code(&good) && !Code::is_code("https://x"));
}

#[test]
fn a_replay_is_told_by_what_was_signed() {
    let [_, holder] = holders();
    let bytes = issued(Some(&holder));
    let shown = |seconds| {
        Code::from_bytes(&show(&bytes, &Showing { time: at(seconds), ..PLAIN }, &holder).unwrap())
            .unwrap()
            .shown
            .unwrap()
            .replay_digest()
    };
    assert_eq!(shown(5), shown(5));
    assert_ne!(shown(5), shown(6));
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_and_texts_never_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), text in "CL1:[0-9A-Z $%*+./:-]{0,60}") {
        let _ = Code::from_bytes(&bytes);
        let _ = Code::from_text(&text);
        let _ = Code::from_text(&to_text(&bytes));
    }

    #[test]
    fn a_damaged_code_never_panics(at in 0_usize..400, byte in proptest::prelude::any::<u8>()) {
        let [holder, _] = holders();
        let mut bytes = show(&issued(Some(&holder)), &PLAIN, &holder).unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(code) = Code::from_bytes(&bytes) {
            let _ = (code.verify_holder(), code.credential.claims(&FIELDS));
        }
    }
}
