//! Token requests and answers (section 6), form encoded; only the pre-authorized code grant.

use super::{ErrorCode, PRE_AUTHORIZED, ProtocolError};
use crate::base::json::{Limits, Value, json, parse};
use crate::wire::form;

/// A token request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// The pre-authorized code.
    pub code: String,
    /// The transaction code.
    pub tx_code: Option<String>,
    /// The configurations that `authorization_details` ask for; `None` when there are no details.
    pub details: Option<Vec<String>>,
}

impl TokenRequest {
    /// Reads a form.
    pub fn parse(body: &[u8]) -> Result<Self, ProtocolError> {
        let mut form = form::parse(body).map_err(|error| invalid(&error.to_string()))?;
        match form.get("grant_type").map(String::as_str) {
            Some(PRE_AUTHORIZED) => {}
            Some(_) => {
                let told = "only the pre-authorized code grant is offered";
                return Err(ProtocolError::new(ErrorCode::UnsupportedGrantType, told));
            }
            None => return Err(invalid("grant_type is missing")),
        }
        Ok(Self {
            code: form.remove("pre-authorized_code").ok_or_else(|| invalid("pre-authorized_code is missing"))?,
            tx_code: form.remove("tx_code"),
            details: form.get("authorization_details").map(|text| read_details(text)).transpose()?,
        })
    }

    /// The form.
    pub fn print(&self) -> String {
        let mut pairs = vec![("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", self.code.as_str())];
        pairs.extend(self.tx_code.as_deref().map(|pin| ("tx_code", pin)));
        form::print(pairs)
    }
}

/// The configurations of details of the type `openid_credential`; other types are not offered here.
fn read_details(text: &str) -> Result<Vec<String>, ProtocolError> {
    let wrong = |told: &str| ProtocolError::new(ErrorCode::InvalidAuthorizationDetails, told);
    let details = parse(text.as_bytes(), &Limits { bytes: 16 << 10, depth: 16 });
    let details = details.map_err(|error| wrong(&error.to_string()))?;
    let details = details.as_array().filter(|details| !details.is_empty());
    let details = details.ok_or_else(|| wrong("authorization_details are no list"))?;
    let name = |detail: &Value| {
        let typed = detail.get("type").is_some_and(|kind| kind == "openid_credential");
        let name = detail.get("credential_configuration_id").and_then(Value::as_str).filter(|_| typed);
        name.map(str::to_owned).ok_or_else(|| wrong("only openid_credential with credential_configuration_id"))
    };
    details.iter().map(name).collect()
}

/// A successful answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// How many seconds it is good for.
    pub expires_in: i64,
    /// Configurations with the identifier of what may be requested; only where details were asked for.
    pub details: Option<Vec<(String, String)>>,
}

impl TokenResponse {
    /// The body of the answer.
    pub fn to_json(&self) -> Value {
        let mut out = json!({
            "access_token": self.access_token, "token_type": "Bearer", "expires_in": self.expires_in,
        });
        if let (Some(details), Value::Object(map)) = (&self.details, &mut out) {
            let details = details.iter().map(|(configuration, identifier)| {
                json!({
                    "type": "openid_credential",
                    "credential_configuration_id": configuration,
                    "credential_identifiers": [identifier],
                })
            });
            map.insert("authorization_details".to_owned(), details.collect());
        }
        out
    }
}

fn invalid(detail: &str) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidRequest, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_is_printed() {
        let request = TokenRequest { code: "a.b".to_owned(), tx_code: Some("493536".to_owned()), details: None };
        assert_eq!(TokenRequest::parse(request.print().as_bytes()), Ok(request.clone()));
        let plain = TokenRequest { tx_code: None, ..request };
        assert_eq!(TokenRequest::parse(plain.print().as_bytes()), Ok(plain));
    }

    #[test]
    fn the_published_example_is_read() {
        // Section 6.1.1.
        let text = "grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code\
            &pre-authorized_code=SplxlOBeZQQYbYS6WxSbIA&tx_code=493536\
            &authorization_details=%5B%7B%22type%22%3A%20%22openid_credential%22%2C%20%22\
            credential_configuration_id%22%3A%20%22UniversityDegreeCredential%22%7D%5D";
        let request = TokenRequest::parse(text.as_bytes()).unwrap();
        assert_eq!(request.details, Some(vec!["UniversityDegreeCredential".to_owned()]));
    }

    #[test]
    fn each_mistake_has_its_code() {
        let code = |text: &str| TokenRequest::parse(text.as_bytes()).unwrap_err().code;
        let grant = format!("grant_type={}", form::encode(PRE_AUTHORIZED));
        assert_eq!(code(""), ErrorCode::InvalidRequest);
        assert_eq!(code("grant_type=authorization_code&code=x"), ErrorCode::UnsupportedGrantType);
        assert_eq!(code(&grant), ErrorCode::InvalidRequest);
        assert_eq!(code(&format!("{grant}&pre-authorized_code=a&pre-authorized_code=a")), ErrorCode::InvalidRequest);
        for details in ["x", "%7B%7D", "%5B%5D", "%5B%7B%7D%5D", "%5B%7B%22type%22%3A%22x%22%7D%5D"] {
            let text = format!("{grant}&pre-authorized_code=a&authorization_details={details}");
            assert_eq!(code(&text), ErrorCode::InvalidAuthorizationDetails, "{details}");
        }
    }
}
