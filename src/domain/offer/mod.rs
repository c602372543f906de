//! Offers: how a licence comes into a holder's wallet (OpenID4VCI 1.0, pre-authorized code flow).
//!
//! An agency offers a licence of its stock, or one that is issued when it is claimed; a [`window`] offers what the stock of
//! any agency has for a holder who is there. The offer is opened with its code
//! and PIN ([`redeem`]), which gives an access token; with it the wallet proves its keys ([`nonce`], [`proof`]) and gets a
//! copy for each ([`claim`]), at once or, while the agency holds the offer back, later. A claim is one change: nonces
//! used up, copies with their slots, the phone they went to, the log — a crash leaves all of it or nothing.
//!
//! An answer that was lost can be asked for again while the access token lives, with a fresh nonce: the copies are new
//! ones with slots of their own, and a bound holds for their number. A token answer that was lost cannot: the code is
//! used up, and the agency offers anew.
//!
//! Nothing secret is kept: the code follows from the offer's identifier by a key of the city, PIN and access token are
//! kept as keyed digests, the row of a licence to be issued is sealed.

pub mod claim;
pub mod nonce;
pub mod proof;
pub mod record;
pub mod redeem;
pub mod window;

use serde::Deserialize;

use self::record::{Offer, Source, Stored};
use super::account::{Author, StaffRole};
use super::catalogue::Catalogue;
use super::change::{Change, Table};
use super::city::City;
use super::city::rules::Deed;
use super::error::{Error, ErrorKind};
use super::issuance::Order;
use super::record::signed_by;
use super::token::Caller;
use crate::base::bytes::{base64url, hex};
use crate::base::id::{AgencyCode, CredentialId, OfferId, TypeCode};
use crate::base::json::{Map, Value, json};
use crate::base::random::{below, bytes};
use crate::base::time::plus_seconds;
use crate::crypto::digest::{hmac_sha256, sha256};
use crate::wire::oid4vci::metadata::{self, OfferedType};
use crate::wire::oid4vci::offer::{self as message, TxCode};
use crate::wire::oid4vci::{Format, ProtocolError};

/// How long an offer on a screen can be opened, seconds.
const SCREEN_LIFE: i64 = 3600;
/// How long an offer in a letter can be opened, seconds: 30 days.
const LETTER_LIFE: i64 = 30 * 86_400;
/// Digits of a PIN.
const PIN_DIGITS: usize = 6;

/// What an agency offers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewOffer {
    /// A licence of the stock.
    pub credential: Option<CredentialId>,
    /// The type of a licence to be issued when it is claimed.
    #[serde(rename = "type")]
    pub type_code: Option<TypeCode>,
    /// Its row.
    pub row: Option<Map>,
    /// Which holder of the licence claims it, from 1; the first when absent.
    pub holder: Option<usize>,
    /// Whether the offer travels in a letter and lives 30 days rather than an hour.
    #[serde(default)]
    pub letter: bool,
    /// Whether the holder types a PIN; yes when absent.
    pub pin: Option<bool>,
    /// Whether wallets wait until the agency releases the offer.
    #[serde(default)]
    pub hold: bool,
}

/// An offer just made, with what is told once.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The offer.
    pub offer: Offer,
    /// The PIN.
    pub pin: Option<String>,
    /// The message to wallets.
    pub message: message::Offer,
}

/// Why an endpoint of the protocol says no.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// As the protocol tells it.
    Protocol(ProtocolError),
    /// The city could not do it, or could not decide.
    City(Error),
}

impl From<ProtocolError> for Refusal {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::City(error)
    }
}

impl City {
    /// Offers a licence.
    pub fn offer(&self, agency: &AgencyCode, new: &NewOffer, by: &Author) -> Result<Offered, Error> {
        self.make_offer(agency, new, by, None)
    }

