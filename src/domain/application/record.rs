//! The stored form of an application, and what a window sees of it.

use serde::{Deserialize, Serialize};

use super::State;
use crate::base::id::{AgencyCode, ApplicationId, CredentialId, PendingId, TypeCode};
use crate::base::json::{Map, Value, json};
use crate::base::text::Label;
use crate::base::time::Timestamp;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::matter::{Catalogue, Material, Matter, Requirement};
use crate::domain::record;

/// What stands in the open: no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The case number.
    pub id: ApplicationId,
    /// The agency that decides.
    pub agency: AgencyCode,
    /// The agency whose window took it in.
    pub window: AgencyCode,
    /// The matter's 31-character code.
    pub matter: String,
    /// The applicant's tag.
    pub applicant: String,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// What was shown or handed in, by requirement.
    pub fulfilled: Vec<Fulfilled>,
    /// The decision that waits, or waited, for a second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
}

/// An action that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The agency whose approvers decide.
    pub agency: AgencyCode,
    /// The action.
    pub action: PendingId,
}

/// How one requirement was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fulfilled {
    /// The requirement.
    pub requirement: String,
    /// When.
    pub at: Timestamp,
    /// By what.
    #[serde(flatten)]
    pub by: By,
}

/// What met a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "by")]
pub enum By {
    /// A credential that was shown and verified.
    Credential {
        /// Its type.
        type_code: TypeCode,
        /// Its identifier, where it was told.
        id: Option<CredentialId>,
        /// The SHA-256 of what was verified, hex.
        digest: String,
        /// The holder's tag.
        holder: String,
        /// How it was shown.
        format: String,
    },
    /// A form that the clerk has seen.
    Form,
    /// A signed commitment in place of it, 告知承诺.
    Commitment,
    /// To be handed in later, 容缺, until this time.
    Tolerated {
        /// Until when.
        until: Timestamp,
    },
}

/// What is sealed: the applicant, and the claims that were shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    /// Who applies.
    pub applicant: Applicant,
    /// The receipt's token.
    pub receipt: String,
    /// The claims of each credential shown, by requirement.
    pub claims: Map,
}

/// Who applies: a person or an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Applicant {
    /// The name.
    pub name: String,
    /// The code: 公民身份号码 or 统一社会信用代码.
    pub code: String,
    /// The kind of the code (GB/T 36903): `111`, `001`, …
    #[serde(default = "citizen")]
    pub code_type: String,
    /// The public key that results are bound to, as a JWK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder_key: Option<Map>,
}

fn citizen() -> String {
    "111".to_owned()
}

/// An application as loaded.
#[derive(Clone, Debug)]
pub struct Application {
    /// What stands in the open.
    pub head: Head,
    /// What is sealed.
    pub body: Body,
    /// The version that was read.
    pub version: u64,
}

impl Application {
    /// The row's key.
    pub fn key(agency: &AgencyCode, id: &ApplicationId) -> Vec<u8> {
        record::key(&[agency.as_str(), id.as_str()])
    }

    /// The matter, as the catalogue holds it now.
    pub fn matter(&self) -> Result<&'static Matter, Error> {
        matter_named(&self.head.matter)
    }

    /// The requirement that is met, by its identifier.
    pub fn fulfilled(&self, requirement: &str) -> Option<&Fulfilled> {
        self.head.fulfilled.iter().find(|one| one.requirement == requirement)
    }

    /// The requirements that nothing meets yet.
    pub fn missing<'a>(&'a self, matter: &'a Matter) -> impl Iterator<Item = &'a Requirement> + 'a {
        matter.requirements.iter().filter(|requirement| self.fulfilled(&requirement.id).is_none())
    }

    /// What the window sees.
    pub fn to_json(&self, city: &City) -> Result<Value, Error> {
        let matter = self.matter()?;
        let requirements: Vec<_> =
            matter.requirements.iter().map(|one| requirement_json(one, self.fulfilled(&one.id))).collect();
        let missing: Vec<_> = self.missing(matter).map(|one| one.id.as_str()).collect();
        let mut out = json!({
            "id": self.head.id.as_str(),
            "matter": {"code": self.head.matter, "name": matter.name, "agency": matter.agency.as_str()},
            "applicant": {"name": self.body.applicant.name, "code": self.body.applicant.code, "codeType": self.body.applicant.code_type},
            "stateName": self.head.state.label(),
            "filedAt": crate::base::time::rfc3339(self.head.filed_at),
            "requirements": requirements,
            "missing": missing,
            "receipt": {"number": self.head.id.as_str(), "url": city.names.receipt(&self.body.receipt)},
        });
        if let (Value::Object(out), Ok(Value::Object(state))) = (&mut out, serde_json::to_value(&self.head.state)) {
            out.extend(state);
            out.extend(self.second_person(city).map(|told| ("secondPerson".to_owned(), told)));
        }
        Ok(out)
    }
}

