//! What a wallet posts to the response URI (section 8): a VP token, an error, or either of them encrypted.

use std::collections::BTreeMap;

use crate::base::error::ParseError;
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::wire::form::{self, Parameters};
use crate::wire::jwe::Jwe;

/// Most presentations of one answer.
const MOST: usize = 32;

/// Presentations by the id of the query that they answer (section 8.1).
pub type VpToken = BTreeMap<String, Vec<Value>>;

/// An answer as posted.
#[derive(Clone, Debug)]
pub enum Response {
    /// An answer in the open.
    Plain(Answer),
    /// An answer encrypted to the key of the request (section 8.3).
    Encrypted(Box<Jwe>),
}

/// What a wallet says, and the state that it says it for.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The `state` of the request.
    pub state: Option<String>,
    /// What it says.
    pub content: Content,
}

/// What a wallet says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Presentations.
    Token(VpToken),
    /// Why it gives none (section 8.5).
    Error {
        /// The error code.
        code: String,
        /// What it says about it.
        description: Option<String>,
    },
}

impl Response {
    /// Reads the body of a post; `invalid_request` when it is no answer.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let parameters = form::parse(body)?;
        match parameters.get("response") {
            Some(_) if parameters.contains_key("vp_token") => Err(invalid("both response and vp_token")),
            Some(text) => Jwe::parse(text).map(|jwe| Self::Encrypted(Box::new(jwe))),
            None => Answer::from_parameters(parameters).map(Self::Plain),
        }
    }
}

impl Answer {
    fn from_parameters(mut parameters: Parameters) -> Result<Self, ParseError> {
        let state = parameters.remove("state");
        if let Some(code) = parameters.remove("error") {
            return Self::error(state, code, parameters.remove("error_description"));
        }
        let token = parameters.remove("vp_token").ok_or_else(|| invalid("vp_token is missing"))?;
        let token =
            parse_object(token.as_bytes(), &Limits::DEFAULT).map_err(|error| invalid(&format!("vp_token: {error}")))?;
        Ok(Self { state, content: Content::Token(read_token(token)?) })
    }

    /// Reads the decrypted payload of an encrypted answer.
    pub fn from_payload(payload: &[u8]) -> Result<Self, ParseError> {
        let mut claims = parse_object(payload, &Limits::DEFAULT).map_err(|error| invalid(&error.to_string()))?;
        let mut text = |name: &str| match claims.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(name)),
        };
        let (state, code, description) = (text("state")?, text("error")?, text("error_description")?);
        if let Some(code) = code {
            return Self::error(state, code, description);
        }
        let Some(Value::Object(token)) = claims.remove("vp_token") else {
            return Err(invalid("vp_token is missing or no object"));
        };
        Ok(Self { state, content: Content::Token(read_token(token)?) })
    }

    fn error(state: Option<String>, code: String, description: Option<String>) -> Result<Self, ParseError> {
        // RFC 6749 appendix A.7 and A.8.
        let allowed =
            |text: &str| text.len() <= 200 && text.bytes().all(|c| matches!(c, 0x20..=0x7E) && c != b'"' && c != b'\\');
        if code.is_empty() || !allowed(&code) || !description.as_deref().is_none_or(allowed) {
            return Err(invalid("error"));
        }
        Ok(Self { state, content: Content::Error { code, description } })
    }

    /// The parameters as `direct_post` sends them.
    pub fn to_form(&self) -> String {
        let payload = self.to_payload();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let pairs: Vec<_> = payload.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        form::print(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// The payload as `direct_post.jwt` encrypts it.
    pub fn to_payload(&self) -> Map {
        let mut payload = Map::new();
        if let Some(state) = &self.state {
            payload.insert("state".to_owned(), state.as_str().into());
        }
        match &self.content {
            Content::Token(token) => {
                payload.insert("vp_token".to_owned(), json!(token));
            }
            Content::Error { code, description } => {
                payload.insert("error".to_owned(), code.as_str().into());
                if let Some(description) = description {
                    payload.insert("error_description".to_owned(), description.as_str().into());
                }
            }
        }
        payload
    }
}

fn read_token(token: Map) -> Result<VpToken, ParseError> {
    let read = |(id, value): (String, Value)| {
        let items = value.as_array().filter(|items| !items.is_empty()).cloned();
        items.map(|items| (id, items)).ok_or_else(|| invalid("vp_token: each member is an array of presentations"))
    };
    let token: VpToken = token.into_iter().map(read).collect::<Result<_, _>>()?;
    if token.is_empty() || token.values().map(Vec::len).sum::<usize>() > MOST {
        return Err(invalid("vp_token: no presentation, or too many"));
    }
    Ok(token)
}

fn invalid(detail: &str) -> ParseError {
    ParseError::new("invalid_request", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Result<Answer, ParseError> {
        match Response::parse(body.as_bytes())? {
            Response::Plain(answer) => Ok(answer),
            Response::Encrypted(_) => panic!("encrypted"),
        }
    }

    #[test]
    fn answers_read_as_they_are_printed() {
        let token =
            [("a".to_owned(), vec![json!("x~y"), json!({"type": "VerifiablePresentation"})])].into_iter().collect();
        let error = Content::Error { code: "access_denied".into(), description: Some("no".into()) };
        for content in [Content::Token(token), error] {
            let said = Answer { state: Some("s".into()), content };
            assert_eq!(answer(&said.to_form()).unwrap(), said);
            let payload = Value::Object(said.to_payload()).to_string();
            assert_eq!(Answer::from_payload(payload.as_bytes()).unwrap(), said);
        }
        let plain =
            answer("error=invalid_request&error_description=unsupported%20client_id_prefix&state=eyJhb").unwrap();
        assert!(matches!(plain.content, Content::Error { code, .. } if code == "invalid_request"));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for body in [
            "",
            "state=s",
            "vp_token=x",
            "vp_token=%7B%7D",
            "vp_token=[]",
            r#"vp_token={"a":"x"}"#,
            r#"vp_token={"a":[]}"#,
            "response=a.b.c",
            "response=x&vp_token={}",
            "error=",
            "error=%E5%8F%97",
            r#"vp_token={"a":["x"],"a":["y"]}"#,
        ] {
            assert!(Response::parse(body.as_bytes()).is_err(), "{body}");
        }
        for payload in ["", "[]", "{}", r#"{"vp_token":"x"}"#, r#"{"vp_token":{"a":["x"]},"state":1}"#] {
            assert!(Answer::from_payload(payload.as_bytes()).is_err(), "{payload}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bodies_never_panic(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), text in ".*") {
            let _ = Response::parse(&body);
            let _ = Answer::from_payload(text.as_bytes());
            let _ = Response::parse(format!("response={text}").as_bytes());
        }
    }
}
