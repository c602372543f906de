//! The Digital Credentials Query Language (OpenID4VP 1.0 section 6).
//!
//! `claim_sets`, `credential_sets`, `multiple` and `values` are read and printed; `trusted_authorities` is ignored (the
//! trust registry decides), and so is every member that the specification does not name, as it asks.

use crate::base::error::ParseError;
use crate::base::json::{Map, Value, json};
use crate::vc::sd_jwt::ClaimPath;
use crate::wire::format::Format;

/// The format identifier of SD-JWT VC (appendix B.3).
pub const SD_JWT: &str = Format::SdJwt.identifier();
/// The format identifier of W3C credentials with Data Integrity proofs (appendix B.1.3.2).
pub const LDP: &str = Format::Ldp.identifier();
/// The format identifier of our compact credentials, one named view each.
pub const COMPACT: &str = Format::Compact.identifier();

/// A query: `dcql_query`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The credentials that are asked for; never empty.
    pub credentials: Vec<CredentialQuery>,
    /// Which combinations are enough; empty when all are asked for.
    pub sets: Vec<CredentialSet>,
}

/// One credential that is asked for (section 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialQuery {
    /// Names the query in the answer.
    pub id: String,
    /// The format identifier.
    pub format: String,
    /// Whether several may be given.
    pub multiple: bool,
    /// What the format says about types.
    pub meta: Meta,
    /// Whether the holder must prove to be the holder.
    pub bound: bool,
    /// The claims; empty asks for none that could be left out.
    pub claims: Vec<ClaimQuery>,
    /// Which combinations of claims are enough, by their ids, the one that is preferred first; empty when all are asked for.
    pub claim_sets: Vec<Vec<String>>,
}

/// The types that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meta {
    /// `vct_values` (appendix B.3.5): any of them.
    Vct(Vec<String>),
    /// `type_values` (appendix B.1.1): all of any of them, as expanded IRIs.
    Types(Vec<Vec<String>>),
    /// Of the compact format: the type and the named view.
    View {
        /// The type's code.
        type_code: String,
        /// The view.
        view: String,
    },
    /// Of a format that is not known here.
    Other(Map),
}

/// One claim that is asked for (section 6.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimQuery {
    /// Names it in the claim sets.
    pub id: Option<String>,
    /// Where it stands in the credential.
    pub path: ClaimPath,
    /// The values that are wanted; empty for any.
    pub values: Vec<Value>,
}

/// Combinations of credentials of which one is enough (section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialSet {
    /// The combinations, by the ids of the queries, the one that is preferred first.
    pub options: Vec<Vec<String>>,
    /// Whether the request can be answered without it.
    pub required: bool,
}

impl Query {
    /// The JSON form.
    pub fn to_json(&self) -> Value {
        let mut query =
            json!({"credentials": self.credentials.iter().map(CredentialQuery::to_json).collect::<Vec<_>>()});
        if let (Value::Object(members), false) = (&mut query, self.sets.is_empty()) {
            members.insert("credential_sets".to_owned(), self.sets.iter().map(CredentialSet::to_json).collect());
        }
        query
    }

    /// Reads the JSON form; `dcql_malformed` when a rule of section 6 is broken.
    pub fn from_json(query: &Value) -> Result<Self, ParseError> {
        let query = query.as_object().ok_or_else(|| malformed("dcql_query"))?;
        let credentials = items(query, "credentials")?.ok_or_else(|| malformed("credentials"))?;
        let credentials: Vec<_> = credentials.iter().map(CredentialQuery::from_json).collect::<Result<_, _>>()?;
        if twice(credentials.iter().map(|one| one.id.as_str())) {
            return Err(malformed("an id is there twice"));
        }
        let sets = items(query, "credential_sets")?.unwrap_or_default();
        let sets: Vec<_> = sets.iter().map(CredentialSet::from_json).collect::<Result<_, _>>()?;
        let known = |id: &String| credentials.iter().any(|one| one.id == *id);
        if !sets.iter().flat_map(|set: &CredentialSet| set.options.iter().flatten()).all(known) {
            return Err(malformed("credential_sets name a query that is not there"));
        }
        Ok(Self { credentials, sets })
    }

    /// The query of an id.
    pub fn credential(&self, id: &str) -> Option<&CredentialQuery> {
        self.credentials.iter().find(|one| one.id == id)
    }
}