impl Application {
    /// How the action stands that waits for a second person.
    fn second_person(&self, city: &City) -> Option<Value> {
        let Waiting { agency, action } = self.head.waiting.as_ref()?;
        let pending = city.pending(agency, action).ok()?;
        let registry = city.registry();
        Some(json!({
            "action": action,
            "agency": agency,
            "agencyName": registry.agency(agency).map(|known| &known.name),
            "state": pending.state(city.now()),
            "expiresAt": crate::base::time::rfc3339(pending.head.expires),
            "refusal": pending.refusal(),
        }))
    }

    /// Whether a decision waits for its second person.
    pub fn waits(&self, city: &City) -> bool {
        self.second_person(city).is_some_and(|told| told.get("state").is_some_and(|state| state == "open"))
    }
}

/// What a requirement asks for, in words people understand.
pub fn requirement_label(requirement: &Requirement) -> Label {
    let names = crate::domain::catalogue::Catalogue::embedded();
    let name = |code: &TypeCode| {
        let found = names.as_ref().ok().and_then(|catalogue| catalogue.find(code.as_str()));
        found.map_or_else(|| Label::new(code.as_str(), code.as_str()), |found| found.label().clone())
    };
    if let Some(label) = &requirement.label {
        return label.clone();
    }
    match &requirement.material {
        Material::Credential(code) => name(code),
        Material::Form(label) => label.clone(),
        Material::AnyOf(codes) => {
            let labels: Vec<_> = codes.iter().map(name).collect();
            let join = |part: fn(&Label) -> &str, or: &str| labels.iter().map(part).collect::<Vec<_>>().join(or);
            Label::new(join(|label| &label.zh, " 或 "), join(|label| &label.en, " or "))
        }
    }
}

fn requirement_json(requirement: &Requirement, fulfilled: Option<&Fulfilled>) -> Value {
    json!({
        "id": requirement.id,
        "label": requirement_label(requirement),
        "types": requirement.types().iter().map(TypeCode::as_str).collect::<Vec<_>>(),
        "whose": requirement.whose.as_str(),
        "fulfilled": fulfilled,
    })
}

/// The shipped matters, read once.
pub fn catalogue() -> Result<&'static Catalogue, Error> {
    static MATTERS: std::sync::OnceLock<Result<Catalogue, crate::base::error::ParseError>> = std::sync::OnceLock::new();
    MATTERS.get_or_init(Catalogue::shipped).as_ref().map_err(|error| Error::corrupt(error.to_string()))
}

/// The matter that a record names; the catalogue keeps every matter it ever had.
pub(super) fn matter_named(code: &str) -> Result<&'static Matter, Error> {
    catalogue()?.named(code).ok_or_else(|| Error::corrupt(format!("the catalogue has no matter {code}")))
}

impl City {
    /// An application by its case number; `not-found` when there is none.
    pub fn application(&self, id: &ApplicationId) -> Result<Application, Error> {
        let key = self.store().get(Table::CaseNumber, id.as_str().as_bytes())?;
        let key = key.ok_or_else(|| Error::not_found("no such application"))?;
        self.application_at(&key.value)
    }

    /// How the log names an application.
    pub(in crate::domain) fn case_tag(&self, id: &ApplicationId) -> Value {
        self.log_tag("case", id.as_str().as_bytes())
    }

    pub(super) fn application_at(&self, key: &[u8]) -> Result<Application, Error> {
        let row = self.store().get(Table::Application, key)?;
        let row = row.ok_or_else(|| Error::corrupt("an index leads to no application"))?;
        let head = record::decode(Table::Application, &row.value)?;
        let body = record::open(&self.keys.sealer, Table::Application, key, &row.value)?;
        let body =
            serde_json::from_slice(&body).map_err(|error| Error::corrupt(format!("application body: {error}")))?;
        Ok(Application { head, body, version: row.version })
    }

    /// Adds the application's new content to a change, on the version that was read.
    pub(in crate::domain) fn put_application(
        &self,
        change: Change,
        application: &Application,
    ) -> Result<Change, Error> {
        let key = Application::key(&application.head.agency, &application.head.id);
        let value = self.encode_application(&key, application)?;
        Ok(change.update(Table::Application, key, application.version, value))
    }

    pub(super) fn encode_application(&self, key: &[u8], application: &Application) -> Result<Vec<u8>, Error> {
        let body = serde_json::to_vec(&application.body).map_err(|error| Error::corrupt(error.to_string()))?;
        self.vault().encode(Table::Application, key, &application.head, &body)
    }
}
