//! Matters, 政务服务事项: what people come for, what each needs and what it gives.
//!
//! A matter names its requirements (a licence, any of several licences, or a form), its limits in working days and the
//! credential that is its result, so that the path closes on its own beginning. Fields follow GB/T 39046-2020 table 4.
//! What it is not: an application; and loading checks only the form — `matter_rules` says what may be published.
//!
//! Read on in [`words`] (the code lists) and [`catalogue`] (the shipped matters).

pub mod catalogue;
pub mod search;
pub mod words;

use serde::{Deserialize, Serialize};

use crate::base::codes::{BasicCode, MatterCode};
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::text::Label;

pub use catalogue::Catalogue;
pub use words::{
    Applicant, CaseType, HandlingForm, MatterType, Mode, Online, ResultKind, Review, Scope, SpecialKind, Unit, Whose,
};

/// One matter of one agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Matter {
    /// The 31-character implementation code, 实施编码.
    pub code: MatterCode,
    /// The 12-digit basic code, 基本编码.
    pub basic_code: BasicCode,
    /// The name people know.
    pub name: Label,
    /// The agency that decides.
    pub agency: AgencyCode,
    /// The kind of administrative act.
    pub matter_type: MatterType,
    /// Decided at once or by a promised day.
    pub case_type: CaseType,
    /// How it is examined.
    pub review: Review,
    /// The mode of handling it offers beyond the standard one.
    pub mode: Mode,
    /// Legal and promised limits.
    pub limits: Limits,
    /// Who may apply.
    pub applicants: Vec<Applicant>,
    /// How often the applicant must come, 到办事现场次数.
    pub visits: u8,
    /// Why, when not 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit_reason: Option<Label>,
    /// Ways to apply.
    pub forms: Vec<HandlingForm>,
    /// How far it goes online.
    pub online: Online,
    /// Where else it may be applied for, 通办范围.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// What the applicant must show.
    pub requirements: Vec<Requirement>,
    /// Credential types issued when granted.
    pub results: Vec<TypeCode>,
    /// What the result is called.
    pub result_name: Label,
    /// How the matter ends, 审批结果类型.
    pub result_kind: ResultKind,
    /// Procedures whose time is not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special: Vec<SpecialProcedure>,
    /// A remark for applicants and clerks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Label>,
}

/// Limits in working days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// What the law allows, 法定办结时限; `None` where it sets no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statutory: Option<u16>,
    /// What the agency promises, 承诺办结时限; 0 = at once.
    pub promised: u16,
}

/// A procedure whose time is not counted (行政许可法 Art. 45).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialProcedure {
    /// The kind of suspension.
    pub kind: SpecialKind,
    /// Its own limit.
    pub days: u16,
    /// What the days count.
    pub unit: Unit,
    /// What it is called.
    pub name: Label,
}

/// One thing the applicant must show, 申请材料.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Row", into = "Row")]
pub struct Requirement {
    /// Unique within the matter; `idCard`, `any-1`, `form-2`.
    pub id: String,
    /// What is asked for.
    pub material: Material,
    /// Whose licence it must be.
    pub whose: Whose,
    /// The one fact that is needed of the licence, by the name its type gives it: `ageOver65`.
    pub predicate: Option<String>,
    /// May be missing at acceptance for this many working days, 容缺.
    pub tolerable_days: Option<u16>,
    /// A signed commitment may stand in its place, 告知承诺.
    pub replaceable: bool,
    /// What to call it when the type's name says too little.
    pub label: Option<Label>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Material {
    /// A licence of this type.
    Credential(TypeCode),
    /// A licence of any of these types.
    AnyOf(Vec<TypeCode>),
    /// A document that no licence replaces, filled in or brought.
    Form(Label),
}

impl Requirement {
    /// The credential types that meet the requirement; none for a form.
    pub fn types(&self) -> &[TypeCode] {
        match &self.material {
            Material::Credential(one) => std::slice::from_ref(one),
            Material::AnyOf(types) => types,
            Material::Form(_) => &[],
        }
    }

