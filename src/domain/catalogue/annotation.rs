//! What a type's schema file says beyond JSON Schema: the members of its `x-certless` keyword, as types.
//!
//! Unknown members are refused, so a misspelt rule cannot be silently without effect. What the file means as a whole is
//! checked by [`super::rules`]; here only its shape.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::base::id::TypeCode;
use crate::base::text::Label;

pub use super::field::{Choice, Fallback, Field, FieldFormat, Mask, Op, Predicate, View};

/// The whole of `x-certless`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Annotation {
    /// The type's code, `idCard`.
    pub code: TypeCode,
    /// The schema's version, from 1.
    pub version: u32,
    /// The member of the credential's `type`, `IdCard`.
    #[serde(rename = "type")]
    pub vc_type: String,
    /// The name on the licence.
    pub name: Label,
    /// Licence or attestation.
    pub kind: Kind,
    /// Who issues it.
    pub issuer: IssuerRule,
    /// 证照类型代码: the defining body's USCC and a three-digit serial (GB/T 36904).
    pub certificate_type_code: String,
    /// The body that defines the type.
    pub defined_by: Body,
    /// Who holds it.
    pub holder: HolderRule,
    /// How licence numbers are given.
    pub numbering: Numbering,
    /// How long it is valid.
    pub validity: ValidityRule,
    /// How old a status list may be when this type is verified, in seconds.
    pub status_max_age: u32,
    /// Where each metadata element of GB/T 36903 comes from.
    pub metadata: BTreeMap<String, Source>,
    /// What a citizen's number says again and must say alike.
    #[serde(default)]
    pub agree: Vec<Agreement>,
    /// The fields in the order of the paper licence.
    pub fields: Vec<Field>,
    /// The named views, `basic` first.
    pub views: Vec<View>,
}

/// Licence (证照, long-lived) or attestation (证明, bound to a purpose, short-lived).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// 证照.
    Licence,
    /// 证明.
    Attestation,
}

/// Which sectors issue the type.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerRule {
    /// The sectors' Chinese names; empty = any agency.
    pub sectors: Vec<String>,
    /// What to call them on pages.
    pub label: Label,
}

/// A public body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Its Chinese name.
    pub name: String,
    /// Its USCC.
    pub code: String,
}

/// Natural persons, organisations, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HolderCategory {
    /// 自然人.
    Natural,
    /// 法人和其他组织.
    Legal,
    /// 混合.
    Mixed,
}

impl HolderCategory {
    /// The value of `certificateHolderCategory`.
    pub fn standard_name(self) -> &'static str {
        match self {
            Self::Natural => "自然人",
            Self::Legal => "法人和其他组织",
            Self::Mixed => "混合",
        }
    }
}

/// How holder and subject relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HolderMode {
    /// One holder, who is the subject.
    #[serde(rename = "self")]
    Subject,
    /// Several holders, each a subject of its own: `credentialSubject` is an array.
    Joint,
    /// The holders are others than the subject and stand in its `heldBy`.
    Relation,
}

/// Who holds a licence of the type.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolderRule {
    /// Persons, organisations or both.
    pub category: HolderCategory,
    /// Holder and subject.
    pub mode: HolderMode,
    /// The holders and the fields that name them; a joint type with one party has one per co-owner.
    pub parties: Vec<Party>,
    /// The bounds of a joint type.
    #[serde(default)]
    pub joint: Option<Joint>,
    /// A guardian may hold it for a minor.
    #[serde(default)]
    pub guardian: bool,
    /// The applicant signs it, not an agency.
    #[serde(default)]
    pub signer: Option<Signer>,
}

/// Who signs a credential when no agency does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signer {
    /// The applicant.
    Applicant,
}

/// One holder; what no field says comes from the columns `certificateHolderName`, `certificateHolderCode`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Party {
    /// `self`, `spouse`, `owner`, `mother`, `father`.
    pub relation: String,
    /// The field with the holder's name.
    #[serde(default)]
    pub name: Option<String>,
    /// The field with the holder's identity code.
    #[serde(default)]
    pub code: Option<String>,
    /// The code's type: three digits of GB/T 36903, or the field that has them; otherwise told from the code.
    #[serde(default)]
    pub code_type: Option<String>,
    /// Whether the holder may be missing.
    #[serde(default)]
    pub optional: bool,
}

/// The bounds of a joint credential.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Joint {
    /// Fewest holders.
    pub min: usize,
    /// Most holders.
    pub max: usize,
    /// The fields that differ from holder to holder.
    pub per_holder: Vec<String>,
}

/// Where a licence number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NumberSource {
    /// The agency counts.
    Sequence,
    /// It is the holder's own code.
    Holder,
    /// It is put together from other fields.
    Fields,
    /// Every row brings it.
    Given,
}

/// What a licence number is unique with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Unique {
    /// Alone, within the type.
    #[serde(rename = "number")]
    Number,
    /// Together with the holder's code (every member of a household has its number).
    #[serde(rename = "number+holder")]
    NumberAndHolder,
}