    /// The same, at a window for a purpose where one is named.
    fn make_offer(
        &self,
        agency: &AgencyCode,
        new: &NewOffer,
        by: &Author,
        at: Option<(&AgencyCode, &str)>,
    ) -> Result<Offered, Error> {
        let holder = new.holder.unwrap_or(1).checked_sub(1).ok_or_else(no_such_holder)?;
        let (source, type_code, row) = match (&new.credential, &new.type_code, &new.row) {
            (Some(id), None, None) => self.offer_stored(agency, id, holder)?,
            (None, Some(type_code), Some(row)) => self.offer_new(agency, type_code, row, holder)?,
            _ => {
                return Err(Error::malformed("either credential, or type and row").says(
                    "请给出证照标识，或者证照类型和数据行。",
                    "Give a credential's identifier, or a type and a row.",
                ));
            }
        };
        let issues = matches!(source, Source::Row);
        let second = issues && self.rules.four_eyes.needs(Deed::Issue, &type_code);
        let id = OfferId::parse(&base64url(&bytes::<16>(self.random())))?;
        let pin = new.pin.unwrap_or(true).then(|| self.new_pin());
        let made = self.this_second();
        let offer = Offer {
            agency: agency.clone(),
            type_code,
            source,
            holder,
            made,
            expires: plus_seconds(made, if new.letter { LETTER_LIFE } else { SCREEN_LIFE }),
            pin: pin.as_ref().map(|pin| self.pin_digest(&id, pin)),
            wrong: 0,
            held: new.hold || second,
            second,
            by: by.clone(),
            window: at.map(|(window, _)| window.clone()),
            redeemed: None,
            cancelled: None,
            deliveries: Vec::new(),
            deferred: Vec::new(),
            id,
        };
        let key = Offer::key(&offer.id);
        let value = self.offer_value(&offer, row.as_ref())?;
        let change = Change::new(self.fresh_request("offer")?, sha256(&value)).insert(Table::Session, key, value);
        let change = self.offered(change, &offer, at)?;
        self.store().commit(change)?;
        let message = self.offer_message(&offer);
        Ok(Offered { offer, pin, message })
    }

    /// Adds to a change that an offer was made: an event of the agency, and of the window where it was.
    fn offered(&self, change: Change, offer: &Offer, at: Option<(&AgencyCode, &str)>) -> Result<Change, Error> {
        let Source::Stored { credential } = &offer.source else { return Ok(change) };
        let told = json!({"offer": offer.id.as_str(), "type": offer.type_code.as_str(), "by": offer.by});
        let mut change = self.audited(change, offer.agency.as_str(), "offered", credential, &told)?;
        if let Some((window, purpose)) = at {
            let head = json!({"event": "offeredAtWindow", "credential": credential, "agency": offer.agency});
            let sealed = json!({"offer": offer.id.as_str(), "purpose": purpose});
            change = self.noted(change, window.as_str(), head, &sealed)?;
        }
        signed_by(change, &json!({"by": offer.by, "window": offer.window}))
    }

    fn offer_stored(
        &self,
        agency: &AgencyCode,
        id: &CredentialId,
        holder: usize,
    ) -> Result<(Source, TypeCode, Option<Map>), Error> {
        let found = self.credential(id)?;
        if found.head.agency != *agency {
            return Err(Error::not_found("the agency issued no such credential"));
        }
        self.require_in_force(&found.head)?;
        if holder >= found.head.holders.len() {
            return Err(no_such_holder());
        }
        Ok((Source::Stored { credential: id.clone() }, found.head.type_code, None))
    }

    fn offer_new(
        &self,
        agency: &AgencyCode,
        type_code: &TypeCode,
        row: &Map,
        holder: usize,
    ) -> Result<(Source, TypeCode, Option<Map>), Error> {
        let order = Order { agency: agency.clone(), type_code: type_code.clone(), row: row.clone(), key: None };
        let filled = self.check_order(&order)?;
        if holder >= filled.holders.len() {
            return Err(no_such_holder());
        }
        Ok((Source::Row, type_code.clone(), Some(row.clone())))
    }

    /// An offer of an agency.
    pub fn offer_of(&self, agency: &AgencyCode, id: &OfferId) -> Result<Offer, Error> {
        let stored = self.load_offer(id)?.ok_or_else(no_such_offer)?;
        if stored.offer.agency == *agency { Ok(stored.offer) } else { Err(no_such_offer()) }
    }

    /// The message of an offer that can still be opened, for the wallet that fetches it.
    pub fn open_offer(&self, id: &OfferId) -> Result<message::Offer, Error> {
        let offer = self.load_offer(id)?.ok_or_else(no_such_offer)?.offer;
        match offer.state(self.now()) {
            "offered" if offer.redeemed.is_none() => Ok(self.offer_message(&offer)),
            "cancelled" => Err(used(
                "该领证码已撤销，请向发证机关重新领取。",
                "The offer was withdrawn. Ask the agency for a new one.",
            )),
            "expired" => Err(used(
                "该领证码已过期，请向发证机关重新领取。",
                "The offer has expired. Ask the agency for a new one.",
            )),
            _ => Err(used("该领证码已使用过。", "The offer was used already.")),
        }
    }

