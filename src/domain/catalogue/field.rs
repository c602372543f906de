//! What a type's schema file says about its fields and views; the second half of [`super::annotation`].

use std::sync::Arc;

use serde::Deserialize;

use crate::base::json::Value;
use crate::base::text::Label;

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldFormat {
    /// Free text.
    Text,
    /// Text that matches the property's `pattern`.
    Pattern,
    /// A code of a list.
    Code,
    /// One of the field's own options.
    Choice,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM-DD` or 长期.
    DateOrPermanent,
    /// `YYYY-MM`.
    Month,
    /// `YYYY-MM-DDThh:mm`, China Standard Time.
    Minute,
    /// `YYYY-MM-DDThh:mm:ss+08:00`.
    Time,
    /// A whole number.
    Integer,
    /// A decimal number as text, so that no digit is lost.
    Decimal,
    /// True or false.
    Boolean,
    /// A list of texts.
    List,
    /// 公民身份号码.
    CitizenId,
    /// 统一社会信用代码.
    Uscc,
    /// Any identity code of a person or organisation.
    IdentityCode,
    /// 行政区划代码.
    Division,
    /// 事项实施编码.
    MatterCode,
    /// 办件编号.
    CaseNumber,
    /// SHA-256 in hex.
    Digest,
    /// A web address.
    Url,
}

/// How a field's value is hidden on pages until it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mask {
    /// `张*`.
    Name,
    /// `430112********4016`.
    Code,
    /// Down to the district.
    Address,
    /// Only the year.
    Date,
    /// Nothing is shown.
    Full,
}

/// Where a field's value comes from when a row has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Fallback {
    /// The issuing agency's name.
    #[serde(rename = "issuer.name")]
    IssuerName,
}

/// One field of a licence.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Field {
    /// The claim's name.
    pub name: String,
    /// Its label on the licence.
    pub label: Label,
    /// How it is written.
    pub format: FieldFormat,
    /// The code list, for [`FieldFormat::Code`].
    #[serde(default)]
    pub list: Option<String>,
    /// The options, for [`FieldFormat::Choice`].
    #[serde(default)]
    options: Vec<ChoiceOption>,
    /// The unit of a number.
    #[serde(default)]
    pub unit: Option<Label>,
    /// Sensitive personal data: masked on pages.
    #[serde(default)]
    pub sensitive: bool,
    /// How it is masked.
    #[serde(default)]
    pub mask: Option<Mask>,
    /// Differs from holder to holder of a joint licence.
    #[serde(default)]
    pub per_holder: bool,
    /// The value when a row has none.
    #[serde(default)]
    pub default: Option<Fallback>,
    /// Whether every licence has it.
    #[serde(skip)]
    pub required: bool,
    /// Most characters; none = not bounded by length.
    #[serde(skip)]
    pub max_length: Option<u64>,
    /// What the value may be, for [`FieldFormat::Code`] and [`FieldFormat::Choice`].
    #[serde(skip)]
    pub choices: Arc<[Choice]>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChoiceOption {
    value: String,
    en: String,
}

impl Field {
    /// The field's own options as choices; empty for formats that have none.
    pub(super) fn own_choices(&self) -> Arc<[Choice]> {
        let choice = |option: &ChoiceOption| Choice {
            value: option.value.clone(),
            zh: option.value.clone(),
            en: option.en.clone(),
            aliases: Vec::new(),
        };
        self.options.iter().map(choice).collect()
    }
}

/// One value of a code list or a choice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What the credential says.
    pub value: String,
    /// What people read in Chinese.
    pub zh: String,
    /// What people read in English.
    pub en: String,
    /// Other spellings that rows may use.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// A named selection of claims, with predicates that say something without telling the value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// `basic`, `age-over-60`.
    pub name: String,
    /// What to call it.
    pub label: Label,
    /// The fields it shows.
    #[serde(default)]
    pub claims: Vec<String>,
    /// What it says about others.
    #[serde(default)]
    pub predicates: Vec<Predicate>,
}

/// A statement about a field: the claim `predicate` is true or false.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predicate {
    /// The claim's name, `ageOver60`.
    pub predicate: String,
    /// The field it is about.
    pub from: String,
    /// The comparison.
    pub op: Op,
    /// What the field is compared with.
    #[serde(default)]
    pub value: Value,
}

/// How a predicate compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Op {
    /// The age by the date of birth is at least the value.
    #[serde(rename = "age>=")]
    AgeAtLeast,
    /// The age is below the value.
    #[serde(rename = "age<")]
    AgeBelow,
    /// The field equals the value.
    #[serde(rename = "=")]
    Equal,
    /// The field is one of the values.
    #[serde(rename = "in")]
    In,
    /// The number is at most the value.
    #[serde(rename = "<=")]
    AtMost,
    /// The number is at least the value.
    #[serde(rename = ">=")]
    AtLeast,
    /// The text contains the value.
    #[serde(rename = "contains")]
    Contains,
    /// The vehicle classes include one of the values.
    #[serde(rename = "class")]
    Class,
    /// The field is there.
    #[serde(rename = "present")]
    Present,
}

impl Op {
    /// Whether the comparison depends on the day.
    pub fn is_age(self) -> bool {
        matches!(self, Self::AgeAtLeast | Self::AgeBelow)
    }
}
