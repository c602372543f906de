//! Credential requests and answers (section 8), deferred ones (section 9) and notifications (section 11).

use super::{ErrorCode, ProtocolError};
use crate::base::json::{Limits, Map, Value, json, parse_object};

/// Longest request, bytes: ten proofs and room.
const LIMITS: Limits = Limits { bytes: 256 << 10, depth: 16 };

/// What a credential request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `credential_configuration_id`.
    Configuration(String),
    /// `credential_identifier`.
    Identifier(String),
}

/// A credential request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRequest {
    /// What it asks for.
    pub asked: Asked,
    /// The key proofs, JWTs; at least one.
    pub proofs: Vec<String>,
}

impl CredentialRequest {
    /// Reads a request.
    pub fn parse(body: &[u8]) -> Result<Self, ProtocolError> {
        let request = object(body, ErrorCode::InvalidCredentialRequest)?;
        let asked = match (text(&request, "credential_configuration_id")?, text(&request, "credential_identifier")?) {
            (Some(name), None) => Asked::Configuration(name),
            (None, Some(name)) => Asked::Identifier(name),
            _ => return Err(invalid("exactly one of credential_configuration_id and credential_identifier")),
        };
        refuse_encryption(&request)?;
        Ok(Self { asked, proofs: read_proofs(&request)? })
    }

    /// The body of the request.
    pub fn to_json(&self) -> Value {
        let (name, value) = match &self.asked {
            Asked::Configuration(name) => ("credential_configuration_id", name),
            Asked::Identifier(name) => ("credential_identifier", name),
        };
        json!({name: value, "proofs": {"jwt": self.proofs}})
    }
}

fn read_proofs(request: &Map) -> Result<Vec<String>, ProtocolError> {
    let wrong = |told: &str| ProtocolError::new(ErrorCode::InvalidProof, told);
    let proofs = match request.get("proofs") {
        Some(Value::Object(proofs)) => proofs,
        Some(_) => return Err(wrong("proofs is no object")),
        None if request.contains_key("proof") => return Err(wrong("proof is of an older draft: send proofs")),
        None => return Err(wrong("proofs is missing")),
    };
    let (Some(Value::Array(jwts)), 1) = (proofs.get("jwt"), proofs.len()) else {
        return Err(wrong("proofs has exactly one member, jwt, a list"));
    };
    let jwts = jwts.iter().map(|jwt| jwt.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
    jwts.filter(|jwts| !jwts.is_empty()).ok_or_else(|| wrong("proofs.jwt is a list of at least one JWT"))
}

fn refuse_encryption(request: &Map) -> Result<(), ProtocolError> {
    if request.contains_key("credential_response_encryption") {
        let told = "encrypted answers are not offered";
        return Err(ProtocolError::new(ErrorCode::InvalidEncryptionParameters, told));
    }
    Ok(())
}

/// The transaction of a deferred credential request.
pub fn parse_deferred(body: &[u8]) -> Result<String, ProtocolError> {
    let request = object(body, ErrorCode::InvalidCredentialRequest)?;
    refuse_encryption(&request)?;
    text(&request, "transaction_id")?.ok_or_else(|| invalid("transaction_id is missing"))
}

/// The answer to a credential request, at once or deferred.
#[derive(Clone, Debug, PartialEq)]
pub enum CredentialResponse {
    /// The credentials, in the order of the proofs.
    Issued {
        /// Each a text or an object.
        credentials: Vec<Value>,
        /// For the notification endpoint.
        notification: String,
    },
    /// Not yet.
    Deferred {
        /// For the deferred credential endpoint.
        transaction: String,
        /// Seconds to wait before asking again.
        interval: u32,
    },
}

impl CredentialResponse {
    /// 200, or 202 while it is deferred.
    pub fn status(&self) -> u16 {
        match self {
            Self::Issued { .. } => 200,
            Self::Deferred { .. } => 202,
        }
    }

    /// The body of the answer.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Issued { credentials, notification } => {
                let credentials: Vec<_> = credentials.iter().map(|one| json!({"credential": one})).collect();
                json!({"credentials": credentials, "notification_id": notification})
            }
            Self::Deferred { transaction, interval } => json!({"transaction_id": transaction, "interval": interval}),
        }
    }
}

/// What happened to credentials in the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// They are stored.
    CredentialAccepted,
    /// The holder did not want them.
    CredentialDeleted,
    /// They could not be stored.
    CredentialFailure,
}

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Which answer it is about.
    pub id: String,
    /// What happened.
    pub event: Event,
}