    /// Withdraws an offer before it is claimed; `conflict` afterwards.
    pub fn cancel_offer(&self, agency: &AgencyCode, id: &OfferId) -> Result<Offer, Error> {
        self.change_offer(agency, id, |offer, at| {
            if !offer.deliveries.is_empty() {
                return Err(Error::new(ErrorKind::Conflict, "the offer was claimed").says(
                    "证照已被领取，不能撤销；如有需要请注销证照或重新发放。",
                    "The licence was received; the offer cannot be withdrawn. Revoke the licence, or offer it anew.",
                ));
            }
            offer.cancelled.get_or_insert(record::Cancelled { at, locked: false });
            Ok(())
        })
    }

    /// Lets the wallets that wait for an offer have their copies. Where issuing the type needs a second person, it is an
    /// approver who did not make the offer.
    pub fn release_offer(&self, agency: &AgencyCode, id: &OfferId, by: &Caller) -> Result<Offer, Error> {
        let approver = by.staff_role() == Some(StaffRole::AgencyApprover);
        self.change_offer(agency, id, |offer, _| {
            let (zh, en) = match () {
                () if offer.second && !approver => ("该证照须由审批员复核。", "An approver must release this."),
                () if offer.second && by.author() == offer.by => (
                    "复核人不能是提交人，请由其他审批员复核。",
                    "Whoever made the offer cannot release it. Ask another approver.",
                ),
                () => {
                    offer.held = false;
                    return Ok(());
                }
            };
            Err(Error::new(ErrorKind::NotAllowed, "a second person is needed").coded("second_person").says(zh, en))
        })
    }

    fn change_offer(
        &self,
        agency: &AgencyCode,
        id: &OfferId,
        decide: impl Fn(&mut Offer, crate::base::time::Timestamp) -> Result<(), Error>,
    ) -> Result<Offer, Error> {
        let Stored { mut offer, row, version } = self.load_offer(id)?.ok_or_else(no_such_offer)?;
        if offer.agency != *agency {
            return Err(no_such_offer());
        }
        decide(&mut offer, self.this_second())?;
        let value = self.offer_value(&offer, row.as_ref())?;
        let change = Change::new(self.fresh_request("offer")?, sha256(&value)).update(
            Table::Session,
            Offer::key(id),
            version,
            value,
        );
        self.store().commit(change)?;
        Ok(offer)
    }

    /// The message of an offer.
    fn offer_message(&self, offer: &Offer) -> message::Offer {
        let description = "领证通知或窗口告知的六位数字 / six digits, on the letter or told at the window";
        let tx_code = || TxCode { length: Some(PIN_DIGITS), numeric: true, description: Some(description.to_owned()) };
        message::Offer {
            issuer: self.names.base().to_owned(),
            configurations: Format::ALL.map(|format| format.configuration(offer.type_code.as_str())).to_vec(),
            code: self.code_of(&offer.id),
            tx_code: offer.pin.is_some().then(tx_code),
        }
    }

    /// The pre-authorized code of an offer: its identifier and what only the city can make of it.
    fn code_of(&self, id: &OfferId) -> String {
        let named = format!("oid4vci/code/{id}");
        format!("{id}.{}", base64url(&hmac_sha256(self.keys.tokens.expose(), named.as_bytes())))
    }

    fn new_pin(&self) -> String {
        (0..PIN_DIGITS).map(|_| char::from(b'0' + u8::try_from(below(self.random(), 10)).unwrap_or_default())).collect()
    }

    fn pin_digest(&self, id: &OfferId, pin: &str) -> String {
        hex(&hmac_sha256(self.keys.tokens.expose(), format!("oid4vci/pin/{id}/{pin}").as_bytes()))
    }

    /// The metadata of the issuer.
    pub fn issuer_metadata(&self) -> Result<Value, Error> {
        let catalogue = Catalogue::embedded()?;
        let types = catalogue.types().iter().map(|one| OfferedType {
            code: one.code(),
            name: one.label(),
            vc_type: one.vc_type(),
            vct: one.schema_url(self.names.base()),
            joint: one.is_joint(),
            claims: one.fields().iter().map(|field| (field.name.as_str(), &field.label, field.required)).collect(),
            views: one.views().iter().map(|view| (view.name.as_str(), &view.label)).collect(),
        });
        let name = crate::base::text::Label::new("无证城市电子证照", "Certless city licences");
        Ok(metadata::issuer(self.names.base(), &self.names.context(), &name, &types.collect::<Vec<_>>()))
    }
}

fn no_such_offer() -> Error {
    Error::not_found("no such offer").says("没有这个领证码。", "There is no such offer.")
}

fn no_such_holder() -> Error {
    Error::new(ErrorKind::Refused, "the licence has no such holder")
        .says("该证照没有这个持证人序号。", "The licence has no holder of that number.")
}

fn used(zh: &str, en: &str) -> Error {
    Error::new(ErrorKind::AlreadyUsed, "the offer cannot be opened any more").says(zh, en)
}
