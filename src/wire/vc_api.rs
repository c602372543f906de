//! VC-API messages: what issuers and verifiers are asked, and how they answer (W3C CCG VC API 0.7, issuer and verifier).
//!
//! What it is: strict parsing of request bodies and printing of answers. What it is not: a decision; the pipeline
//! verifies, the city issues. Unknown options are ignored, as the specification leaves them to each instance.

use crate::base::error::ParseError;
use crate::base::json::{self, Limits, Map, Value, json};
use crate::vc::finding::{Code, Finding, State};
use crate::vc::model;
use crate::vc::verify::Verdict;
use crate::vc::verify::verdict::CheckResult;

/// A request to issue: `{"credential": {…}, "options": {…}}`.
#[derive(Clone, Debug, PartialEq)]
pub struct IssueRequest {
    /// The credential without a proof.
    pub credential: Map,
    /// The options as sent.
    pub options: Map,
}

/// A request to verify: `{"verifiableCredential" | "verifiablePresentation": {…}, "options": {…}}`.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifyRequest {
    /// The secured document.
    pub document: Map,
    /// Whether only the data model and the proofs are asked for: `checks` is given and names `proof` only.
    pub proof_only: bool,
    /// The challenge that the proof must answer.
    pub challenge: Option<String>,
    /// The domains that the proof must name; empty asks for nothing.
    pub domain: Vec<String>,
}

impl IssueRequest {
    /// Reads a request body; fails when it is no object with a `credential` object.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let mut body = json::parse_object(body, &Limits::DEFAULT)?;
        Ok(Self { credential: object(&mut body, "credential")?, options: options(&mut body)? })
    }

    /// The key that makes asking twice harmless: the option `credentialId`.
    pub fn key(&self) -> Option<String> {
        self.options.get("credentialId").and_then(Value::as_str).map(str::to_owned)
    }

    /// The names of the credential's type, and its claims as a row of the type; the subject's `id` is the holder's key.
    ///
    /// Fails when there is no single subject, or a member is given that the type's own rules decide (validity, status,
    /// schema, identifier): it would be ignored.
    pub fn row(&self) -> Result<(Vec<String>, Map), ParseError> {
        let decided = |name: &&String| !matches!(name.as_str(), "@context" | "type" | "issuer" | "credentialSubject");
        if let Some(name) = self.credential.keys().find(decided) {
            return Err(malformed(&format!("{name} follows from the rules of the type and cannot be given")));
        }
        let subject = self.credential.get("credentialSubject").and_then(Value::as_object);
        let mut row = subject.cloned().ok_or_else(|| malformed("credentialSubject is not one object"))?;
        if let Some(id) = row.remove("id") {
            row.insert("holderKey".into(), id);
        }
        let names = model::types(&self.credential).filter(|name| *name != "VerifiableCredential");
        Ok((names.map(str::to_owned).collect(), row))
    }
}

impl VerifyRequest {
    /// Reads a request to verify a credential.
    pub fn credential(body: &[u8]) -> Result<Self, ParseError> {
        Self::parse(body, "verifiableCredential")
    }

    /// Reads a request to verify a presentation.
    pub fn presentation(body: &[u8]) -> Result<Self, ParseError> {
        Self::parse(body, "verifiablePresentation")
    }

    fn parse(body: &[u8], name: &str) -> Result<Self, ParseError> {
        let mut body = json::parse_object(body, &Limits::DEFAULT)?;
        let document = object(&mut body, name)?;
        let options = options(&mut body)?;
        let checks = texts(&options, "checks")?;
        let challenge = texts(&options, "challenge")?;
        if challenge.len() > 1 {
            return Err(malformed("challenge is not a string"));
        }
        Ok(Self {
            document,
            proof_only: !checks.is_empty() && checks.iter().all(|check| check == "proof"),
            challenge: challenge.into_iter().next(),
            domain: texts(&options, "domain")?,
        })
    }
}

/// The answer to a request to verify: `verified`, the checks, and what was wrong as problem details.
pub fn verified(verdict: &Verdict) -> Value {
    let wrong = |result: &&CheckResult| matches!(result.state, State::Invalid | State::Error);
    let problems: Vec<Value> = verdict.report.results().iter().filter(wrong).map(problem_of).collect();
    let mut answer = verdict.to_json();
    if let Value::Object(answer) = &mut answer {
        answer.remove("accepted");
        answer.insert("verified".into(), verdict.accepted.into());
        answer.insert("problemDetails".into(), problems.into());
    }
    answer
}

/// The answer to a request whose document could not be read, or to one to issue that is refused.
pub fn refused(finding: &Finding) -> Value {
    json!({ "verified": false, "problemDetails": [problem(Some(finding.code), &finding.detail)] })
}

