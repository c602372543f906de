//! What a credential type must keep to be published: a type with a mistake would be signed into thousands of licences.
//!
//! Each rule has a frozen name and a test in which a broken type is refused by it.

use std::collections::BTreeSet;

use crate::base::codes::CertificateTypeCode;
use crate::base::json::{Map, Value, json};
use crate::base::text::Label;
use crate::base::time::parse_date;

use super::annotation::{
    Annotation, Field, FieldFormat, HolderMode, Kind, NumberSource, Op, Predicate, Source, ValidityKind, View,
};
use super::credential_type::read_annotation;
use super::numbering::{Part, parts};
use super::row::Issuing;
use super::{Obligation, Shared};

/// One rule that a type breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleProblem {
    /// The rule's frozen name.
    pub rule: &'static str,
    /// Where and how, in technical English.
    pub detail: String,
}

/// Names that the formats of credentials use themselves: JSON-LD and VCDM 2.0, JWT and SD-JWT VC.
const RESERVED: [&str; 24] = [
    "id",
    "type",
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "cnf",
    "vct",
    "status",
    "_sd",
    "_sd_alg",
    "heldBy",
    "certificate",
    "relation",
    "issuer",
    "holder",
    "proof",
    "credentialSubject",
    "credentialStatus",
    "evidence",
    "vc",
];
/// Most claims of the view `basic`, and most characters of them together (a text counts at most [`USUAL_TEXT`]): it has
/// to fit into a code that a camera reads at once.
const BASIC_CLAIMS: usize = 6;
const BASIC_CHARACTERS: u64 = 300;
const USUAL_TEXT: u64 = 60;
/// What a code, date or number takes.
const USUAL_CODE: u64 = 20;
/// A status list may be a minute to a month old.
const STATUS_AGES: std::ops::RangeInclusive<u32> = 60..=2_678_400;

/// Checks a type's schema document by every rule; none broken = it may be published.
pub fn check(document: &Value, shared: &Shared) -> Result<(), Vec<RuleProblem>> {
    let annotation = match read_annotation(document) {
        Ok(annotation) => annotation,
        Err(error) => return Err(vec![RuleProblem { rule: "annotation", detail: error.detail }]),
    };
    let mut checker = Checker { document, said: &annotation, shared, problems: Vec::new() };
    checker.identity();
    checker.schema();
    checker.labels();
    checker.field_names();
    checker.properties();
    checker.formats();
    checker.masks();
    checker.views();
    checker.basic_view();
    checker.numbering();
    checker.validity();
    checker.holders();
    checker.agreement();
    checker.metadata();
    checker.status_age();
    if checker.problems.is_empty() { Ok(()) } else { Err(checker.problems) }
}

struct Checker<'a> {
    document: &'a Value,
    said: &'a Annotation,
    shared: &'a Shared,
    problems: Vec<RuleProblem>,
}

impl<'a> Checker<'a> {
    fn must(&mut self, holds: bool, rule: &'static str, detail: impl Into<String>) {
        if !holds {
            self.problems.push(RuleProblem { rule, detail: detail.into() });
        }
    }