    /// Whether the case may be accepted while this is missing.
    pub fn is_tolerable(&self) -> bool {
        self.tolerable_days.is_some()
    }
}

impl Matter {
    /// The requirement with this identifier.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|requirement| requirement.id == id)
    }
}

/// A requirement as files spell it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Row {
    id: String,
    kind: Kind,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    one: Option<TypeCode>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    types: Vec<TypeCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Label>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<Label>,
    #[serde(default, skip_serializing_if = "Whose::is_applicant")]
    whose: Whose,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    predicate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tolerable_days: Option<u16>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    replaceable: bool,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Credential,
    AnyOf,
    Form,
}

impl TryFrom<Row> for Requirement {
    type Error = String;

    fn try_from(row: Row) -> Result<Self, String> {
        let material = match (row.kind, row.one, row.types.is_empty(), row.name) {
            (Kind::Credential, Some(one), true, None) => Material::Credential(one),
            (Kind::AnyOf, None, false, None) => Material::AnyOf(row.types),
            (Kind::Form, None, true, Some(name)) => Material::Form(name),
            _ => return Err(format!("requirement {}: give `type`, `types` or `name`, as its kind asks", row.id)),
        };
        Ok(Self {
            id: row.id,
            material,
            whose: row.whose,
            predicate: row.predicate,
            tolerable_days: row.tolerable_days,
            replaceable: row.replaceable,
            label: row.label,
        })
    }
}

impl From<Requirement> for Row {
    fn from(requirement: Requirement) -> Self {
        let (kind, one, types, name) = match requirement.material {
            Material::Credential(one) => (Kind::Credential, Some(one), Vec::new(), None),
            Material::AnyOf(types) => (Kind::AnyOf, None, types, None),
            Material::Form(name) => (Kind::Form, None, Vec::new(), Some(name)),
        };
        Self {
            id: requirement.id,
            kind,
            one,
            types,
            name,
            label: requirement.label,
            whose: requirement.whose,
            predicate: requirement.predicate,
            tolerable_days: requirement.tolerable_days,
            replaceable: requirement.replaceable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(json: &str) -> Result<Requirement, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn the_three_kinds_of_requirement_read_and_print_the_same() {
        for text in [
            r#"{"id":"idCard","kind":"credential","type":"idCard","whose":"parents","predicate":"ageOver65"}"#,
            r#"{"id":"any-1","kind":"anyOf","types":["realEstate","education"],"tolerableDays":5,"replaceable":true}"#,
            r#"{"id":"form-1","kind":"form","name":{"zh":"设计方案","en":"Design scheme"}}"#,
        ] {
            assert_eq!(serde_json::to_string(&requirement(text).unwrap()).unwrap(), text);
        }
    }

    #[test]
    fn a_requirement_tells_which_types_meet_it() {
        let any = requirement(r#"{"id":"any-1","kind":"anyOf","types":["realEstate","education"]}"#).unwrap();
        assert_eq!(any.types().len(), 2);
        assert!(!any.is_tolerable());
        let form = requirement(r#"{"id":"f","kind":"form","name":{"zh":"表","en":"Form"}}"#).unwrap();
        assert!(form.types().is_empty());
    }

    #[test]
    fn a_requirement_whose_members_do_not_fit_its_kind_is_refused() {
        for text in [
            r#"{"id":"a","kind":"credential"}"#,
            r#"{"id":"a","kind":"credential","types":["idCard"]}"#,
            r#"{"id":"a","kind":"anyOf","types":[]}"#,
            r#"{"id":"a","kind":"form","type":"idCard"}"#,
            r#"{"id":"a","kind":"paper","type":"idCard"}"#,
            r#"{"id":"a","kind":"credential","type":"idCard","colour":"red"}"#,
        ] {
            assert!(requirement(text).is_err(), "{text}");
        }
    }
}
