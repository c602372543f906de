//! Bodies as the handlers want them: strict JSON into typed values, with a problem document when they are not.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::problem::{Answer, Problem};
use super::service::Shared;
use crate::base::json::{Limits, Map, Value, parse_object};
use crate::domain::error::{Error, ErrorKind};

/// The whole body.
pub struct Body(pub Bytes);

impl FromRequest<Shared> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Shared) -> Answer<Self> {
        let bytes = Bytes::from_request(request, service).await;
        bytes.map(Self).map_err(|error| Problem(Error::new(ErrorKind::TooLarge, error.to_string())))
    }
}

/// A JSON object, read strictly (no duplicate names, bounded depth) and turned into a typed value.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Shared) -> Answer<Self> {
        let media = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !(media.is_empty() || media.contains("json")) {
            return Err(Problem(Error::malformed(format!("expected application/json, got {media}"))));
        }
        let Body(bytes) = Body::from_request(request, service).await?;
        let limits = Limits { bytes: bytes.len(), ..Limits::DEFAULT };
        let object = parse_object(&bytes, &limits).map_err(Error::from)?;
        typed(object).map(Self)
    }
}

fn typed<T: DeserializeOwned>(object: Map) -> Answer<T> {
    let typed = serde_json::from_value(Value::Object(object));
    typed.map_err(|error| Problem(Error::malformed(error.to_string())))
}