    fn field(&self, name: &str) -> Option<&'a Field> {
        self.said.fields.iter().find(|field| field.name == name)
    }

    fn must_have_field(&mut self, name: Option<&String>, rule: &'static str) {
        if let Some(name) = name {
            self.must(self.field(name).is_some(), rule, format!("no field {name}"));
        }
    }

    fn property(&self, name: &str) -> Option<&'a Value> {
        self.document.get("$defs")?.get("subject")?.get("properties")?.get(name)
    }

    fn required(&self) -> BTreeSet<&'a str> {
        let names = self.document.pointer("/$defs/subject/required").and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// `identity`: `$id`, code, VC type, and the certificate type code agree.
    fn identity(&mut self) {
        let code = self.said.code.as_str();
        let id = format!("/schemas/credentials/{code}/{}", self.said.version);
        self.must(self.document.get("$id") == Some(&json!(id)), "identity", format!("$id must be {id}"));
        self.must(self.said.version > 0, "identity", "versions begin with 1");
        self.must(is_camel(code), "identity", "the code must be in camelCase");
        let (first, rest) = code.split_at_checked(1).unwrap_or_default();
        let vc_type = format!("{}{rest}", first.to_uppercase());
        self.must(self.said.vc_type == vc_type, "identity", format!("the VC type must be {vc_type}"));
        let (type_code, body) = (&self.said.certificate_type_code, &self.said.defined_by.code);
        let fits = CertificateTypeCode::parse(type_code).is_ok() && type_code.starts_with(body) && body.len() == 18;
        self.must(fits, "certificate-type-code", "must be the defining body's USCC and three digits");
        let constant = self.document.pointer("/properties/certificate/properties/certificateTypeCode/const");
        self.must(constant == Some(&json!(type_code)), "certificate-type-code", "the schema must fix it");
    }

    /// `schema`: the document is a schema with known formats and references; `strict-subject`: no foreign claims.
    fn schema(&mut self) {
        let compiled = self.shared.schemas.compile(self.document);
        self.must(compiled.is_ok(), "schema", compiled.err().map(|error| error.detail).unwrap_or_default());
        let strict = self.document.pointer("/$defs/subject/additionalProperties") == Some(&Value::Bool(false));
        self.must(strict, "strict-subject", "the subject must refuse additional properties");
        let constant = self.document.pointer("/properties/type/contains/const");
        self.must(constant == Some(&json!(self.said.vc_type)), "identity", "the schema must fix the VC type");
    }

    /// `labels`: everything people see has a name in Chinese and in English.
    fn labels(&mut self) {
        let said = self.said;
        let of_fields = said.fields.iter().flat_map(|field| std::iter::once(&field.label).chain(field.unit.as_ref()));
        let of_views = said.views.iter().map(|view| &view.label);
        for label in [&said.name, &said.issuer.label].into_iter().chain(of_fields).chain(of_views) {
            self.must(is_label(label), "labels", format!("zh and en are needed: {} / {}", label.zh, label.en));
        }
    }

    /// `field-names`: unique, in camelCase, and none that a format of credentials uses itself.
    fn field_names(&mut self) {
        let mut seen = BTreeSet::new();
        for field in &self.said.fields {
            let name = field.name.as_str();
            self.must(seen.insert(name), "field-names", format!("{name} is there twice"));
            self.must(is_camel(name), "field-names", format!("{name} is not in camelCase"));
            self.must(!RESERVED.contains(&name), "field-names", format!("{name} has a meaning of its own"));
        }
        self.must(!seen.is_empty(), "field-names", "a type has fields");
    }

    /// `field-property`: fields and the subject's properties are the same, and what is required is a field.
    fn properties(&mut self) {
        for field in &self.said.fields {
            let there = self.property(&field.name).is_some();
            self.must(there, "field-property", format!("{} has no property", field.name));
        }
        let properties = self.document.pointer("/$defs/subject/properties").and_then(Value::as_object);
        for name in properties.into_iter().flat_map(Map::keys) {
            let known = self.field(name).is_some() || name == "id" || name == "heldBy";
            self.must(known, "field-property", format!("{name} is no field"));
        }
        for name in self.required() {
            self.must(self.field(name).is_some(), "field-property", format!("{name} is required and no field"));
        }
    }

    /// `field-format`: the property says the same as the field's format.
    fn formats(&mut self) {
        for field in &self.said.fields {
            let Some(property) = self.property(&field.name) else { continue };
            let fits = match (field.format, &field.list) {
                (FieldFormat::Code, Some(list)) => {
                    self.shared.lists.contains_key(list)
                        && property.get("$ref") == Some(&json!(format!("/schemas/code-lists#/$defs/{list}")))
                }
                (FieldFormat::Choice, None) => {
                    let choices = field.own_choices();
                    let values: Vec<_> = choices.iter().map(|choice| choice.value.as_str()).collect();
                    !values.is_empty() && property.get("enum") == Some(&json!(values))
                }
                (FieldFormat::Code, None) | (_, Some(_)) => false,
                (format, None) => property_fits(format, property),
            };
            self.must(fits, "field-format", format!("{}: property and format disagree", field.name));
        }
    }

    /// `masks`: what is sensitive is masked.
    fn masks(&mut self) {
        for field in &self.said.fields {
            let masked = !field.sensitive || field.mask.is_some();
            self.must(masked, "masks", format!("{} is sensitive and has no mask", field.name));
        }
    }

    /// `views`: `basic` and `full` are there, names are unique, what they name exists, predicates suit their fields.
    fn views(&mut self) {
        let mut seen = BTreeSet::new();
        for view in &self.said.views {
            self.must(seen.insert(&view.name), "views", format!("{} is there twice", view.name));
            self.must(is_kebab(&view.name), "views", format!("{} is not in kebab-case", view.name));
            self.must(!view.claims.is_empty() || !view.predicates.is_empty(), "views", "a view shows something");
            self.view(view);
        }
        for name in ["basic", "full"] {
            self.must(self.said.views.iter().any(|view| view.name == name), "views", format!("{name} is missing"));
        }
        let full = self.said.views.iter().find(|view| view.name == "full");
        for name in self.required() {
            let shown = full.is_none_or(|view| view.claims.iter().any(|claim| claim == name));
            self.must(shown, "views", format!("full must show {name}"));
        }
    }

    fn view(&mut self, view: &View) {
        let mut claims = BTreeSet::new();
        for claim in &view.claims {
            self.must(self.field(claim).is_some(), "views", format!("{}: no field {claim}", view.name));
            self.must(claims.insert(claim), "views", format!("{}: {claim} is there twice", view.name));
        }
        for predicate in &view.predicates {
            let name = &predicate.predicate;
            let free = is_camel(name) && self.field(name).is_none() && !RESERVED.contains(&name.as_str());
            self.must(free && claims.insert(name), "views", format!("{name} is not a free name"));
            let suits = self.field(&predicate.from).is_some_and(|field| suits(predicate, field));
            self.must(suits, "views", format!("{name} does not suit {}", predicate.from));
        }
    }

    /// `basic-size`: the smallest view fits a code.
    fn basic_view(&mut self) {
        let Some(basic) = self.said.views.iter().find(|view| view.name == "basic") else { return };
        self.must(basic.claims.len() <= BASIC_CLAIMS, "basic-size", format!("more than {BASIC_CLAIMS} claims"));
        let fields = basic.claims.iter().filter_map(|name| self.field(name));
        let sizes: Vec<u64> = fields.map(|field| self.usual_size(field)).collect();
        let total: u64 = sizes.iter().sum();
        self.must(total <= BASIC_CHARACTERS, "basic-size", format!("{total} characters, limit {BASIC_CHARACTERS}"));
    }

    fn usual_size(&self, field: &Field) -> u64 {
        let longest = self.max_length(field);
        if field.format == FieldFormat::Text && longest.is_none_or(|most| most > BASIC_CHARACTERS) {
            return BASIC_CHARACTERS;
        }
        let free =
            [FieldFormat::Text, FieldFormat::Url, FieldFormat::List, FieldFormat::Digest].contains(&field.format);
        if free { longest.unwrap_or(USUAL_TEXT).min(USUAL_TEXT) } else { USUAL_CODE }
    }

    fn max_length(&self, field: &Field) -> Option<u64> {
        self.property(&field.name)?.get("maxLength")?.as_u64()
    }

    /// `numbering`: a number can be made or is given, and what the template makes matches the pattern.
    fn numbering(&mut self) {
        let rule = &self.said.numbering;
        self.must_have_field(rule.field.as_ref(), "numbering");
        let made = matches!(rule.source, NumberSource::Sequence | NumberSource::Fields);
        self.must(made == rule.template.is_some(), "numbering", "a template belongs to made numbers, and only to them");
        self.must(made || rule.field.is_some(), "numbering", "a number that is given has a field");
        let Some(template) = &rule.template else { return };
        let counts = rule.source == NumberSource::Sequence;
        self.must(counts == rule.needs_sequence(), "numbering", "{seq:N} belongs to running numbers, and only to them");
        match parts(template) {
            Err(error) => self.must(false, "numbering", error.detail),
            Ok(parts) => {
                for part in parts {
                    if let Part::Field(name) = part {
                        self.must(self.field(name).is_some(), "numbering", format!("no field {name}"));
                    }
                }
                self.must(self.sample_matches(), "numbering", "what the template makes does not match the pattern");
            }
        }
    }

    fn sample_matches(&self) -> bool {
        let Some(pattern) = &self.said.numbering.pattern else { return false };
        let Ok(today) = parse_date("2026-03-01") else { return false };
        let issuing = Issuing {
            agency_name: "",
            agency_code: "",
            division: "430112",
            place: "望城区",
            province: "湘",
            today,
            sequence: Some(1),
            version: 1,
        };
        let sample = |field: &Field| {
            if field.format == FieldFormat::CitizenId { json!("430112199003074016") } else { json!("1") }
        };
        let fields: Map = self.said.fields.iter().map(|field| (field.name.clone(), sample(field))).collect();
        let number = self.said.numbering.write(&issuing, 1, &fields);
        let schema = self.shared.schemas.compile(&json!({"pattern": pattern}));
        matches!((number, schema), (Ok(number), Ok(schema)) if schema.is_valid(&json!(number)))
    }

    /// `validity`: the rule is whole, its fields are dates, and an attestation ends.
    fn validity(&mut self) {
        let rule = &self.said.validity;
        for name in [&rule.from, &rule.until, &rule.birth].into_iter().flatten() {
            let dated = self.field(name).is_some_and(|field| is_date(field.format));
            self.must(dated, "validity", format!("{name} is not a date"));
        }
        let whole = match rule.kind {
            ValidityKind::Permanent => !rule.has_term() && rule.bands.is_empty(),
            ValidityKind::Term => rule.has_term() && !rule.permanent,
            ValidityKind::Given => rule.has_term() || rule.permanent || rule.until.is_some(),
            ValidityKind::ByAge => rule.birth.is_some() && bands_are_whole(rule),
        };
        self.must(whole, "validity", "the rule is not whole");
        let enough = rule.max_days.is_none_or(|most| most >= rule.days && most > 0);
        self.must(enough, "validity", "the longest validity is shorter than the usual one");
        let ends = rule.kind == ValidityKind::Term || rule.kind == ValidityKind::Given && !rule.permanent;
        self.must(self.said.kind == Kind::Licence || ends, "validity", "an attestation must end");
        let bound = self.said.kind == Kind::Attestation || !rule.single_purpose;
        self.must(bound, "validity", "only attestations are bound to a purpose");
    }

    /// `agree`: fields that a citizen's number repeats are a number, a date and a code of the sexes.
    fn agreement(&mut self) {
        for said in &self.said.agree {
            let numbered = self.field(&said.number).map(|field| field.format);
            let fits = matches!(numbered, Some(FieldFormat::CitizenId | FieldFormat::IdentityCode));
            self.must(fits, "agree", format!("{} is no identity number", said.number));
            let born = said
                .birth
                .as_ref()
                .is_none_or(|name| self.field(name).is_some_and(|field| field.format == FieldFormat::Date));
            self.must(born, "agree", "the date of birth is no date");
            let sexed = said
                .sex
                .as_ref()
                .is_none_or(|name| self.field(name).is_some_and(|field| field.list.as_deref() == Some("sex")));
            self.must(sexed, "agree", "the sex is no code of the list sex");
            self.must(said.birth.is_some() || said.sex.is_some(), "agree", "nothing is held against the number");
        }
    }

    /// `holders`: who holds it is told by fields or columns, within bounds.
    fn holders(&mut self) {
        let rule = &self.said.holder;
        self.must(!rule.parties.is_empty(), "holders", "a licence has a holder");
        for party in &rule.parties {
            self.must_have_field(party.name.as_ref(), "holders");
            self.must_have_field(party.code.as_ref(), "holders");
            if let Some(code_type) = &party.code_type {
                let literal = code_type.len() == 3 && code_type.bytes().all(|c| c.is_ascii_digit());
                self.must(literal || self.field(code_type).is_some(), "holders", "no such type of code");
            }
        }
        self.must(rule.joint.is_some() == (rule.mode == HolderMode::Joint), "holders", "bounds belong to joint types");
        self.must(rule.mode != HolderMode::Subject || rule.parties.len() == 1, "holders", "one holder is one party");
        let held = rule.guardian || rule.mode == HolderMode::Relation;
        self.must(held == self.property("heldBy").is_some(), "holders", "heldBy belongs to held types");
        let Some(joint) = &rule.joint else { return };
        let bounds = 1 <= joint.min && joint.min <= joint.max && joint.max <= 100;
        let parties = rule.parties.len();
        self.must(bounds && (parties == 1 || parties == joint.max), "holders", "the bounds do not fit");
        for field in &self.said.fields {
            let listed = joint.per_holder.contains(&field.name);
            self.must(listed == field.per_holder, "holders", format!("{}: perHolder differs", field.name));
        }
        for name in &joint.per_holder {
            self.must(self.field(name).is_some(), "holders", format!("no field {name}"));
        }
    }

    /// `metadata`: every element of GB/T 36903 comes from somewhere, the mandatory ones from where they must.
    fn metadata(&mut self) {
        for element in &self.shared.elements {
            let source = self.said.metadata.get(&element.name);
            self.must(source.is_some(), "metadata", format!("{} is not mapped", element.name));
            let sure = !matches!(source, Some(Source::Row | Source::Copy | Source::Subject));
            let bound = element.obligation != Obligation::Mandatory || sure;
            self.must(bound, "metadata", format!("{} is mandatory", element.name));
            if let Some(Source::Field(name)) = source {
                self.must(self.field(name).is_some(), "metadata", format!("{}: no field {name}", element.name));
            }
        }
        for name in self.said.metadata.keys() {
            let known = self.shared.elements.iter().any(|element| element.name == *name);
            self.must(known, "metadata", format!("{name} is no element"));
        }
    }

    /// `status-age`: a minute to a month.
    fn status_age(&mut self) {
        let age = self.said.status_max_age;
        self.must(STATUS_AGES.contains(&age), "status-age", format!("{age} seconds"));
    }
}