impl CredentialQuery {
    fn to_json(&self) -> Value {
        let mut query = json!({"id": self.id, "format": self.format, "meta": self.meta.to_json()});
        let Value::Object(members) = &mut query else { return query };
        if self.multiple {
            members.insert("multiple".to_owned(), true.into());
        }
        if !self.bound {
            members.insert("require_cryptographic_holder_binding".to_owned(), false.into());
        }
        if !self.claims.is_empty() {
            members.insert("claims".to_owned(), self.claims.iter().map(ClaimQuery::to_json).collect());
        }
        if !self.claim_sets.is_empty() {
            members.insert("claim_sets".to_owned(), json!(self.claim_sets));
        }
        query
    }

    fn from_json(value: &Value) -> Result<Self, ParseError> {
        let query = value.as_object().ok_or_else(|| malformed("credentials"))?;
        let format = text(query, "format")?.to_owned();
        let claims = items(query, "claims")?.unwrap_or_default();
        let claims: Vec<_> = claims.iter().map(ClaimQuery::from_json).collect::<Result<_, _>>()?;
        let claim_sets = items(query, "claim_sets")?.unwrap_or_default();
        let claim_sets: Vec<_> = claim_sets.iter().map(ids).collect::<Result<_, _>>()?;
        let known = |id: &String| claims.iter().any(|claim: &ClaimQuery| claim.id.as_ref() == Some(id));
        if !claim_sets.iter().flatten().all(known) || twice(claims.iter().filter_map(|claim| claim.id.as_deref())) {
            return Err(malformed("claim_sets name a claim that is not there, or an id is there twice"));
        }
        let meta = query.get("meta").and_then(Value::as_object).ok_or_else(|| malformed("meta"))?;
        Ok(Self {
            id: identifier(query)?.ok_or_else(|| malformed("id"))?,
            multiple: flag(query, "multiple")?.unwrap_or(false),
            bound: flag(query, "require_cryptographic_holder_binding")?.unwrap_or(true),
            meta: Meta::from_json(&format, meta)?,
            format,
            claims,
            claim_sets,
        })
    }
}

impl Meta {
    fn to_json(&self) -> Value {
        match self {
            Self::Vct(values) => json!({"vct_values": values}),
            Self::Types(values) => json!({"type_values": values}),
            Self::View { type_code, view } => json!({"type": type_code, "view": view}),
            Self::Other(meta) => Value::Object(meta.clone()),
        }
    }

    fn from_json(format: &str, meta: &Map) -> Result<Self, ParseError> {
        Ok(match format {
            SD_JWT => Self::Vct(texts(items(meta, "vct_values")?.ok_or_else(|| malformed("vct_values"))?)?),
            LDP => {
                let values = items(meta, "type_values")?.ok_or_else(|| malformed("type_values"))?;
                Self::Types(values.iter().map(ids).collect::<Result<_, _>>()?)
            }
            COMPACT => Self::View { type_code: text(meta, "type")?.to_owned(), view: text(meta, "view")?.to_owned() },
            _ => Self::Other(meta.clone()),
        })
    }
}

impl ClaimQuery {
    fn to_json(&self) -> Value {
        let mut claim = json!({"path": self.path.to_json()});
        let Value::Object(members) = &mut claim else { return claim };
        if let Some(id) = &self.id {
            members.insert("id".to_owned(), id.as_str().into());
        }
        if !self.values.is_empty() {
            members.insert("values".to_owned(), self.values.clone().into());
        }
        claim
    }

    fn from_json(value: &Value) -> Result<Self, ParseError> {
        let claim = value.as_object().ok_or_else(|| malformed("claims"))?;
        let path = ClaimPath::from_json(claim.get("path").unwrap_or(&Value::Null)).map_err(|_| malformed("path"))?;
        let values = items(claim, "values")?.unwrap_or_default().to_vec();
        let simple =
            |value: &Value| value.is_string() || value.is_boolean() || value.as_i64().is_some() || value.is_u64();
        if !values.iter().all(simple) {
            return Err(malformed("values are texts, integers and truth values"));
        }
        Ok(Self { id: identifier(claim)?, path, values })
    }
}

impl CredentialSet {
    fn to_json(&self) -> Value {
        let mut set = json!({"options": self.options});
        if let (Value::Object(members), false) = (&mut set, self.required) {
            members.insert("required".to_owned(), false.into());
        }
        set
    }

    fn from_json(value: &Value) -> Result<Self, ParseError> {
        let set = value.as_object().ok_or_else(|| malformed("credential_sets"))?;
        let options = items(set, "options")?.ok_or_else(|| malformed("options"))?;
        let options = options.iter().map(ids).collect::<Result<_, _>>()?;
        Ok(Self { options, required: flag(set, "required")?.unwrap_or(true) })
    }
}

