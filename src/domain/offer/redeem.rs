//! Opening an offer: code and PIN become an access token (section 6).

use super::Refusal;
use super::proof::refuse;
use super::record::{Cancelled, Offer, Redeemed, Stored};
use crate::base::bytes::{base64url, hex};
use crate::base::id::OfferId;
use crate::base::random::bytes;
use crate::base::time::plus_seconds;
use crate::crypto::digest::{hmac_sha256, sha256};
use crate::crypto::equal;
use crate::domain::change::{Change, Table, expiring, until};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::StoreError;
use crate::domain::record;
use crate::wire::oid4vci::token::{TokenRequest, TokenResponse};
use crate::wire::oid4vci::{ErrorCode, Format};

/// Wrong PINs after which an offer is locked.
const MOST_WRONG: u8 = 5;
/// How long an access token is good, seconds.
const TOKEN_LIFE: i64 = 900;
/// The same while the agency holds the offer back, seconds: 30 days.
const WAITING_LIFE: i64 = 30 * 86_400;
/// How often a contested offer is decided anew.
const TRIES: usize = 8;

impl City {
    /// Opens an offer; a wrong PIN is counted before it is told, and the fifth locks the offer.
    pub fn redeem_offer(&self, request: &TokenRequest) -> Result<TokenResponse, Refusal> {
        for _ in 0..TRIES {
            let stored = self.offer_of_code(&request.code)?.ok_or_else(wrong_code)?;
            match self.try_redeem(stored, request) {
                Err(Refusal::City(error)) if error.kind == ErrorKind::Conflict => {}
                answer => return answer,
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the offer is contested").into())
    }

    fn offer_of_code(&self, code: &str) -> Result<Option<Stored>, Error> {
        let Some((id, _)) = code.split_once('.') else { return Ok(None) };
        let Ok(id) = OfferId::parse(id) else { return Ok(None) };
        if !equal(self.code_of(&id).as_bytes(), code.as_bytes()) {
            return Ok(None);
        }
        self.load_offer(&id)
    }

    fn try_redeem(&self, stored: Stored, request: &TokenRequest) -> Result<TokenResponse, Refusal> {
        let Stored { mut offer, row, version } = stored;
        if offer.redeemed.is_some() || offer.cancelled.is_some() || self.now() >= offer.expires {
            return Err(wrong_code());
        }
        let formats = wanted(&offer, request.details.as_deref())?;
        match self.check_pin(&offer, request.tx_code.as_deref()) {
            Pin::Right => {}
            Pin::Missing => return Err(refuse(ErrorCode::InvalidRequest, "tx_code is missing")),
            Pin::Unexpected => return Err(refuse(ErrorCode::InvalidRequest, "no tx_code is expected")),
            Pin::Wrong => return self.note_wrong_pin(Stored { offer, row, version }),
        }
        let token = format!("vci_{}", base64url(&bytes::<32>(self.random())));
        let life = if offer.held { WAITING_LIFE } else { TOKEN_LIFE };
        let until = plus_seconds(self.this_second(), life);
        let identifiers = request.details.is_some();
        let digest = self.access_digest(&token);
        offer.redeemed = Some(Redeemed { token: digest.clone(), until, formats: formats.clone(), identifiers });
        let value = self.offer_value(&offer, row.as_ref())?;
        let access = expiring(until.as_second(), offer.id.as_str().as_bytes());
        let change = Change::new(self.fresh_request("redeem")?, sha256(&value))
            .update(Table::Session, Offer::key(&offer.id), version, value)
            .insert(Table::Session, access_key(&digest), access);
        self.store().commit(change).map_err(Error::from)?;
        let named = |format: &Format| format.configuration(offer.type_code.as_str());
        let details = identifiers.then(|| formats.iter().map(|one| (named(one), identifier(&offer, *one))).collect());
        Ok(TokenResponse { access_token: token, expires_in: life, details })
    }

    fn check_pin(&self, offer: &Offer, typed: Option<&str>) -> Pin {
        match (&offer.pin, typed) {
            (None, None) => Pin::Right,
            (None, Some(_)) => Pin::Unexpected,
            (Some(_), None) => Pin::Missing,
            (Some(pin), Some(typed)) => {
                let right = equal(pin.as_bytes(), self.pin_digest(&offer.id, typed).as_bytes());
                if right { Pin::Right } else { Pin::Wrong }
            }
        }
    }

    fn note_wrong_pin(&self, stored: Stored) -> Result<TokenResponse, Refusal> {
        let Stored { mut offer, row, version } = stored;
        offer.wrong = offer.wrong.saturating_add(1);
        let locked = offer.wrong >= MOST_WRONG;
        if locked {
            offer.cancelled = Some(Cancelled { at: self.this_second(), locked });
        }
        let value = self.offer_value(&offer, row.as_ref())?;
        let change = Change::new(self.fresh_request("pin")?, sha256(&value)).update(
            Table::Session,
            Offer::key(&offer.id),
            version,
            value,
        );
        self.store().commit(change).map_err(Error::from)?;
        let left = MOST_WRONG.saturating_sub(offer.wrong);
        let told = if locked {
            "the transaction code is wrong, and the offer is locked: ask the issuer for a new one".to_owned()
        } else {
            format!("the transaction code is wrong, {left} tries are left")
        };
        Err(refuse(ErrorCode::InvalidGrant, &told))
    }

    /// Whether an access token is good now; `invalid_token` otherwise.
    pub fn check_access(&self, token: &str) -> Result<(), Refusal> {
        self.offer_of_access(token).map(drop)
    }

    /// The offer that an access token opens, if the token is good now.
    pub(super) fn offer_of_access(&self, token: &str) -> Result<(Stored, Redeemed), Refusal> {
        let digest = self.access_digest(token);
        let found = self.store().get(Table::Session, &access_key(&digest)).map_err(Error::from)?;
        let id = found.as_ref().and_then(|row| until(&row.value)).and_then(|(_, id)| std::str::from_utf8(id).ok());
        let id = id.and_then(|id| OfferId::parse(id).ok()).ok_or_else(wrong_token)?;
        let stored = self.load_offer(&id)?.ok_or_else(wrong_token)?;
        let redeemed = stored.offer.redeemed.clone();
        let good = |one: &Redeemed| equal(one.token.as_bytes(), digest.as_bytes()) && self.now() < one.until;
        let redeemed = redeemed.filter(good).ok_or_else(wrong_token)?;
        Ok((stored, redeemed))
    }

    fn access_digest(&self, token: &str) -> String {
        hex(&hmac_sha256(self.keys.tokens.expose(), format!("oid4vci/access/{token}").as_bytes()))
    }
}

enum Pin {
    Right,
    Wrong,
    Missing,
    Unexpected,
}

/// The credential identifier of a format of an offer.
pub(super) fn identifier(offer: &Offer, format: Format) -> String {
    format!("{}:{}", offer.id, format.identifier())
}

/// The formats that a token is to be good for.
fn wanted(offer: &Offer, details: Option<&[String]>) -> Result<Vec<Format>, Refusal> {
    let Some(names) = details else { return Ok(Format::ALL.to_vec()) };
    let offered = |name: &String| {
        let named = Format::of_configuration(name).filter(|(type_code, _)| *type_code == offer.type_code.as_str());
        named
            .map(|(_, format)| format)
            .ok_or_else(|| refuse(ErrorCode::InvalidAuthorizationDetails, "a configuration that was not offered"))
    };
    let mut formats = names.iter().map(offered).collect::<Result<Vec<_>, _>>()?;
    formats.sort_unstable();
    formats.dedup();
    Ok(formats)
}

fn access_key(digest: &str) -> Vec<u8> {
    record::key(&["access", digest])
}

fn wrong_code() -> Refusal {
    refuse(ErrorCode::InvalidGrant, "the code is unknown, used, withdrawn or expired")
}

fn wrong_token() -> Refusal {
    refuse(ErrorCode::InvalidToken, "the access token is unknown or has expired")
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::City(error.into())
    }
}
