//! Offers: made, opened, claimed from the stock and issued by the claim.

use certless::app::demo;
use certless::base::bytes::base64url;
use certless::base::id::{AgencyCode, OfferId};
use certless::crypto::SigningKey;
use certless::domain::account::Author;
use certless::domain::city::City;
use certless::domain::error::{Error, ErrorKind};
use certless::domain::issuance::Order;
use certless::domain::offer::record::Source;
use certless::domain::offer::{NewOffer, Offered, Refusal};
use certless::wire::oid4vci::credential::{Asked, CredentialRequest, Event, Notification};
use certless::wire::oid4vci::proof;
use certless::wire::oid4vci::token::TokenRequest;

use super::Case;
use crate::support::roles::{Resident, row_of};

struct Opened {
    agency: AgencyCode,
    id: OfferId,
    token: String,
    /// The name of a first delivery.
    notification: String,
}

fn card() -> Order {
    let mut order = demo::order(row_of("idCard", &Resident::nth(0).code));
    order.row.remove("holderKey");
    order
}

fn offered(city: &City, order: &Order, stored: bool) -> Offered {
    let row = (!stored).then(|| order.row.clone());
    let type_code = (!stored).then(|| order.type_code.clone());
    let credential = stored.then(|| city.issue(order).unwrap().id);
    let new = NewOffer { credential, type_code, row, holder: None, letter: false, pin: None, hold: false };
    city.offer(&order.agency, &new, &Author::Token("test".to_owned())).unwrap()
}

fn request(offered: &Offered) -> TokenRequest {
    TokenRequest { code: offered.message.code.clone(), tx_code: offered.pin.clone(), details: None }
}

fn opened(city: &City, stored: bool) -> Opened {
    let order = card();
    let offered = offered(city, &order, stored);
    let token = city.redeem_offer(&request(&offered)).unwrap().access_token;
    Opened { agency: order.agency, id: offered.offer.id, token, notification: String::new() }
}

fn told(refusal: Refusal) -> Error {
    match refusal {
        Refusal::City(error) => error,
        Refusal::Protocol(error) => Error::new(ErrorKind::AlreadyUsed, error.to_string()),
    }
}

fn claim(city: &City, opened: &Opened) -> Result<String, Error> {
    let keys = [SigningKey::ed25519(&[1; 32]), SigningKey::p256(&[2; 32]).unwrap()];
    let nonce = city.new_nonce();
    let proofs = keys.iter().map(|key| proof::sign(city.names.base(), &nonce, city.now(), key)).collect();
    let request = CredentialRequest { asked: Asked::Configuration("idCard.sd-jwt".to_owned()), proofs };
    let answer = city.claim(&opened.token, &request).map_err(told)?;
    Ok(answer.to_json()["notification_id"].as_str().unwrap().to_owned())
}

/// Whether copies were handed out: offer, record and index say the same, and no licence is issued without.
fn claimed(city: &City, opened: &Opened) -> bool {
    let offer = city.offer_of(&opened.agency, &opened.id).unwrap();
    let handed: usize = offer.deliveries.iter().map(|delivery| delivery.slots.len()).sum();
    let heads = city.credentials_by(&opened.agency, None).unwrap().heads;
    let Source::Stored { credential } = &offer.source else {
        assert!(handed == 0 && heads.is_empty());
        return false;
    };
    let head = city.credential(credential).unwrap().head;
    assert_eq!(heads, vec![head.clone()]);
    let live: usize = head.phones.iter().map(|phone| phone.slots.len()).sum();
    let ended = offer.deliveries.iter().filter(|one| one.event == Some(Event::CredentialFailure));
    assert_eq!(live + ended.map(|one| one.slots.len()).sum::<usize>(), handed);
    let print = certless::crypto::Signer::public_key(&SigningKey::ed25519(&[1; 32])).thumbprint();
    assert_eq!(city.credentials_of(&opened.agency, &print, None).unwrap().heads.len(), usize::from(handed > 0));
    handed > 0
}

#[test]
fn opening() {
    Case {
        name: "open an offer",
        prepare: |city| offered(city, &card(), true),
        act: |city, offered| city.redeem_offer(&request(offered)).map(drop).map_err(told),
        done: |city, offered| city.offer_of(&offered.offer.agency, &offered.offer.id).unwrap().redeemed.is_some(),
        again: &[ErrorKind::AlreadyUsed],
        resolves: false,
    }
    .run();
}

#[test]
fn claiming_what_is_stored_and_what_is_issued_by_it() {
    for prepare in [|city: &City| opened(city, true), |city: &City| opened(city, false)] {
        let act = |city: &City, opened: &Opened| claim(city, opened).map(drop);
        Case { name: "claim", prepare, act, done: claimed, again: &[], resolves: false }.run();
    }
}

#[test]
fn ending_copies_that_never_arrived() {
    let failed = |city: &City, opened: &Opened| {
        assert!(claimed(city, opened));
        let offer = city.offer_of(&opened.agency, &opened.id).unwrap();
        let list = offer.deliveries[0].slots[0].list_of(&opened.agency);
        let ended = city.store().status_list(&list).unwrap().entries.len();
        assert!(ended == 0 || ended == offer.deliveries[0].slots.len());
        ended > 0
    };
    Case {
        name: "notify a failure",
        prepare: |city| {
            let opened = opened(city, true);
            let notification = claim(city, &opened).unwrap();
            Opened { notification, ..opened }
        },
        act: |city, opened| {
            let notification = Notification { id: opened.notification.clone(), event: Event::CredentialFailure };
            city.notify(&opened.token, &notification).map_err(told)
        },
        done: failed,
        again: &[],
        resolves: false,
    }
    .run();
}

#[test]
fn of_two_claims_with_one_nonce_one_is_refused() {
    let world = super::World::new();
    let city = world.sound();
    let opened = opened(&city, true);
    let key = SigningKey::ed25519(&[1; 32]);
    let proofs = vec![proof::sign(city.names.base(), &city.new_nonce(), city.now(), &key)];
    let request = CredentialRequest { asked: Asked::Configuration("idCard.compact".to_owned()), proofs };
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| city.claim(&opened.token, &request).is_ok())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|ok| **ok).count(), 1);
    world.clock.advance(301);
    let stale = city.claim(&opened.token, &request).map_err(told).unwrap_err();
    assert!(stale.detail.starts_with("invalid_proof"), "{stale}");
    let proofs = vec![proof::sign(city.names.base(), &base64url(&[0; 36]), city.now(), &key)];
    let forged = city.claim(&opened.token, &CredentialRequest { proofs, ..request }).map_err(told).unwrap_err();
    assert!(forged.detail.starts_with("invalid_nonce"), "{forged}");
    world.clock.advance(900);
    assert!(claim(&city, &opened).unwrap_err().detail.starts_with("invalid_token"));
}
