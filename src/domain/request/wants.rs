//! Which claims of which types are wanted, and the DCQL query for them.
//!
//! A want is one licence, by any of several types. Of each type only what the matter needs is asked for: the fields of the
//! view `basic`, or of a predicate's view the one field that it is about; where a wallet can show the view itself, it
//! tells the answer and not the field. Fields that not every licence of the type has are asked for as optional.

use serde::{Deserialize, Serialize};

use crate::base::id::TypeCode;
use crate::base::json::{Map, Value};
use crate::base::text::Label;
use crate::domain::catalogue::annotation::HolderMode;
use crate::domain::catalogue::{Catalogue, CredentialType};
use crate::domain::error::{Error, ErrorKind};
use crate::vc::sd_jwt::{ClaimPath, Step};
use crate::wire::format::Format;
use crate::wire::oid4vp::dcql::{ClaimQuery, CredentialQuery, CredentialSet, Meta, Query};

/// The type that every JSON credential has, as an IRI.
const CREDENTIAL: &str = "https://www.w3.org/2018/credentials#VerifiableCredential";

/// What a query's id ends with in a format.
fn suffix(format: Format) -> &'static str {
    match format {
        Format::SdJwt => "",
        Format::Ldp => "_ldp",
        Format::Compact => "_view",
    }
}

/// One licence that is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Want {
    /// Its name in the request: the requirement or the type.
    pub id: String,
    /// What people read.
    pub label: Label,
    /// The requirement that it meets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// Whether the request can be answered without it.
    pub required: bool,
    /// Whether several may be given.
    pub multiple: bool,
    /// The types, the one that is preferred first.
    pub options: Vec<TypeWant>,
}

/// What is wanted of one type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeWant {
    /// The type.
    pub type_code: TypeCode,
    /// The fields.
    pub claims: Vec<ClaimWant>,
    /// The view that says the same, where there is one.
    pub view: String,
    /// Whether it is the view's statement that is wanted, not its fields.
    #[serde(default)]
    pub statement: bool,
}

/// One field that is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimWant {
    /// Its name.
    pub name: String,
    /// Whether every licence of the type has it.
    pub required: bool,
    /// The values that are wanted; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

/// One query of a request, and what it stands for.
#[derive(Clone, Debug)]
pub struct Offered<'a> {
    /// The id in the query.
    pub id: String,
    /// The format.
    pub format: Format,
    /// The licence.
    pub want: &'a Want,
    /// Its type.
    pub option: &'a TypeWant,
}

impl TypeWant {
    /// What a named view of a type shows, or is about.
    pub fn of_view(credential_type: &CredentialType, view: &str) -> Result<Self, Error> {
        let found = credential_type.view(view).ok_or_else(|| unknown(credential_type, view))?;
        let about = found.predicates.iter().map(|predicate| &predicate.from);
        let mut wanted = Self::of_claims(credential_type, found.claims.iter().chain(about))?;
        view.clone_into(&mut wanted.view);
        wanted.statement = !found.predicates.is_empty();
        Ok(wanted)
    }

    /// What a predicate is about, by the view that makes it.
    pub fn of_predicate(credential_type: &CredentialType, predicate: &str) -> Result<Self, Error> {
        let makes = |view: &&crate::domain::catalogue::annotation::View| {
            view.predicates.iter().any(|one| one.predicate == predicate)
        };
        let view = credential_type.views().iter().find(makes).ok_or_else(|| unknown(credential_type, predicate))?;
        Self::of_view(credential_type, &view.name)
    }

