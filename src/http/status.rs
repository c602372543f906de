//! Status lists, in the form that is asked for: no authentication, one address for every form.
//!
//! Token Status List section 8.1 and 8.2, Bitstring Status List 1.0 section 4. Answers carry an entity tag and must be
//! revalidated, so that a list is cheap to ask for again and a revocation is never hidden by a cache of HTTP. Lists as
//! they were in the past are not kept.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header::{ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::extract::Path;
use super::problem::Answer;
use super::route::{PROBLEM, Route};
use super::service::{Shared, blocking};
use crate::base::id::ListId;
use crate::base::json::json;
use crate::domain::error::Error;
use crate::domain::status::publish::Form;
use crate::vc::finding::problem_types;
use crate::vc::status::token::{CWT_TYPE, JWT_TYPE};

/// The media types that are served, in the order in which equals are preferred.
const FORMS: [(&str, Form); 5] = [
    ("application/vc", Form::Credential),
    ("application/ld+json", Form::Credential),
    ("application/json", Form::Credential),
    (JWT_TYPE, Form::Jwt),
    (CWT_TYPE, Form::Cwt),
];

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let list = Route::get("/status/{list}", "A status list, in the form that Accept names.", get(serve));
    vec![list.answers(&[
        (200, "application/vc", "The list as a BitstringStatusListCredential."),
        (200, JWT_TYPE, "The list as a status list token in JWT form."),
        (200, CWT_TYPE, "The list as a status list token in CWT form."),
        (304, "application/vc", "The list that the caller has."),
        (404, PROBLEM, "No such list."),
        (406, PROBLEM, "None of the accepted forms is served."),
        (501, PROBLEM, "Lists of the past are not kept."),
    ])]
}

async fn serve(
    State(service): State<Shared>,
    Path(list): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer<Response> {
    if query.is_some_and(|query| asks_for_the_past(&query)) {
        return Ok(refused(StatusCode::NOT_IMPLEMENTED, "lists of the past are not kept"));
    }
    let accept = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
    let Some((media, form)) = choose(&accept) else {
        return Ok(refused(StatusCode::NOT_ACCEPTABLE, "none of the accepted media types is served"));
    };
    let list = ListId::parse(&list).map_err(|_| Error::not_found("no such status list"))?;
    let published = blocking(&service, move |service| service.city.published_list(&list, form)).await?;
    // One tag for each media type: the same bytes under another type are another representation.
    let tag = format!("\"{}-{}\"", published.tag, media.rsplit_once('/').map_or(media, |(_, subtype)| subtype));
    let common = [
        (ETAG, tag.as_str()),
        (CACHE_CONTROL, "public, no-cache"),
        (VARY, "Accept"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    Ok((common, [(CONTENT_TYPE, media)], published.bytes.clone()).into_response())
}

/// `time` of the Token Status List, `timestamp` of the Bitstring Status List.
fn asks_for_the_past(query: &str) -> bool {
    query.split('&').any(|pair| matches!(pair.split('=').next(), Some("time" | "timestamp")))
}

fn refused(status: StatusCode, detail: &str) -> Response {
    let title = "Retrieval of the status list failed.";
    let problem =
        json!({"type": problem_types::STATUS_RETRIEVAL, "title": title, "status": status.as_u16(), "detail": detail});
    (status, [(CONTENT_TYPE, PROBLEM), (VARY, "Accept")], Json(problem)).into_response()
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// The form with the highest quality (RFC 9110 section 12.5.1); without `Accept`, the credential.
fn choose(accept: &str) -> Option<(&'static str, Form)> {
    let ranges: Vec<(&str, f32)> = accept.split(',').filter_map(range).collect();
    if ranges.is_empty() {
        return FORMS.first().copied();
    }
    let mut best: Option<(f32, (&'static str, Form))> = None;
    for form in FORMS {
        let quality = quality(&ranges, form.0);
        if quality > best.map_or(0.0, |(quality, _)| quality) {
            best = Some((quality, form));
        }
    }
    best.map(|(_, form)| form)
}

/// What the most specific range says of a media type; 0 where none matches.
fn quality(ranges: &[(&str, f32)], media: &str) -> f32 {
    let matching = |wanted: &str| ranges.iter().find(|(range, _)| range.eq_ignore_ascii_case(wanted)).map(|(_, q)| *q);
    matching(media).or_else(|| matching("application/*")).or_else(|| matching("*/*")).unwrap_or(0.0)
}

fn range(text: &str) -> Option<(&str, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next().filter(|media| !media.is_empty())?;
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((media, quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &str) -> Option<&'static str> {
        choose(accept).map(|(media, _)| media)
    }

    #[test]
    fn the_form_follows_the_accept_header() {
        for (accept, media) in [
            ("", Some("application/vc")),
            ("*/*", Some("application/vc")),
            ("application/*;q=0.5", Some("application/vc")),
            ("application/json", Some("application/json")),
            ("application/ld+json, */*;q=0.1", Some("application/ld+json")),
            ("application/statuslist+jwt", Some("application/statuslist+jwt")),
            ("application/statuslist+cwt, application/statuslist+jwt;q=0.9", Some("application/statuslist+cwt")),
            ("Application/StatusList+JWT", Some("application/statuslist+jwt")),
            ("text/html, */*;q=0.8", Some("application/vc")),
            ("application/vc;q=0, */*", Some("application/ld+json")),
            ("text/html", None),
            ("application/statuslist+jwt;q=0", None),
            ("application/vc;q=x", None),
        ] {
            assert_eq!(chosen(accept), media, "{accept}");
        }
    }

    #[test]
    fn the_past_is_recognised_by_both_names() {
        assert!(asks_for_the_past("time=1686925000") && asks_for_the_past("a=b&timestamp=2026-01-01T00:00:00Z"));
        assert!(!asks_for_the_past("") && !asks_for_the_past("timeless=1"));
    }
}
