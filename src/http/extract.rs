//! What handlers take out of a request, with a problem document where it cannot be had: the framework's own extractors
//! answer in plain text, so that none of them is used elsewhere (`.clippy.toml` says so).
#![expect(clippy::disallowed_types, reason = "the framework's extractors are wrapped here")]

use axum::body::Bytes;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::{Answer, Problem};
use super::service::Shared;
use crate::base::json::{Limits, Map, Value, parse_object};
use crate::domain::error::{Error, ErrorKind};

/// The parameters of the path.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(path)| Self(path)).map_err(|error| Problem(Error::malformed(error.body_text())))
    }
}

/// The parameters behind the question mark.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        query
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|error| Problem(Error::malformed(error.body_text())))
    }
}

/// The whole body.
pub struct Body(pub Bytes);

impl FromRequest<Shared> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Shared) -> Answer<Self> {
        let bytes = in_time(service, Bytes::from_request(request, service)).await?;
        bytes.map(Self).map_err(|error| {
            let too_large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
            let detail = error.body_text();
            Problem(if too_large { Error::new(ErrorKind::TooLarge, detail) } else { Error::malformed(detail) })
        })
    }
}

/// What a body becomes, or a problem of the sender where it does not arrive in time.
async fn in_time<T>(service: &Shared, body: impl Future<Output = T>) -> Answer<T> {
    tokio::time::timeout(service.limits.receiving, body).await.map_err(|_| {
        let error = Error::malformed(format!("no whole body within {} s", service.limits.receiving.as_secs()));
        Problem(error.coded("body_late").says(
            "内容没有在时限内收全，请检查网络后重发。",
            "The content did not arrive in time. Check the network and send it again.",
        ))
    })
}

/// A file: the body itself, or the one part of a form (`multipart/form-data`, RFC 7578); a part named `proof` comes with it.
pub struct Upload {
    /// The media type that the caller gave it; empty for none.
    pub media: String,
    /// The file.
    pub bytes: Bytes,
    /// Companion files of the log, where the form has such a part.
    pub proof: Option<Bytes>,
}

impl FromRequest<Shared> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Shared) -> Answer<Self> {
        let media = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !media.get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/")) {
            let media = media.to_owned();
            let Body(bytes) = Body::from_request(request, service).await?;
            return Ok(Self { media, bytes, proof: None });
        }
        let form = Multipart::from_request(request, service).await;
        in_time(service, parts(form.map_err(|error| Problem(no_form(error.body_text())))?)).await?
    }
}

async fn parts(mut form: Multipart) -> Answer<Upload> {
    let (mut file, mut proof) = (None, None);
    while let Some(part) = form.next_field().await.map_err(|error| unread(&error))? {
        let (is_proof, media) = (part.name() == Some("proof"), part.content_type().unwrap_or_default().to_owned());
        let bytes = part.bytes().await.map_err(|error| unread(&error))?;
        let again = if is_proof { proof.replace(bytes).is_some() } else { file.replace((media, bytes)).is_some() };
        if again {
            return Err(Problem(no_form("more than one part".to_owned())));
        }
    }
    let (media, bytes) = file.ok_or_else(|| Problem(no_form("no part".to_owned())))?;
    Ok(Upload { media, bytes, proof })
}

fn unread(error: &MultipartError) -> Problem {
    let too_large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
    let detail = error.body_text();
    Problem(if too_large { Error::new(ErrorKind::TooLarge, detail) } else { no_form(detail) })
}

fn no_form(detail: String) -> Error {
    Error::malformed(detail).says(
        "表单须恰有一个文件，请重新选择后上传。",
        "The form must have exactly one file. Choose it and send again.",
    )
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