impl Notification {
    /// Reads a notification.
    pub fn parse(body: &[u8]) -> Result<Self, ProtocolError> {
        let wrong = |told: &str| ProtocolError::new(ErrorCode::InvalidNotificationRequest, told);
        let request = object(body, ErrorCode::InvalidNotificationRequest)?;
        let id = request.get("notification_id").and_then(Value::as_str);
        let event = request.get("event").cloned().and_then(|event| serde_json::from_value(event).ok());
        Ok(Self {
            id: id.ok_or_else(|| wrong("notification_id is missing"))?.to_owned(),
            event: event.ok_or_else(|| wrong("event is none of the three"))?,
        })
    }
}

fn object(body: &[u8], code: ErrorCode) -> Result<Map, ProtocolError> {
    parse_object(body, &LIMITS).map_err(|error| ProtocolError::new(code, error.to_string()))
}

fn text(request: &Map, name: &str) -> Result<Option<String>, ProtocolError> {
    match request.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(invalid(&format!("{name} is no text"))),
    }
}

fn invalid(detail: &str) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidCredentialRequest, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &Value) -> ErrorCode {
        CredentialRequest::parse(body.to_string().as_bytes()).unwrap_err().code
    }

    #[test]
    fn a_request_is_read_as_it_is_printed() {
        for asked in [Asked::Configuration("idCard.sd-jwt".to_owned()), Asked::Identifier("x".to_owned())] {
            let request = CredentialRequest { asked, proofs: vec!["a.b.c".to_owned(), "d.e.f".to_owned()] };
            assert_eq!(CredentialRequest::parse(request.to_json().to_string().as_bytes()), Ok(request));
        }
    }

    #[test]
    fn each_mistake_has_its_code() {
        let proofs = json!({"jwt": ["a.b.c"]});
        assert_eq!(code(&json!({"proofs": proofs})), ErrorCode::InvalidCredentialRequest);
        let both = json!({"credential_configuration_id": "a", "credential_identifier": "b", "proofs": proofs});
        assert_eq!(code(&both), ErrorCode::InvalidCredentialRequest);
        assert_eq!(
            code(&json!({"credential_configuration_id": 1, "proofs": proofs})),
            ErrorCode::InvalidCredentialRequest
        );
        let twice = br#"{"credential_configuration_id":"a","credential_configuration_id":"a"}"#;
        assert_eq!(CredentialRequest::parse(twice).unwrap_err().code, ErrorCode::InvalidCredentialRequest);
        for wrong in [
            json!({}),
            json!([]),
            json!({"jwt": []}),
            json!({"jwt": [1]}),
            json!({"jwt": "a"}),
            json!({"di_vp": []}),
            json!({"jwt": ["a"], "di_vp": []}),
        ] {
            assert_eq!(code(&json!({"credential_configuration_id": "a", "proofs": wrong})), ErrorCode::InvalidProof);
        }
        assert_eq!(code(&json!({"credential_configuration_id": "a"})), ErrorCode::InvalidProof);
        let older = json!({"credential_configuration_id": "a", "proof": {"proof_type": "jwt", "jwt": "a.b.c"}});
        assert_eq!(code(&older), ErrorCode::InvalidProof);
        let sealed =
            json!({"credential_configuration_id": "a", "proofs": proofs, "credential_response_encryption": {}});
        assert_eq!(code(&sealed), ErrorCode::InvalidEncryptionParameters);
    }

    #[test]
    fn notifications_name_one_of_three_events() {
        let parse = |body: &Value| Notification::parse(body.to_string().as_bytes());
        let accepted = parse(&json!({"notification_id": "3fwe98js", "event": "credential_accepted", "x": 1})).unwrap();
        assert_eq!((accepted.id.as_str(), accepted.event), ("3fwe98js", Event::CredentialAccepted));
        for wrong in [
            json!({}),
            json!({"notification_id": "a"}),
            json!({"notification_id": "a", "event": "Credential_accepted"}),
            json!({"event": "credential_deleted"}),
            json!({"notification_id": 1, "event": "credential_deleted"}),
        ] {
            assert_eq!(parse(&wrong).unwrap_err().code, ErrorCode::InvalidNotificationRequest, "{wrong}");
        }
        assert_eq!(parse_deferred(br#"{"transaction_id":"8xLOxBtZp8"}"#), Ok("8xLOxBtZp8".to_owned()));
        assert_eq!(parse_deferred(b"{}").unwrap_err().code, ErrorCode::InvalidCredentialRequest);
    }
}