fn is_label(label: &Label) -> bool {
    let full = |text: &str| !text.trim().is_empty() && text.trim() == text;
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    full(&label.zh) && full(&label.en) && !chinese(&label.en)
}

fn is_camel(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(|c| c.is_ascii_alphanumeric())
}

fn is_kebab(name: &str) -> bool {
    name.split('-').all(|part| !part.is_empty() && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

fn is_date(format: FieldFormat) -> bool {
    matches!(format, FieldFormat::Date | FieldFormat::DateOrPermanent | FieldFormat::Month | FieldFormat::Minute)
}

fn bands_are_whole(rule: &super::ValidityRule) -> bool {
    let ages: Vec<_> = rule.bands.iter().map(|band| band.under).collect();
    let rising =
        ages.windows(2).all(|pair| matches!(pair, [Some(a), Some(b)] if a < b) || matches!(pair, [Some(_), None]));
    let last = rule.bands.last().is_some_and(|band| band.under.is_none());
    rising && last && rule.bands.iter().all(|band| band.permanent != (band.years > 0))
}

/// Whether a property says what the format means; codes and choices are looked at elsewhere.
fn property_fits(format: FieldFormat, property: &Value) -> bool {
    let is = |keyword: &str, wanted: &str| property.get(keyword).and_then(Value::as_str) == Some(wanted);
    let bounded = |keyword: &str| property.get(keyword).is_some_and(Value::is_u64);
    let format_is = |name: &str| is("type", "string") && is("format", name);
    let patterned = is("type", "string") && property.get("pattern").is_some();
    match format {
        FieldFormat::Text => is("type", "string") && bounded("maxLength") && bounded("minLength"),
        FieldFormat::Pattern | FieldFormat::Decimal | FieldFormat::Digest => patterned,
        FieldFormat::Url => patterned && bounded("maxLength"),
        FieldFormat::Date => format_is("cn-date"),
        FieldFormat::DateOrPermanent => format_is("cn-date-or-permanent"),
        FieldFormat::Month => format_is("cn-month"),
        FieldFormat::Minute => format_is("cn-minute"),
        FieldFormat::Time => format_is("cn-time"),
        FieldFormat::CitizenId => format_is("cn-citizen-id"),
        FieldFormat::Uscc => format_is("uscc"),
        FieldFormat::IdentityCode => format_is("cn-holder-code"),
        FieldFormat::Division => format_is("cn-division"),
        FieldFormat::MatterCode => format_is("cn-matter-code"),
        FieldFormat::CaseNumber => format_is("cn-case-number"),
        FieldFormat::Integer => {
            is("type", "integer") && property.get("minimum").is_some() && property.get("maximum").is_some()
        }
        FieldFormat::Boolean => is("type", "boolean"),
        FieldFormat::List => is("type", "array") && bounded("maxItems"),
        FieldFormat::Code | FieldFormat::Choice => false,
    }
}

/// Whether a predicate compares what its field has.
fn suits(predicate: &Predicate, field: &Field) -> bool {
    let value = &predicate.value;
    let born = matches!(field.format, FieldFormat::Date | FieldFormat::Minute | FieldFormat::CitizenId);
    let counted = matches!(field.format, FieldFormat::Integer | FieldFormat::Decimal | FieldFormat::Code);
    match predicate.op {
        Op::AgeAtLeast | Op::AgeBelow => born && value.as_u64().is_some_and(|years| (1..=150).contains(&years)),
        Op::AtMost | Op::AtLeast => counted && value.is_number(),
        Op::Equal => value.is_string() || value.is_boolean(),
        Op::In | Op::Class => {
            value.as_array().is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_string))
        }
        Op::Contains => field.format == FieldFormat::Text && value.as_str().is_some_and(|text| !text.is_empty()),
        Op::Present => value.is_null(),
    }
}

#[cfg(test)]
mod tests;