/// The answer to a body that is no request.
pub fn unreadable(error: &ParseError) -> Value {
    json!({ "verified": false, "problemDetails": [problem(Some(Code::NotACredential), &error.detail)] })
}

fn problem_of(result: &CheckResult) -> Value {
    problem(result.code, &result.detail)
}

/// Problem details of RFC 9457 with the specification's type where it has one.
fn problem(code: Option<Code>, detail: &str) -> Value {
    let mut problem = Map::new();
    let kind = code.and_then(Code::problem_type).unwrap_or("about:blank");
    problem.insert("type".into(), kind.into());
    if let Some(code) = code {
        problem.insert("code".into(), code.as_str().into());
        problem.insert("title".into(), code.en().into());
    }
    problem.insert("detail".into(), detail.into());
    Value::Object(problem)
}

fn object(body: &mut Map, name: &str) -> Result<Map, ParseError> {
    match body.remove(name) {
        Some(Value::Object(map)) => Ok(map),
        _ => Err(malformed(&format!("{name} is missing or not an object"))),
    }
}

fn options(body: &mut Map) -> Result<Map, ParseError> {
    match body.remove("options") {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(malformed("options is not an object")),
    }
}

fn texts(options: &Map, name: &str) -> Result<Vec<String>, ParseError> {
    let wrong = || malformed(&format!("options.{name} is neither a string nor an array of strings"));
    match options.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn malformed(detail: &str) -> ParseError {
    ParseError::new("vc_api_request_malformed", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_verify_is_read_with_its_options() {
        let body = br#"{"verifiablePresentation":{"type":"VerifiablePresentation"},
            "options":{"checks":["proof"],"challenge":"c","domain":["a","b"],"other":1}}"#;
        let request = VerifyRequest::presentation(body).unwrap();
        assert!(request.proof_only);
        assert_eq!((request.challenge.as_deref(), request.domain.len()), (Some("c"), 2));
        let plain = VerifyRequest::credential(br#"{"verifiableCredential":{}}"#).unwrap();
        assert!(!plain.proof_only && plain.challenge.is_none() && plain.domain.is_empty());
        let more = br#"{"verifiableCredential":{},"options":{"checks":["proof","status"],"domain":"a"}}"#;
        let more = VerifyRequest::credential(more).unwrap();
        assert!(!more.proof_only);
        assert_eq!(more.domain, ["a"]);
    }

    #[test]
    fn bodies_that_are_no_request_are_refused() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"verifiableCredential":"eyJ"}"#,
            r#"{"verifiableCredential":{},"options":[]}"#,
            r#"{"verifiableCredential":{},"options":{"checks":7}}"#,
            r#"{"verifiableCredential":{},"options":{"domain":[7]}}"#,
            r#"{"verifiableCredential":{},"options":{"challenge":["a","b"]}}"#,
            r#"{"verifiableCredential":{},"verifiableCredential":{}}"#,
        ] {
            assert!(VerifyRequest::credential(body.as_bytes()).is_err(), "{body}");
        }
        assert!(IssueRequest::parse(br#"{"verifiableCredential":{}}"#).is_err());
        assert!(IssueRequest::parse(br#"{"credential":{},"options":{"x":1}}"#).is_ok());
    }

    #[test]
    fn claims_become_a_row_of_the_type() {
        let body = br#"{"credential":{"@context":[],"type":["VerifiableCredential","IdCard"],
            "credentialSubject":{"id":"did:key:z6Mk","name":"A"}},"options":{"credentialId":"k"}}"#;
        let request = IssueRequest::parse(body).unwrap();
        let (names, row) = request.row().unwrap();
        assert_eq!((names, request.key().as_deref()), (vec!["IdCard".to_owned()], Some("k")));
        assert_eq!(Value::Object(row), json!({ "name": "A", "holderKey": "did:key:z6Mk" }));
        for wrong in
            [r#"{"credentialSubject":[{},{}]}"#, r#"{"credentialSubject":{},"validUntil":"2030-01-01T00:00:00Z"}"#]
        {
            let request = IssueRequest::parse(format!(r#"{{"credential":{wrong}}}"#).as_bytes()).unwrap();
            assert!(request.row().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_refusal_carries_the_problem_type_of_the_specification() {
        use crate::vc::finding::Check;
        let answer = refused(&Finding::invalid(Check::Parse, Code::ModelViolation, "issuer: is missing"));
        assert_eq!(answer["verified"], false);
        assert_eq!(answer["problemDetails"][0]["type"], "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR");
    }
}