    /// Some fields of a type.
    pub fn of_claims<'a>(
        credential_type: &CredentialType,
        names: impl IntoIterator<Item = &'a String>,
    ) -> Result<Self, Error> {
        let mut claims: Vec<ClaimWant> = Vec::new();
        for name in names {
            let field = credential_type.field(name).ok_or_else(|| unknown(credential_type, name))?;
            if !claims.iter().any(|claim| claim.name == *name) {
                claims.push(ClaimWant { name: name.clone(), required: field.required, values: Vec::new() });
            }
        }
        let type_code = credential_type.annotation().code.clone();
        Ok(Self { type_code, claims, view: String::new(), statement: false })
    }

    /// Wants certain values of claims; a claim that was not wanted becomes so.
    pub fn restrict(&mut self, credential_type: &CredentialType, values: &Map) -> Result<(), Error> {
        for (name, wanted) in values {
            credential_type.field(name).ok_or_else(|| unknown(credential_type, name))?;
            let wanted = wanted.as_array().map_or_else(|| vec![wanted.clone()], Clone::clone);
            if wanted.is_empty() || !wanted.iter().all(super::ask::is_comparable) {
                return Err(Error::malformed("values are texts, integers and truth values"));
            }
            match self.claims.iter_mut().find(|claim| claim.name == *name) {
                Some(claim) => (claim.required, claim.values) = (true, wanted),
                None => self.claims.push(ClaimWant { name: name.clone(), required: true, values: wanted }),
            }
        }
        Ok(())
    }

    /// Where a claim stands in a format.
    pub fn path(&self, name: &str, format: Format) -> ClaimPath {
        let joint = Catalogue::embedded().ok().and_then(|catalogue| catalogue.find(self.type_code.as_str()));
        let joint = joint.is_some_and(|found| found.holder().mode == HolderMode::Joint);
        let name = Step::Name(name.to_owned());
        match format {
            Format::SdJwt | Format::Compact => ClaimPath::new(vec![name]),
            Format::Ldp => {
                let subject = Step::Name("credentialSubject".to_owned());
                ClaimPath::new(if joint { vec![subject, Step::Every, name] } else { vec![subject, name] })
            }
        }
    }

    fn query(&self, offered: &Offered<'_>, bases: &Bases<'_>) -> Result<CredentialQuery, Error> {
        let found = Catalogue::embedded()?.find(self.type_code.as_str());
        let found = found.ok_or_else(|| Error::corrupt(format!("no type {}", self.type_code)))?;
        let meta = match offered.format {
            Format::SdJwt => Meta::Vct(bases(&self.type_code).iter().map(|base| found.schema_url(base)).collect()),
            Format::Ldp => {
                let own = crate::domain::catalogue::context::type_iri(found.vc_type());
                Meta::Types(vec![vec![CREDENTIAL.to_owned(), own]])
            }
            Format::Compact => Meta::View { type_code: self.type_code.to_string(), view: self.view.clone() },
        };
        let open: &[ClaimWant] = if offered.format == Format::Compact { &[] } else { &self.claims };
        let claims = open.iter().map(|claim| ClaimQuery {
            id: Some(claim.name.clone()),
            path: self.path(&claim.name, offered.format),
            values: claim.values.clone(),
        });
        Ok(CredentialQuery {
            id: offered.id.clone(),
            format: offered.format.identifier().to_owned(),
            multiple: offered.want.multiple,
            meta,
            bound: true,
            claims: claims.collect(),
            claim_sets: claim_sets(open),
        })
    }
}

/// All claims, or only those that every licence has; empty when these are the same.
fn claim_sets(claims: &[ClaimWant]) -> Vec<Vec<String>> {
    let required: Vec<_> = claims.iter().filter(|claim| claim.required).map(|claim| claim.name.clone()).collect();
    if required.is_empty() || required.len() == claims.len() {
        return Vec::new();
    }
    vec![claims.iter().map(|claim| claim.name.clone()).collect(), required]
}

/// Every query of a request, in the order of preference.
pub fn offered<'a>(wants: &'a [Want], formats: &[Format]) -> Vec<Offered<'a>> {
    let mut offered = Vec::new();
    for want in wants {
        for option in &want.options {
            let name =
                if want.options.len() == 1 { want.id.clone() } else { format!("{}_{}", want.id, option.type_code) };
            // A statement tells less than the field that it is about, so it comes first.
            let order = if option.statement { [Format::Compact, Format::SdJwt, Format::Ldp] } else { Format::ALL };
            let possible =
                |format: &Format| formats.contains(format) && !(*format == Format::Compact && option.view.is_empty());
            offered.extend(order.into_iter().filter(possible).map(|format| Offered {
                id: format!("{name}{}", suffix(format)),
                format,
                want,
                option,
            }));
        }
    }
    offered
}

/// The public origins of the cities whose licences of a type are accepted.
pub type Bases<'a> = dyn Fn(&TypeCode) -> Vec<String> + 'a;

/// The query for some wants.
pub fn query(wants: &[Want], formats: &[Format], bases: &Bases<'_>) -> Result<Query, Error> {
    let offered = offered(wants, formats);
    let credentials = offered.iter().map(|one| one.option.query(one, bases)).collect::<Result<_, _>>()?;
    let of = |want: &Want| {
        let own = offered.iter().filter(|one| one.want.id == want.id);
        CredentialSet { options: own.map(|one| vec![one.id.clone()]).collect(), required: want.required }
    };
    let sets: Vec<_> = wants.iter().map(of).collect();
    let plain = sets.iter().all(|set| set.required && set.options.len() == 1);
    Ok(Query { credentials, sets: if plain { Vec::new() } else { sets } })
}

fn unknown(credential_type: &CredentialType, what: &str) -> Error {
    Error::new(ErrorKind::Refused, format!("{} has no {what}", credential_type.code())).says(
        format!("{} 没有字段或视图“{what}”。", credential_type.label().zh),
        format!("{} has no field or view “{what}”.", credential_type.label().en),
    )
}
