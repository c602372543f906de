//! SD-JWT VC with npm `@sd-jwt/sd-jwt-vc`: issue, present and verify, each side with the other's.

use certless::base::bytes::base64url;
use certless::base::json::{Map, Value, json};
use certless::base::time::{Timestamp, from_unix};
use certless::crypto::derive::SeededRandom;
use certless::crypto::{PublicKey, Signer as _, SigningKey};
use certless::vc::sd_jwt::credential::NewCredential;
use certless::vc::sd_jwt::{ClaimPath, Credential, ExpectedBinding, KeyBinding, SdJwt};

use super::peer::Peer;

const NOW: i64 = 1_790_000_000;

/// A key that both sides hold.
struct Shared {
    key: SigningKey,
    jwk: Value,
}

impl Shared {
    fn new(key: SigningKey, secret: &[u8; 32]) -> Self {
        let mut jwk = key.public_key().to_jwk();
        jwk.insert("d".into(), base64url(secret).into());
        Self { key, jwk: jwk.into() }
    }

    fn public(&self) -> &PublicKey {
        self.key.public_key()
    }
}

fn ed25519() -> Shared {
    Shared::new(SigningKey::ed25519(&[1; 32]), &[1; 32])
}

fn es256() -> Shared {
    Shared::new(SigningKey::p256(&[2; 32]).unwrap(), &[2; 32])
}

fn at(seconds: i64) -> Timestamp {
    from_unix(seconds).unwrap()
}

fn claims() -> Map {
    let value = json!({
        "name": "演示乙", "age": 61, "predicates": {"over_60": true, "over_80": false},
        "address": {"district": "望城区", "lines": ["金山路 1 号", "2 栋"]}, "nationalities": ["CN", "X"],
    });
    value.as_object().cloned().unwrap()
}

fn path(value: &Value) -> ClaimPath {
    ClaimPath::from_json(value).unwrap()
}

fn expected() -> ExpectedBinding<'static> {
    ExpectedBinding::new(Some("nonce-1"), Some("https://window.example"), at(NOW))
}

#[test]
fn the_peer_verifies_what_we_issue_and_present() {
    let Some(mut peer) = Peer::start() else { return };
    for (issuer, holder) in [(ed25519(), es256()), (es256(), ed25519())] {
        let credential = NewCredential {
            issuer: "https://city.example",
            key_id: "key-1",
            vct: "https://city.example/schemas/credentials/idCard/1",
            valid_from: Some(at(NOW - 10)),
            valid_until: Some(at(NOW + 10)),
            issued_at: Some(at(NOW - 10)),
            status: None,
            holder: Some(holder.public()),
            claims: &claims(),
            open: &[],
            decoys: 4,
        };
        let issued = credential.issue(&issuer.key, &SeededRandom::new("interop")).unwrap();
        let shown = issued
            .select(&[path(&json!(["address", "lines", 1])), path(&json!(["predicates", "over_60"]))])
            .unwrap()
            .bind(
                &KeyBinding { nonce: "nonce-1".into(), audience: "https://window.example".into(), issued_at: at(NOW) },
                &holder.key,
            )
            .unwrap();
        let mut question = json!({"op": "sd-jwt-verify", "presentation": shown.to_string(), "nonce": "nonce-1",
            "issuer": issuer.public().to_jwk(), "now": NOW});
        let answer = peer.ask(&question).unwrap();
        assert_eq!(answer["payload"]["address"], json!({"lines": ["2 栋"]}));
        assert_eq!(answer["payload"]["predicates"], json!({"over_60": true}));
        assert_eq!(answer["payload"].get("name"), None);
        assert_eq!(answer["binding"]["aud"], "https://window.example");
        question["issuer"] = holder.public().to_jwk().into();
        assert!(peer.ask(&question).is_err(), "another key");
    }
}

#[test]
fn we_verify_what_the_peer_issues_and_presents() {
    let Some(mut peer) = Peer::start() else { return };
    for (issuer, holder) in [(ed25519(), es256()), (es256(), ed25519())] {
        let mut all = claims();
        let jwt = json!({"iss": "https://peer.example", "vct": "https://peer.example/type", "iat": NOW - 10, "exp": NOW + 10,
            "cnf": {"jwk": holder.public().to_jwk()}});
        all.extend(jwt.as_object().cloned().unwrap());
        let frame = json!({"_sd": ["name", "age", "address", "predicates"], "_sd_decoy": 2, "nationalities": {"_sd": [0, 1]},
            "address": {"_sd": ["district", "lines"], "lines": {"_sd": [0, 1]}}, "predicates": {"_sd": ["over_60", "over_80"]}});
        let question =
            json!({"op": "sd-jwt-issue", "issuer": issuer.jwk, "claims": all, "frame": frame, "header": {"kid": "k1"}});
        let issued = peer.ask(&question).unwrap()["text"].as_str().unwrap().to_owned();

        let received = SdJwt::parse(&issued).unwrap();
        let processed = received.verify(issuer.public()).unwrap();
        assert_eq!(processed.claims, all);
        assert_eq!(processed.withheld, 2);
        assert!(received.verify(holder.public()).is_err());
        let credential = Credential::check(&received, processed).unwrap();
        assert_eq!(credential.holder_key().unwrap().as_ref(), Some(holder.public()));

        // Their holder presents to us, and ours presents theirs back to them.
        let binding = json!({"nonce": "nonce-1", "aud": "https://window.example", "iat": NOW});
        let frame = json!({"nationalities": {"1": true}, "address": {"lines": {"0": true}}});
        let question = json!({"op": "sd-jwt-present", "credential": issued, "frame": frame, "holder": holder.jwk, "binding": binding});
        let shown = SdJwt::parse(peer.ask(&question).unwrap()["text"].as_str().unwrap()).unwrap();
        let contents = shown.verify(issuer.public()).unwrap().claims;
        assert_eq!(contents.get("address"), Some(&json!({"lines": ["金山路 1 号"]})));
        assert_eq!(contents.get("nationalities"), Some(&json!(["X"])));
        assert_eq!(shown.verify_key_binding(holder.public(), &expected()).unwrap().issued_at, at(NOW));

        let ours = received.select(&[path(&json!(["name"]))]).unwrap();
        let binding = KeyBinding { nonce: "n".into(), audience: "a".into(), issued_at: at(NOW) };
        let presentation = ours.bind(&binding, &holder.key).unwrap().to_string();
        let question = json!({"op": "sd-jwt-verify", "presentation": presentation, "issuer": issuer.public().to_jwk(), "nonce": "n", "now": NOW});
        assert_eq!(peer.ask(&question).unwrap()["payload"]["name"], "演示乙");
    }
}