/// How licence numbers are given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbering {
    /// Where they come from.
    pub source: NumberSource,
    /// The field that has the number; none = only in the metadata.
    #[serde(default)]
    pub field: Option<String>,
    /// The regular expression that every number matches.
    #[serde(default)]
    pub pattern: Option<String>,
    /// How a number is made; see [`super::numbering`].
    #[serde(default)]
    pub template: Option<String>,
    /// What it is unique with.
    pub unique: Unique,
}

/// The kinds of validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ValidityKind {
    /// 长期.
    Permanent,
    /// A fixed time.
    Term,
    /// By the holder's age on the first day.
    ByAge,
    /// Every row brings it; the term, or 长期 where allowed, otherwise.
    Given,
}

/// How long a licence is valid.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValidityRule {
    /// The kind.
    pub kind: ValidityKind,
    /// Years of the term.
    #[serde(default)]
    pub years: u16,
    /// Months of the term.
    #[serde(default)]
    pub months: u16,
    /// Days of the term.
    #[serde(default)]
    pub days: u16,
    /// The longest validity a row may ask for, in days.
    #[serde(default)]
    pub max_days: Option<u16>,
    /// Whether a row may say 长期.
    #[serde(default)]
    pub permanent: bool,
    /// The terms by age, youngest first.
    #[serde(default)]
    pub bands: Vec<AgeBand>,
    /// The field with the date of birth.
    #[serde(default)]
    pub birth: Option<String>,
    /// The field with the first day; the day of issue otherwise.
    #[serde(default)]
    pub from: Option<String>,
    /// The field with the last day.
    #[serde(default)]
    pub until: Option<String>,
    /// Bound to the purpose it was issued for.
    #[serde(default)]
    pub single_purpose: bool,
}

/// The term for holders below an age.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgeBand {
    /// The first age that is too old; none = all others.
    #[serde(default)]
    pub under: Option<u8>,
    /// Years of the term.
    #[serde(default)]
    pub years: u16,
    /// 长期.
    #[serde(default)]
    pub permanent: bool,
}

/// Fields that repeat what stands in a 公民身份号码 (GB 11643): the date of birth, the sex.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// The field with the number; a number of another kind says nothing.
    pub number: String,
    /// The field with the date of birth.
    #[serde(default)]
    pub birth: Option<String>,
    /// The field with the sex, a code of GB/T 2261.1.
    #[serde(default)]
    pub sex: Option<String>,
}

/// Where a metadata element comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Source {
    /// The type's name.
    TypeName,
    /// The type's code.
    TypeCode,
    /// The name of the defining body.
    DefinedByName,
    /// The code of the defining body.
    DefinedByCode,
    /// The category of holder.
    HolderCategory,
    /// The identifier given at issuance.
    Identifier,
    /// The version given at issuance.
    Version,
    /// The day of issuance.
    IssuedDate,
    /// The status at issuance.
    Status,
    /// The issuing agency's name.
    IssuerName,
    /// The issuing agency's USCC.
    IssuerCode,
    /// The issuing agency's division.
    IssuerDivision,
    /// The licence number.
    Number,
    /// The holders' names.
    HolderName,
    /// The holders' codes.
    HolderCode,
    /// The types of the holders' codes.
    HolderCodeType,
    /// The names of those types.
    HolderCodeTypeName,
    /// The first day of validity.
    ValidFrom,
    /// The last day of validity.
    ValidUntil,
    /// A field of the type.
    Field(String),
    /// The row's column of that name, when it has one.
    Row,
    /// Only annotated copies carry it.
    Copy,
    /// The credential's subject stands for it.
    Subject,
}

impl TryFrom<String> for Source {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Some(field) = text.strip_prefix("field:") {
            return Ok(Self::Field(field.to_owned()));
        }
        Ok(match text.as_str() {
            "type.name" => Self::TypeName,
            "type.code" => Self::TypeCode,
            "type.definedBy.name" => Self::DefinedByName,
            "type.definedBy.code" => Self::DefinedByCode,
            "type.holderCategory" => Self::HolderCategory,
            "issuance.identifier" => Self::Identifier,
            "issuance.version" => Self::Version,
            "issuance.date" => Self::IssuedDate,
            "issuance.status" => Self::Status,
            "issuer.name" => Self::IssuerName,
            "issuer.code" => Self::IssuerCode,
            "issuer.division" => Self::IssuerDivision,
            "number" => Self::Number,
            "holder.name" => Self::HolderName,
            "holder.code" => Self::HolderCode,
            "holder.codeType" => Self::HolderCodeType,
            "holder.codeTypeName" => Self::HolderCodeTypeName,
            "validity.from" => Self::ValidFrom,
            "validity.until" => Self::ValidUntil,
            "row" => Self::Row,
            "copy" => Self::Copy,
            "subject" => Self::Subject,
            _ => return Err(format!("unknown source {text}")),
        })
    }
}
