//! Claiming: proved keys become copies, at once or after the agency released them (sections 8, 9, 11).

use super::Refusal;
use super::proof::{Proved, refuse};
use super::record::{Deferred, Delivery, Offer, Redeemed, Source, Stored};
use super::redeem::identifier;
use crate::base::bytes::base64url;
use crate::base::random::bytes;
use crate::crypto::digest::sha256;
use crate::domain::catalogue::Catalogue;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::holder;
use crate::domain::issuance::Order;
use crate::domain::issuance::claim::{BoundKey, Claimant, Claimed};
use crate::domain::ports::StoreError;
use crate::wire::oid4vci::credential::{Asked, CredentialRequest, CredentialResponse, Event, Notification};
use crate::wire::oid4vci::metadata::BATCH;
use crate::wire::oid4vci::{ErrorCode, Format};

/// Seconds that a wallet should wait before it asks again.
const INTERVAL: u32 = 30;
/// What whoever comes with an older offer is told.
const MOVED: &str = "a later offer brought the licence to another phone: ask for a new offer";
/// How often a contested claim is decided anew.
const TRIES: usize = 4;
/// How many full batches of one format an access token is good for: lost answers are asked for again.
const MOST_BATCHES: usize = 3;

impl City {
    /// Answers a credential request.
    pub fn claim(&self, token: &str, request: &CredentialRequest) -> Result<CredentialResponse, Refusal> {
        settled(|| {
            let (stored, redeemed) = self.offer_of_access(token)?;
            let format = asked_format(&stored.offer, &redeemed, &request.asked)?;
            require_claimable(&stored.offer, format)?;
            let proved = self.check_proofs(&request.proofs)?;
            if stored.offer.held { self.defer(stored, format, &proved) } else { self.deliver(stored, format, &proved) }
        })
    }

    /// Answers a deferred credential request.
    pub fn claim_deferred(&self, token: &str, transaction: &str) -> Result<CredentialResponse, Refusal> {
        settled(|| {
            let (mut stored, _) = self.offer_of_access(token)?;
            let position = stored.offer.deferred.iter().position(|one| one.transaction == transaction);
            let position =
                position.ok_or_else(|| refuse(ErrorCode::InvalidTransactionId, "unknown, or obtained already"))?;
            require_not_cancelled(&stored.offer)?;
            if stored.offer.held {
                return Ok(CredentialResponse::Deferred { transaction: transaction.to_owned(), interval: INTERVAL });
            }
            let waited = stored.offer.deferred.remove(position);
            let key = |did: &String| Some(BoundKey { key: holder::key_of_did(did)?, holder: did.clone() });
            let keys = waited.keys.iter().map(key).collect::<Option<Vec<_>>>();
            let keys = keys.ok_or_else(|| Error::corrupt("a key that is waited for"))?;
            let proved = Proved { keys, nonces: std::collections::BTreeMap::new() };
            self.deliver(stored, waited.format, &proved)
        })
    }

    fn defer(&self, stored: Stored, format: Format, proved: &Proved) -> Result<CredentialResponse, Refusal> {
        let Stored { mut offer, row, version } = stored;
        let transaction = base64url(&bytes::<16>(self.random()));
        let keys = proved.keys.iter().map(|key| key.holder.clone()).collect();
        offer.deferred.push(Deferred { transaction: transaction.clone(), format, keys });
        let value = self.offer_value(&offer, row.as_ref())?;
        let change = Change::new(self.fresh_request("defer")?, sha256(&value)).update(
            Table::Session,
            Offer::key(&offer.id),
            version,
            value,
        );
        self.commit_claim(using(change, proved))?;
        Ok(CredentialResponse::Deferred { transaction, interval: INTERVAL })
    }

    /// Makes the copies and hands them out, in one change. A crash before it leaves leased slots that are never used and
    /// nonces that are still good; after it the wallet can ask again.
    fn deliver(&self, stored: Stored, format: Format, proved: &Proved) -> Result<CredentialResponse, Refusal> {
        let Stored { mut offer, row, version } = stored;
        let mut claimed = self.claimed_of(&offer, row.as_ref())?;
        let claimant = Claimant { holder: offer.holder, offer: &offer.id, offered: offer.made };
        if claimed.head.is_moved(offer.holder, &offer.id, offer.made, !offer.deliveries.is_empty()) {
            return Err(refuse(ErrorCode::CredentialRequestDenied, MOVED));
        }
        let (credentials, slots) = self.make_copies(&mut claimed, claimant, format, &proved.keys)?;
        let notification = base64url(&bytes::<12>(self.random()));
        offer.deliveries.push(Delivery { notification: notification.clone(), format, slots, event: None });
        offer.source = Source::Stored { credential: claimed.head.id.clone() };
        let change = self.claiming_change(&claimed)?;
        let value = self.offer_value(&offer, None)?;
        let change = change.update(Table::Session, Offer::key(&offer.id), version, value);
        self.commit_claim(using(change, proved))?;
        self.show_claimed(&claimed)?;
        Ok(CredentialResponse::Issued { credentials, notification })
    }

