//! What a window asks for, and the request that it becomes.

use serde::Deserialize;

use super::wants::{TypeWant, Want};
use super::{Body, Head, LIFE, Session, State};
use crate::base::bytes::base64url;
use crate::base::id::{ApplicationId, TypeCode};
use crate::base::json::{Map, Value};
use crate::base::text::Label;
use crate::base::time::plus_seconds;
use crate::crypto::digest::sha256;
use crate::crypto::ecdh::AgreementKey;
use crate::domain::application::record::{Application, catalogue, requirement_label};
use crate::domain::catalogue::{Catalogue, CredentialType};
use crate::domain::change::Change;
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::matter::{Matter, Requirement};
use crate::domain::usage::{Basis, Place};
use crate::wire::format::Format;
use crate::wire::oid4vp::request::Mode;

/// Most licences of one request.
const MOST: usize = 16;

/// What a window asks for: the open requirements of an application, those of a matter, or some types.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ask {
    /// The application whose materials it is for.
    pub application: Option<ApplicationId>,
    /// The matter, by code or name, where there is no application.
    pub matter: Option<String>,
    /// Whether the answer files an application of the matter for who presents.
    #[serde(default)]
    pub file: bool,
    /// Which requirements of it; all that a licence meets and that are open otherwise.
    pub requirements: Option<Vec<String>>,
    /// The types, where there is neither.
    #[serde(default)]
    pub types: Vec<TypeAsk>,
    /// What it is for, shown to the holder.
    pub purpose: Option<Words>,
    /// Why the window may look.
    #[serde(default)]
    pub basis: Basis,
    /// How the wallet answers.
    #[serde(default)]
    pub mode: Mode,
    /// The formats that are offered to every wallet; SD-JWT VC alone discloses no more than is asked for.
    pub formats: Option<Vec<Format>>,
    /// A path of this city where the wallet leads its user afterwards.
    pub return_to: Option<String>,
}

/// A text in one language or in both.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Words {
    /// The same for all.
    One(String),
    /// In both languages.
    Both(Label),
}

/// One licence that is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum TypeAsk {
    /// A type with what its view `basic` shows.
    Plain(TypeCode),
    /// Any one of several types.
    AnyOf(AnyOf),
    /// A type with more said about it.
    Exact(Exact),
}

/// Any one of several types.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnyOf {
    /// The types, the one that is preferred first.
    any_of: Vec<TypeCode>,
    /// Whether the request can be answered without it.
    #[serde(default)]
    optional: bool,
}

/// A type with what is wanted of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exact {
    #[serde(rename = "type")]
    type_code: TypeCode,
    /// A named view of the type.
    view: Option<String>,
    /// Claims by name.
    claims: Option<Vec<String>>,
    /// Values that claims must have, by name.
    #[serde(default)]
    values: Map,
    /// Whether several may be given.
    #[serde(default)]
    multiple: bool,
    /// Whether the request can be answered without it.
    #[serde(default)]
    optional: bool,
}

impl City {
    /// Makes a request of a window.
    pub fn ask(&self, place: &Place, ask: Ask) -> Result<Session, Error> {
        let window = &place.unit;
        let mut body = self.wanted(&ask)?;
        body.place = Some(place.clone().by(ask.basis));
        if body.wants.is_empty() || body.wants.len() > MOST {
            return Err(Error::new(ErrorKind::Refused, "nothing, or too much, to ask for").says(
                format!("没有可请求出示的证照，或超过 {MOST} 项。"),
                format!("There is no licence to ask for, or more than {MOST}."),
            ));
        }
        body.purpose = ask.purpose.map(words).transpose()?;
        body.return_to = ask.return_to.map(own_path).transpose()?;
        body.response_code = body.return_to.as_ref().map(|_| self.fresh_text());
        if body.mode == Mode::Encrypted {
            body.secret = Some(base64url(AgreementKey::generate(self.random()).secret().expose()));
        }
        // The request can only be signed for an agency that has a key.
        self.keys.agency(window)?;
        let now = self.this_second();
        let head =
            Head { window: window.clone(), state: State::Waiting, created: now, expires: plus_seconds(now, LIFE) };
        let session = Session { id: self.fresh_text(), head, body, version: 0 };
        let change = Change::new(self.fresh_request("vp")?, sha256(session.id.as_bytes()));
        self.store().commit(self.put_request(change, &session)?)?;
        Ok(session)
    }

    fn wanted(&self, ask: &Ask) -> Result<Body, Error> {
        let (application, matter) = match (&ask.application, &ask.matter, ask.types.is_empty()) {
            (Some(id), None, true) if !ask.file => {
                let application = self.application(id)?;
                application.head.state.require_open()?;
                let matter = application.matter()?;
                (Some(application), Some(matter))
            }
            (None, Some(name), true) => (None, Some(named(name)?)),
            (None, None, false) if ask.requirements.is_none() && !ask.file => (None, None),
            _ => return Err(Error::malformed("give one of application, matter and types")),
        };
        let wants = match matter {
            Some(matter) => of_matter(matter, application.as_ref(), ask.requirements.as_deref())?,
            None => ask.types.iter().map(of_type).collect::<Result<_, _>>()?,
        };
        let formats = ask.formats.clone().unwrap_or_else(|| vec![Format::SdJwt]);
        if formats.is_empty() {
            return Err(Error::malformed("formats is empty"));
        }
        Ok(Body {
            application: application.map(|application| application.head.id),
            matter: matter.map(|matter| matter.code.to_string()),
            files: ask.file,
            purpose: None,
            mode: ask.mode,
            formats,
            wants: numbered(wants),
            place: None,
            nonce: self.fresh_text(),
            state: self.fresh_text(),
            secret: None,
            return_to: None,
            response_code: None,
            outcome: None,
        })
    }
}

