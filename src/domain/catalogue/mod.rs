//! The catalogue of credential types: what a city may issue, read from the schema files.
//!
//! What it is: one [`CredentialType`] per file of `schemas/credentials`, with everything that issuing, the pages and
//! verification need to know about it: fields, code lists, masks, views, numbering, validity, holders, metadata.
//! What it is not: the trust registry (which agency may issue which type), and not the register of issued licences.
//!
//! Read in this order: [`annotation`] and [`field`] (what a file says), [`credential_type`] (a type ready for use), [`row`] with
//! [`cell`], [`numbering`], [`validity`], [`holders`] and [`fault`] (a row of an agency's table becomes subject and metadata), [`views`] and
//! [`display`] (what of it is shown), [`rules`] (what a type must keep to be published), [`context`] (the JSON-LD
//! context of all types), [`formats`] and [`embedded`].

pub mod annotation;
pub mod cell;
pub mod context;
pub mod credential_type;
pub mod display;
pub mod embedded;
pub mod fault;
pub mod field;
mod filling;
pub mod formats;
pub mod holders;
pub mod numbering;
pub mod row;
pub mod rules;
pub mod validity;
pub mod views;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use crate::base::error::ParseError;
use crate::base::json::{self, Limits, Map, Value, json};
use crate::base::text::Label;
use crate::vc::schema::{Schema, Schemas};

pub use annotation::{
    Annotation, Choice, Field, FieldFormat, HolderCategory, HolderMode, Kind, Mask, Numbering, Predicate, Unique,
    ValidityRule, View,
};
pub use credential_type::CredentialType;
pub use fault::{Fault, RowError};
pub use formats::PERMANENT;
pub use holders::Holder;
pub use row::{Filled, Issuing};
pub use validity::Validity;

/// Whether an issuer must give a metadata element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Obligation {
    /// Mandatory.
    #[serde(rename = "M")]
    Mandatory,
    /// Conditional.
    #[serde(rename = "C")]
    Conditional,
    /// Optional.
    #[serde(rename = "O")]
    Optional,
}

/// One metadata element of GB/T 36903.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Element {
    /// Its name, `certificateNumber`.
    #[serde(skip)]
    pub name: String,
    /// What to call it.
    pub label: Label,
    /// Whether it must be there.
    pub obligation: Obligation,
    /// Its form in exchange files.
    pub exchange_format: String,
    /// Its short name in exchange files, `ZZBH`.
    #[serde(default)]
    pub xml_name: Option<String>,
}

/// What all types share: code lists, metadata elements, and the documents their schemas refer to.
#[derive(Debug)]
pub struct Shared {
    /// The code lists by name.
    pub lists: BTreeMap<String, Arc<[Choice]>>,
    /// The metadata elements, by name.
    pub elements: Vec<Element>,
    pub(crate) schemas: Schemas,
    pub(crate) certificate: Schema,
    documents: BTreeMap<&'static str, &'static str>,
}

impl Shared {
    /// Reads the compiled-in documents.
    pub fn embedded() -> Result<Self, ParseError> {
        let metadata = parse(embedded::METADATA)?;
        let lists = parse(embedded::CODE_LISTS)?;
        let documents =
            BTreeMap::from([("certificate-metadata", embedded::METADATA), ("code-lists", embedded::CODE_LISTS)]);
        let (labels, elements) = (read_lists(&lists)?, read_elements(&metadata)?);
        let schemas = Schemas::new(
            [("/schemas/certificate-metadata".to_owned(), metadata), ("/schemas/code-lists".to_owned(), lists)],
            formats::FORMATS,
        )?;
        let certificate = schemas.compile(&json!({"$ref": "/schemas/certificate-metadata#/$defs/certificate"}))?;
        Ok(Self { lists: labels, elements, schemas, certificate, documents })
    }
}

fn parse(text: &str) -> Result<Value, ParseError> {
    json::parse(text.as_bytes(), &Limits::DEFAULT)
}

fn members<'a>(document: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    document.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

fn unreadable(error: &serde_json::Error) -> ParseError {
    ParseError::new("catalogue_malformed", error.to_string())
}

fn read_lists(document: &Value) -> Result<BTreeMap<String, Arc<[Choice]>>, ParseError> {
    members(document, "/$defs")
        .map(|(name, list)| {
            let labels = list.pointer("/x-certless/labels").unwrap_or(&Value::Null);
            Ok((name.clone(), Vec::<Choice>::deserialize(labels).map_err(|error| unreadable(&error))?.into()))
        })
        .collect()
}

fn read_elements(document: &Value) -> Result<Vec<Element>, ParseError> {
    members(document, "/$defs/certificate/properties")
        .map(|(name, property)| {
            let said = property.get("x-certless").unwrap_or(&Value::Null);
            let element = Element::deserialize(said).map_err(|error| unreadable(&error))?;
            Ok(Element { name: name.clone(), ..element })
        })
        .collect()
}

/// All types, found by any of their names.
#[derive(Debug)]
pub struct Catalogue {
    shared: Arc<Shared>,
    types: Vec<Arc<CredentialType>>,
    by_name: BTreeMap<String, Arc<CredentialType>>,
}

