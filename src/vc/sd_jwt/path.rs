//! Claim paths: how one claim, or a set of claims, of a credential is named.
//!
//! The form of SD-JWT VC (section "Claim Path") and of DCQL in OpenID4VP 1.0 (section 7): an array of names, array
//! positions and `null` for every element. Positions count as if everything were disclosed.

use std::fmt;

use crate::base::json::Value;
use crate::vc::finding::{Check, Code, Finding};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The member of an object.
    Name(String),
    /// The element of an array, counted from 0.
    Index(usize),
    /// Every element of an array.
    Every,
}

impl Step {
    fn covers(&self, other: &Self) -> bool {
        self == other || matches!((self, other), (Self::Every, Self::Index(_)) | (Self::Index(_), Self::Every))
    }
}

/// A claim, or with [`Step::Every`] a set of claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClaimPath(Vec<Step>);

impl ClaimPath {
    /// The path of the given steps.
    pub fn new(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    /// The path of a claim at the top level.
    pub fn top(name: &str) -> Self {
        Self(vec![Step::Name(name.to_owned())])
    }

    /// Reads the JSON form; invalid unless it is a non-empty array of strings, `null` and non-negative integers.
    pub fn from_json(value: &Value) -> Result<Self, Finding> {
        let wrong = || {
            Finding::invalid(
                Check::Parse,
                Code::ClaimUnknown,
                "a claim path is a non-empty array of names, positions and null",
            )
        };
        let steps = value.as_array().filter(|steps| !steps.is_empty()).ok_or_else(wrong)?;
        let step = |value: &Value| match value {
            Value::String(name) => Some(Step::Name(name.clone())),
            Value::Null => Some(Step::Every),
            Value::Number(number) => number.as_u64().and_then(|index| usize::try_from(index).ok()).map(Step::Index),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        steps.iter().map(step).collect::<Option<_>>().map(Self).ok_or_else(wrong)
    }

    /// The JSON form.
    pub fn to_json(&self) -> Value {
        let step = |step: &Step| match step {
            Step::Name(name) => Value::from(name.as_str()),
            Step::Index(index) => Value::from(*index),
            Step::Every => Value::Null,
        };
        self.0.iter().map(step).collect()
    }

    /// The steps from the top level down.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The name of the claim at the top level that the path starts in.
    pub fn first_name(&self) -> Option<&str> {
        match self.0.first() {
            Some(Step::Name(name)) => Some(name),
            Some(Step::Index(_) | Step::Every) | None => None,
        }
    }

    /// The path one step further down.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// Whether both name the same claim, `null` standing for any position.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.leads_to(other)
    }

    /// Whether `other` is the same claim or lies inside it.
    pub fn leads_to(&self, other: &Self) -> bool {
        self.0.len() <= other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a.covers(b))
    }

    /// The values that the path selects in a document; empty when there are none or a step does not fit.
    pub fn select<'a>(&self, document: &'a Value) -> Vec<&'a Value> {
        let mut selected = vec![document];
        for step in &self.0 {
            selected = selected.into_iter().flat_map(|value| children(value, step)).collect();
        }
        selected
    }
}

fn children<'a>(value: &'a Value, step: &Step) -> Vec<&'a Value> {
    match (step, value) {
        (Step::Name(name), Value::Object(map)) => map.get(name).into_iter().collect(),
        (Step::Index(index), Value::Array(items)) => items.get(*index).into_iter().collect(),
        (Step::Every, Value::Array(items)) => items.iter().collect(),
        _ => Vec::new(),
    }
}

impl fmt::Display for ClaimPath {
    /// `address.street_address`, `nationalities[0]`, `degrees[].type`: for people and logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Name(name) if i == 0 => f.write_str(name)?,
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Every => f.write_str("[]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;

    fn path(value: &Value) -> ClaimPath {
        ClaimPath::from_json(value).unwrap()
    }

    #[test]
    fn the_paths_of_the_specification_select_what_it_says() {
        // SD-JWT VC, example of section "Claim Path".
        let document = json!({"name": "Arthur Dent", "address": {"street_address": "42 Market Street"},
            "degrees": [{"type": "Bachelor"}, {"type": "Master"}], "nationalities": ["British", "Betelgeusian"]});
        assert_eq!(path(&json!(["name"])).select(&document), [&json!("Arthur Dent")]);
        assert_eq!(path(&json!(["address", "street_address"])).select(&document), [&json!("42 Market Street")]);
        assert_eq!(path(&json!(["degrees", null, "type"])).select(&document), [&json!("Bachelor"), &json!("Master")]);
        assert_eq!(path(&json!(["nationalities", 1])).select(&document), [&json!("Betelgeusian")]);
        assert!(path(&json!(["nationalities", 2])).select(&document).is_empty());
        assert!(path(&json!(["name", 0])).select(&document).is_empty());
    }

    #[test]
    fn a_path_that_is_no_path_is_refused() {
        for wrong in [json!([]), json!("name"), json!([-1]), json!([1.5]), json!([true]), json!([["a"]])] {
            assert_eq!(ClaimPath::from_json(&wrong).unwrap_err().code, Code::ClaimUnknown, "{wrong}");
        }
    }

    #[test]
    fn every_stands_for_any_position() {
        let every = path(&json!(["a", null]));
        assert!(every.matches(&path(&json!(["a", 3]))));
        assert!(every.leads_to(&path(&json!(["a", 3, "b"]))));
        assert!(!every.matches(&path(&json!(["a", "3"]))));
        assert_eq!(path(&json!(["a", null, "b", 0])).to_string(), "a[].b[0]");
    }
}