pub(super) fn named(name: &str) -> Result<&'static Matter, Error> {
    catalogue()?.named(name).ok_or_else(|| {
        Error::new(ErrorKind::Refused, "no such matter")
            .says("没有这个事项，请核对名称或编码。", "There is no such matter. Check its name or code.")
    })
}

/// The requirements that licences meet and that are open, or those that are named.
fn of_matter(matter: &Matter, application: Option<&Application>, only: Option<&[String]>) -> Result<Vec<Want>, Error> {
    let open = |one: &&Requirement| {
        !one.types().is_empty() && application.is_none_or(|application| application.fulfilled(&one.id).is_none())
    };
    let wanted: Vec<_> = match only {
        None => matter.requirements.iter().filter(open).collect(),
        Some(ids) => {
            let find = |id: &String| matter.requirement(id).filter(open);
            let none = |id: &String| {
                Error::new(ErrorKind::Refused, format!("requirement {id} cannot be asked for")).says(
                    format!("材料 {id} 不存在、已核验，或不是证照。"),
                    format!("Requirement {id} does not exist, is met already, or is no licence."),
                )
            };
            ids.iter().map(|id| find(id).ok_or_else(|| none(id))).collect::<Result<_, _>>()?
        }
    };
    wanted.into_iter().map(of_requirement).collect()
}

fn of_requirement(requirement: &Requirement) -> Result<Want, Error> {
    let predicate = requirement.predicate.as_deref();
    let option = |code: &TypeCode| {
        let credential_type = type_of(code)?;
        match predicate {
            Some(predicate) => TypeWant::of_predicate(credential_type, predicate),
            None => TypeWant::of_view(credential_type, "basic"),
        }
    };
    Ok(Want {
        id: requirement.id.clone(),
        label: requirement_label(requirement),
        requirement: Some(requirement.id.clone()),
        // What may be missing, or be promised instead, does not stand in the way of the rest.
        required: !(requirement.is_tolerable() || requirement.replaceable),
        multiple: false,
        options: requirement.types().iter().map(option).collect::<Result<_, Error>>()?,
    })
}

fn of_type(asked: &TypeAsk) -> Result<Want, Error> {
    let want = |options: Vec<TypeWant>, optional: bool, multiple: bool| {
        let first = options.first().ok_or_else(|| Error::malformed("anyOf is empty"))?;
        let label = type_of(&first.type_code)?.label().clone();
        Ok(Want { id: first.type_code.to_string(), label, requirement: None, required: !optional, multiple, options })
    };
    match asked {
        TypeAsk::Plain(code) => want(vec![TypeWant::of_view(type_of(code)?, "basic")?], false, false),
        TypeAsk::AnyOf(any) => {
            let option = |code: &TypeCode| TypeWant::of_view(type_of(code)?, "basic");
            want(any.any_of.iter().map(option).collect::<Result<_, _>>()?, any.optional, false)
        }
        TypeAsk::Exact(exact) => {
            let credential_type = type_of(&exact.type_code)?;
            let mut option = match (&exact.view, &exact.claims) {
                (Some(view), None) => TypeWant::of_view(credential_type, view)?,
                (None, Some(claims)) => TypeWant::of_claims(credential_type, claims)?,
                (None, None) => TypeWant::of_view(credential_type, "basic")?,
                (Some(_), Some(_)) => return Err(Error::malformed("give view or claims, not both")),
            };
            option.restrict(credential_type, &exact.values)?;
            want(vec![option], exact.optional, exact.multiple)
        }
    }
}

fn type_of(code: &TypeCode) -> Result<&'static CredentialType, Error> {
    let found = Catalogue::embedded()?.find(code.as_str());
    found.map(AsRef::as_ref).ok_or_else(|| {
        Error::new(ErrorKind::Refused, format!("no type {code}"))
            .says(format!("没有证照类型 {code}。"), format!("There is no credential type {code}."))
    })
}

/// Identifiers that differ: `idCard`, `idCard-2`.
fn numbered(mut wants: Vec<Want>) -> Vec<Want> {
    let mut taken = std::collections::BTreeSet::new();
    for want in &mut wants {
        let (plain, mut number) = (want.id.clone(), 1);
        while !taken.insert(want.id.clone()) {
            number += 1;
            want.id = format!("{plain}-{number}");
        }
    }
    wants
}

fn words(words: Words) -> Result<Label, Error> {
    let label = match words {
        Words::One(text) => Label::new(text.clone(), text),
        Words::Both(label) => label,
    };
    let fits = |text: &str| (1..=200).contains(&text.trim().chars().count());
    if fits(&label.zh) && fits(&label.en) {
        return Ok(label);
    }
    Err(Error::new(ErrorKind::Refused, "purpose of 1 to 200 characters")
        .says("请用 200 字以内说明用途。", "Give the purpose in at most 200 characters."))
}

/// A path of this city, not an address elsewhere.
fn own_path(path: String) -> Result<String, Error> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~/?=&%".contains(&c);
    if path.starts_with('/') && !path.starts_with("//") && path.len() <= 200 && path.bytes().all(plain) {
        return Ok(path);
    }
    Err(Error::malformed("returnTo is no path of this city"))
}

/// For documents: the value of a claim must be one that DCQL can compare.
pub(super) fn is_comparable(value: &Value) -> bool {
    value.is_string() || value.is_boolean() || value.as_i64().is_some()
}