    /// The licence of an offer, ready to be signed; one that is not in force is denied for good.
    fn claimed_of(&self, offer: &Offer, row: Option<&crate::base::json::Map>) -> Result<Claimed, Refusal> {
        let claimed = match (&offer.source, row) {
            (Source::Stored { credential }, _) => self.claim_stored(credential),
            (Source::Row, Some(row)) => self.claim_new(&Order {
                agency: offer.agency.clone(),
                type_code: offer.type_code.clone(),
                row: row.clone(),
                key: Some(format!("offer/{}", offer.id)),
            }),
            (Source::Row, None) => Err(Error::corrupt("an offer without its row")),
        };
        let for_good = [ErrorKind::Conflict, ErrorKind::Refused, ErrorKind::NotAllowed, ErrorKind::NotFound];
        claimed.map_err(|error| {
            if for_good.contains(&error.kind) {
                refuse(ErrorCode::CredentialRequestDenied, &error.detail)
            } else {
                Refusal::City(error)
            }
        })
    }

    fn commit_claim(&self, change: Change) -> Result<(), Refusal> {
        match self.store().commit(change) {
            Ok(_) => Ok(()),
            Err(StoreError::Duplicate { table: Table::Nonce, .. }) => {
                Err(refuse(ErrorCode::InvalidNonce, "the nonce was used"))
            }
            Err(StoreError::Duplicate { table: Table::Licence, .. }) => {
                Err(refuse(ErrorCode::CredentialRequestDenied, "the licence number is taken"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Notes what a wallet says of copies; those that never arrived or were not wanted end. Saying it again changes nothing.
    pub fn notify(&self, token: &str, notification: &Notification) -> Result<(), Refusal> {
        settled(|| {
            let (stored, _) = self.offer_of_access(token)?;
            let Stored { mut offer, row, version } = stored;
            let found = offer.deliveries.iter_mut().find(|one| one.notification == notification.id);
            let delivery = found.ok_or_else(|| refuse(ErrorCode::InvalidNotificationId, "no such notification_id"))?;
            let ended = matches!(delivery.event, Some(Event::CredentialDeleted | Event::CredentialFailure));
            if ended || delivery.event == Some(notification.event) {
                return Ok(());
            }
            delivery.event = Some(notification.event);
            let slots = delivery.slots.clone();
            let value = self.offer_value(&offer, row.as_ref())?;
            let mut change = None;
            if let (Source::Stored { credential }, false) =
                (&offer.source, notification.event == Event::CredentialAccepted)
            {
                change = self.ending_copies(credential, &offer.agency, &slots)?;
            }
            let change = match change {
                Some(change) => change,
                None => Change::new(self.fresh_request("notify")?, sha256(&value)),
            };
            self.store().commit(change.update(Table::Session, Offer::key(&offer.id), version, value))?;
            self.refresh_lists(&offer.agency, slots.iter())?;
            Ok(())
        })
    }
}

/// Decides anew what others changed meanwhile.
fn settled<T>(decide: impl Fn() -> Result<T, Refusal>) -> Result<T, Refusal> {
    for _ in 0..TRIES {
        match decide() {
            Err(Refusal::City(error)) if error.kind == ErrorKind::Conflict => {}
            answer => return answer,
        }
    }
    Err(Error::new(ErrorKind::Unavailable, "the offer is contested").into())
}

/// Adds the nonces of the proofs to a change.
fn using(change: Change, proved: &Proved) -> Change {
    proved.nonces.iter().fold(change, |change, (nonce, end)| City::use_nonce(change, nonce, *end))
}

/// The format that is asked for, if the token is good for it.
fn asked_format(offer: &Offer, redeemed: &Redeemed, asked: &Asked) -> Result<Format, Refusal> {
    let invalid = |told| refuse(ErrorCode::InvalidCredentialRequest, told);
    let format = match (asked, redeemed.identifiers) {
        (Asked::Configuration(_), true) => return Err(invalid("the token names credential identifiers: use them")),
        (Asked::Identifier(_), false) => return Err(invalid("no credential identifiers were given")),
        (Asked::Identifier(name), true) => {
            let found = redeemed.formats.iter().copied().find(|format| identifier(offer, *format) == *name);
            return found.ok_or_else(|| refuse(ErrorCode::UnknownCredentialIdentifier, "no such identifier"));
        }
        (Asked::Configuration(name), false) => {
            let named = Format::of_configuration(name);
            let known = named.filter(|(code, _)| Catalogue::embedded().is_ok_and(|all| all.find(code).is_some()));
            known.ok_or_else(|| refuse(ErrorCode::UnknownCredentialConfiguration, "no such configuration"))?
        }
    };
    if format.0 != offer.type_code.as_str() || !redeemed.formats.contains(&format.1) {
        return Err(refuse(ErrorCode::InsufficientScope, "the access token is for another credential"));
    }
    Ok(format.1)
}

fn require_not_cancelled(offer: &Offer) -> Result<(), Refusal> {
    if offer.cancelled.is_some() {
        return Err(refuse(ErrorCode::CredentialRequestDenied, "the offer was withdrawn"));
    }
    Ok(())
}

fn require_claimable(offer: &Offer, format: Format) -> Result<(), Refusal> {
    require_not_cancelled(offer)?;
    let handed: usize = offer.deliveries.iter().filter(|one| one.format == format).map(|one| one.slots.len()).sum();
    let waiting: usize = offer.deferred.iter().filter(|one| one.format == format).map(|one| one.keys.len()).sum();
    if handed + waiting >= BATCH * MOST_BATCHES {
        return Err(refuse(ErrorCode::CredentialRequestDenied, "enough copies were issued with this access token"));
    }
    Ok(())
}