impl Catalogue {
    /// The compiled-in catalogue, read once per process (a few milliseconds).
    pub fn embedded() -> Result<&'static Self, ParseError> {
        static CATALOGUE: OnceLock<Result<Catalogue, ParseError>> = OnceLock::new();
        CATALOGUE.get_or_init(|| Self::load(&embedded::TYPES)).as_ref().map_err(Clone::clone)
    }

    /// Reads types from the texts of their schema files; `catalogue_malformed` when one cannot be used and
    /// `catalogue_duplicate` when two share a name. The rules of publication are [`rules::check`]'s.
    pub fn load(texts: &[&'static str]) -> Result<Self, ParseError> {
        let shared = Arc::new(Shared::embedded()?);
        let mut catalogue = Self { shared: Arc::clone(&shared), types: Vec::new(), by_name: BTreeMap::new() };
        for text in texts {
            catalogue.add(CredentialType::read(text, &shared)?)?;
        }
        catalogue.types.sort_by(|a, b| a.code().cmp(b.code()));
        Ok(catalogue)
    }

    fn add(&mut self, kind: CredentialType) -> Result<(), ParseError> {
        let kind = Arc::new(kind);
        let path = kind.schema_path();
        for name in [kind.code(), kind.vc_type(), kind.certificate_type_code(), path.as_str()] {
            if self.by_name.insert(name.to_owned(), Arc::clone(&kind)).is_some() {
                return Err(ParseError::new("catalogue_duplicate", format!("two types are called {name}")));
            }
        }
        self.types.push(kind);
        Ok(())
    }

    /// Every type, by code.
    pub fn types(&self) -> &[Arc<CredentialType>] {
        &self.types
    }

    /// A type by its code (`idCard`), its VC type (`IdCard`), its certificate type code (21 characters), or the path of
    /// its schema (`/schemas/credentials/idCard/1`).
    pub fn find(&self, name: &str) -> Option<&Arc<CredentialType>> {
        self.by_name.get(name)
    }

    /// A type by the address of its schema, which is also the `vct` of its SD-JWT form; only addresses below `base`
    /// (no slash at its end) are ours.
    pub fn find_url(&self, base: &str, url: &str) -> Option<&Arc<CredentialType>> {
        url.strip_prefix(base).filter(|path| path.starts_with('/')).and_then(|path| self.find(path))
    }

    /// The type of a credential, from the members of its `type`; `None` when none or several are known.
    pub fn find_types<'a>(&self, types: impl IntoIterator<Item = &'a str>) -> Option<&Arc<CredentialType>> {
        let mut known = types.into_iter().filter_map(|name| self.find(name).filter(|kind| kind.vc_type() == name));
        known.next().filter(|_| known.next().is_none())
    }

    /// What all types share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The text of a shared schema document, `certificate-metadata` or `code-lists`, as published.
    pub fn shared_document(&self, name: &str) -> Option<&'static str> {
        self.shared.documents.get(name).copied()
    }
}

/// The `credentialSubject` as subjects: one object, or the objects of an array.
pub fn subjects(credential: &Map) -> Vec<&Map> {
    match credential.get("credentialSubject") {
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_object).collect(),
        Some(Value::Object(one)) => vec![one],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_42_types_load_and_are_found_by_every_name() {
        let catalogue = Catalogue::embedded().unwrap();
        assert_eq!(catalogue.types().len(), 42);
        assert_eq!(catalogue.types().iter().map(|kind| kind.fields().len()).sum::<usize>(), 409);
        let card = catalogue.find("idCard").unwrap();
        for name in ["IdCard", "11430112MB0DEM0176001", "/schemas/credentials/idCard/1"] {
            assert!(Arc::ptr_eq(card, catalogue.find(name).unwrap()), "{name}");
        }
        assert!(catalogue.find("idcard").is_none());
    }

    #[test]
    fn a_schema_address_counts_only_below_our_base() {
        let catalogue = Catalogue::embedded().unwrap();
        let url = catalogue.find("marriage").unwrap().schema_url("https://city.example");
        assert_eq!(url, "https://city.example/schemas/credentials/marriage/1");
        assert_eq!(catalogue.find_url("https://city.example", &url).unwrap().code(), "marriage");
        assert!(catalogue.find_url("https://other.example", &url).is_none());
        assert!(catalogue.find_url("https://city.example", "https://city.exampleidCard").is_none());
    }

    #[test]
    fn a_credential_of_two_known_types_has_none() {
        let catalogue = Catalogue::embedded().unwrap();
        assert_eq!(catalogue.find_types(["VerifiableCredential", "Birth"]).unwrap().code(), "birth");
        assert!(catalogue.find_types(["VerifiableCredential", "Birth", "IdCard"]).is_none());
        assert!(catalogue.find_types(["VerifiableCredential", "birth"]).is_none());
    }

    #[test]
    fn the_35_metadata_elements_are_known_with_their_obligations() {
        let shared = Shared::embedded().unwrap();
        assert_eq!(shared.elements.len(), 35);
        let count = |obligation| shared.elements.iter().filter(|element| element.obligation == obligation).count();
        assert_eq!(count(Obligation::Mandatory), 14);
        assert_eq!(count(Obligation::Conditional), 7);
        assert_eq!(count(Obligation::Optional), 14);
    }

    #[test]
    fn two_types_of_one_name_are_refused() {
        let [first, ..] = embedded::TYPES;
        assert_eq!(Catalogue::load(&[first, first]).unwrap_err().code, "catalogue_duplicate");
    }
}