/// The member as an array, which must not be empty; absent where there is none.
fn items<'a>(map: &'a Map, name: &'static str) -> Result<Option<&'a [Value]>, ParseError> {
    match map.get(name) {
        None => Ok(None),
        Some(Value::Array(items)) if !items.is_empty() => Ok(Some(items)),
        Some(_) => Err(malformed(name)),
    }
}

fn texts(values: &[Value]) -> Result<Vec<String>, ParseError> {
    values.iter().map(|value| value.as_str().map(str::to_owned).ok_or_else(|| malformed("a text"))).collect()
}

fn ids(value: &Value) -> Result<Vec<String>, ParseError> {
    let ids = value.as_array().filter(|ids| !ids.is_empty()).ok_or_else(|| malformed("a list of ids"))?;
    texts(ids)
}

fn identifier(map: &Map) -> Result<Option<String>, ParseError> {
    let allowed = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    match map.get("id") {
        None => Ok(None),
        Some(Value::String(id)) if !id.is_empty() && id.chars().all(allowed) => Ok(Some(id.clone())),
        Some(_) => Err(malformed("id")),
    }
}

fn flag(map: &Map, name: &'static str) -> Result<Option<bool>, ParseError> {
    map.get(name).map(|value| value.as_bool().ok_or_else(|| malformed(name))).transpose()
}

fn text<'a>(map: &'a Map, name: &'static str) -> Result<&'a str, ParseError> {
    map.get(name).and_then(Value::as_str).ok_or_else(|| malformed(name))
}

fn twice<'a>(mut ids: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    !ids.all(|id| seen.insert(id))
}

fn malformed(detail: &str) -> ParseError {
    ParseError::new("dcql_malformed", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_like_the_specifications_read_and_print_the_same() {
        // After the examples of appendix D.
        for query in [
            json!({"credentials": [{"id": "my_credential", "format": "dc+sd-jwt",
                "meta": {"vct_values": ["https://credentials.example.com/identity_credential"]},
                "claims": [{"path": ["last_name"]}, {"path": ["address", "street_address"]}]}]}),
            json!({"credentials": [{"id": "example_ldp_vc", "format": "ldp_vc", "meta": {"type_values": [["IDCredential"]]},
                "claims": [{"path": ["credentialSubject", "family_name"]}]}]}),
            json!({"credentials": [
                {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": ["a"]}, "multiple": true,
                    "claims": [{"id": "a", "path": ["given_name"]}, {"id": "b", "path": ["postal_code"], "values": ["90210", 7, true]}],
                    "claim_sets": [["a", "b"], ["a"]]},
                {"id": "nice_to_have", "format": "mso_mdoc", "meta": {"doctype_value": "x"}, "require_cryptographic_holder_binding": false},
                {"id": "view", "format": "certless_compact", "meta": {"type": "idCard", "view": "age-over-60"}}],
                "credential_sets": [{"options": [["pid"], ["view"]]}, {"required": false, "options": [["nice_to_have"]]}]}),
        ] {
            assert_eq!(Query::from_json(&query).unwrap().to_json(), query);
        }
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        let good = json!({"credentials": [{"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["v"]},
            "claims": [{"id": "n", "path": ["name"]}], "claim_sets": [["n"]]}], "credential_sets": [{"options": [["a"]]}]});
        assert!(Query::from_json(&good).is_ok());
        for (place, value) in [
            ("/credentials", json!([])),
            ("/credentials/0/id", json!("")),
            ("/credentials/0/id", json!("a b")),
            ("/credentials/0/format", json!(1)),
            ("/credentials/0/meta", json!(null)),
            ("/credentials/0/meta/vct_values", json!([])),
            ("/credentials/0/meta/vct_values/0", json!(1)),
            ("/credentials/0/claims", json!([])),
            ("/credentials/0/claims/0/path", json!([])),
            ("/credentials/0/claims/0/path/0", json!(-1)),
            ("/credentials/0/claim_sets/0/0", json!("m")),
            ("/credential_sets", json!([])),
            ("/credential_sets/0/options/0/0", json!("b")),
            ("/credential_sets/0/options/0", json!([])),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(place).unwrap() = value;
            assert!(Query::from_json(&bad).is_err(), "{place}: {bad}");
        }
        let mut bad = good;
        bad["credentials"][0]["claims"][0]["values"] = json!([1.5]);
        assert!(Query::from_json(&bad).is_err());
        bad["credentials"][0]["claims"][0]["values"] = json!([1]);
        let again = bad["credentials"][0].clone();
        bad["credentials"].as_array_mut().unwrap().push(again);
        assert!(Query::from_json(&bad).is_err(), "the same id twice");
    }
}
