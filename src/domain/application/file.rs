//! Filing: a matter and an applicant become a case with a number and a receipt.

use serde::Deserialize;

use super::State;
use super::record::{Applicant, Application, Body, Head, catalogue};
use crate::base::bytes::base64url;
use crate::base::codes::{CaseNumber, CitizenId, DivisionCode, Uscc};
use crate::base::id::{AgencyCode, ApplicationId, RequestId};
use crate::base::jcs::canonicalize;
use crate::base::json::{Map, json};
use crate::base::random::{below, bytes};
use crate::base::time::china_date;
use crate::crypto::PublicKey;
use crate::crypto::digest::sha256;
use crate::domain::account::Author;
use crate::domain::agency::Agencies;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::leaf::{Kind, leaf};
use crate::domain::matter::Matter;
use crate::domain::ports::StoreError;
use crate::domain::record;

/// What is filed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Filing {
    /// The matter: its code or its name.
    pub matter: String,
    /// Who applies.
    pub applicant: Applicant,
}

/// How often a case number that is taken is drawn anew.
pub(super) const DRAWS: usize = 16;

impl City {
    /// Files an application at the window of an agency. Under a key of the window's, asking twice files once; the key with
    /// another filing is a `conflict`.
    pub fn file(
        &self,
        window: &AgencyCode,
        filing: Filing,
        key: Option<&str>,
        by: &Author,
    ) -> Result<Application, Error> {
        let matter = catalogue()?.named(&filing.matter).ok_or_else(|| {
            Error::new(ErrorKind::Refused, "no such matter")
                .says("没有这个事项，请核对名称或编码。", "There is no such matter. Check its name or code.")
        })?;
        let applicant = check_applicant(filing.applicant, self.now())?;
        let request = match key {
            Some(key) => RequestId::parse(&format!("file/{window}/{}", base64url(&sha256(key.as_bytes()))))?,
            None => self.fresh_request("file")?,
        };
        for _ in 0..DRAWS {
            let application = self.new_application(window, matter, applicant.clone())?;
            let change = self.filing(&application, request.clone())?;
            match self.store().commit(self.step(change, &application, "filed", by)?) {
                Ok(receipt) => return self.application(&filed_id(&receipt.bytes)?),
                Err(StoreError::Duplicate { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "no free case number was drawn"))
    }

    pub(in crate::domain) fn new_application(
        &self,
        window: &AgencyCode,
        matter: &Matter,
        applicant: Applicant,
    ) -> Result<Application, Error> {
        let now = self.this_second();
        let agencies = Agencies::shipped()?;
        let division =
            agencies.find(window).map_or_else(|| DivisionCode::parse("430112"), |agency| Ok(agency.division))?;
        let sequence = u32::try_from(below(self.random(), 999_999)).unwrap_or_default() + 1;
        let number = CaseNumber::build(division, china_date(now), sequence)?;
        let head = Head {
            id: ApplicationId::parse(&number.to_string())?,
            agency: matter.agency.clone(),
            window: window.clone(),
            matter: matter.code.to_string(),
            applicant: self.holder_tag(&applicant.code_type, &applicant.code),
            state: State::Filed,
            filed_at: now,
            fulfilled: Vec::new(),
            waiting: None,
        };
        let receipt = base64url(&bytes::<24>(self.random()));
        Ok(Application { head, body: Body { applicant, receipt, claims: Map::new() }, version: 0 })
    }

    /// Adds to a change who took which step of a case, as an event of the window.
    pub(super) fn step(
        &self,
        change: Change,
        application: &Application,
        step: &str,
        by: &Author,
    ) -> Result<Change, Error> {
        let head = &application.head;
        let told = json!({"event": step, "case": head.id, "matter": head.matter, "agency": head.agency, "by": by});
        self.noted(change, head.window.as_str(), told, &json!({}))
    }

    fn filing(&self, application: &Application, request: RequestId) -> Result<Change, Error> {
        let change = Change::new(request, self.filing_digest(application)?);
        let mut change = self.put_or_file(change, application)?;
        change.receipt = application.head.id.as_str().as_bytes().to_vec();
        Ok(change)
    }

    /// Adds an application to a change: filed when it is new, updated on the version that was read otherwise.
    pub(in crate::domain) fn put_or_file(&self, change: Change, application: &Application) -> Result<Change, Error> {
        if application.version > 0 {
            return self.put_application(change, application);
        }
        let head = &application.head;
        let key = Application::key(&head.agency, &head.id);
        let value = self.encode_application(&key, application)?;
        let by_applicant = record::key(&[&head.applicant, head.agency.as_str(), head.id.as_str()]);
        let members = [("case", self.case_tag(&head.id)), ("state", "filed".into())];
        let mut change = change
            .insert(Table::CaseNumber, head.id.as_str(), key.clone())
            .insert(Table::ReceiptToken, sha256(application.body.receipt.as_bytes()), key.clone())
            .insert(Table::ApplicantIndex, by_applicant, key.clone())
            .insert(Table::Application, key, value);
        change.leaves.push(leaf(Kind::Application, head.filed_at, &members));
        self.audited_case(change, &head.agency, &head.id, "filed")
    }

    /// What makes two filings the same: matter and applicant, under the city's key, because the applicant can be guessed.
    fn filing_digest(&self, application: &Application) -> Result<[u8; 32], Error> {
        let applicant = serde_json::to_value(&application.body.applicant);
        let applicant = applicant.map_err(|error| Error::corrupt(format!("applicant: {error}")))?;
        let filed = json!({"matter": application.head.matter, "applicant": applicant});
        Ok(sha256(self.commitment("filing", &canonicalize(&filed)).as_bytes()))
    }
}

/// The case number in the receipt of a filing.
fn filed_id(receipt: &[u8]) -> Result<ApplicationId, Error> {
    let id = std::str::from_utf8(receipt).map_err(|_| Error::corrupt("the receipt of a filing is no case number"))?;
    Ok(ApplicationId::parse(id)?)
}

/// A code of a person or an organisation as it is written, checked by its check digits.
pub(in crate::domain) fn check_code(
    code_type: &str,
    code: &str,
    now: crate::base::time::Timestamp,
) -> Result<String, Error> {
    match code_type {
        "111" => CitizenId::parse_on(code, china_date(now)).map(|id| id.as_str().to_owned()),
        "001" => Uscc::parse(code).map(|code| code.to_string()),
        _ => RequestId::parse(code).map(|code| code.to_string()),
    }
    .map_err(|error| {
        Error::new(ErrorKind::Refused, error.to_string())
            .says("证件号码有误，请核对。", "The code of the person is wrong. Check it.")
    })
}

/// Checks the applicant's code by its check digits and the key by its encoding.
fn check_applicant(mut applicant: Applicant, now: crate::base::time::Timestamp) -> Result<Applicant, Error> {
    let name = applicant.name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Error::new(ErrorKind::Refused, "applicant name")
            .says("请填写申请人姓名或名称。", "Give the applicant's name."));
    }
    applicant.name = name.to_owned();
    applicant.code = check_code(&applicant.code_type, &applicant.code, now)?;
    if let Some(jwk) = &applicant.holder_key {
        PublicKey::from_jwk(jwk).map_err(|error| {
            Error::new(ErrorKind::Refused, error.to_string()).says("持证人公钥有误。", "The holder's key is wrong.")
        })?;
    }
    Ok(applicant)
}
