//! `POST /verify`: whatever was scanned or dropped becomes a verdict.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

use super::extract::Upload;
use super::problem::{Answer, Problem};
use super::route::{JSON, Route};
use super::service::{Service, Shared, blocking};
use crate::domain::error::{Error, ErrorKind};
use crate::vc::finding::Code;
use crate::vc::verify::{Policy, Received, Verdict, receive};
use crate::wire::qr;

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let body = &[
        (JSON, "Any"),
        ("text/plain", ""),
        ("image/png", "binary"),
        ("image/jpeg", "binary"),
        ("image/svg+xml", "binary"),
        ("multipart/form-data", "Upload"),
    ];
    vec![
        Route::post(
            "/verify",
            "Verifies a credential or presentation: JSON, the text of a code, a picture of one, or a form with one such file and its companion.",
            body,
            post(verify),
        )
        .answers(&[
            (200, JSON, "The verdict, accepted or not."),
            (400, "application/problem+json", "The input is no credential at all."),
        ]),
    ]
}

async fn verify(State(service): State<Shared>, Upload { media, bytes: body, proof }: Upload) -> Answer<Response> {
    let verdict = if let Some(proof) = proof {
        blocking(&service, move |service| decide_with(service, received_or_seen(&body)?, &proof)).await?
    } else if media.starts_with("image/") || qr::is_picture(&body) {
        blocking(&service, move |service| decide(service, read_picture(&body)?)).await?
    } else {
        let received = received(&body)?;
        match &received {
            // What needs neither the store nor anyone else is decided on the spot.
            Received::Credential(credential) if service.city.verifies_alone(credential) => {
                service.city.verify(received, &Policy::full(service.city.now())).verdict
            }
            Received::Credential(_) | Received::Presentation(_) | Received::SdJwt(_) | Received::Compact(_) => {
                blocking(&service, move |service| decide(service, received)).await?
            }
        }
    };
    count(&verdict);
    Ok(answer(&verdict))
}

fn count(verdict: &Verdict) {
    // Two calls with constant labels: a label worked out at run time makes a new key for every request.
    if verdict.accepted {
        metrics::counter!("certless_verifications_total", "accepted" => "yes").increment(1);
    } else {
        metrics::counter!("certless_verifications_total", "accepted" => "no").increment(1);
    }
}

/// The verdict as JSON, written into a buffer that need not grow.
fn answer(verdict: &Verdict) -> Response {
    let mut body = Vec::with_capacity(4096);
    match serde_json::to_writer(&mut body, verdict) {
        Ok(()) => ([(CONTENT_TYPE, JSON)], body).into_response(),
        Err(error) => Problem(Error::corrupt(error.to_string())).into_response(),
    }
}

fn decide(service: &Service, received: Received) -> Result<Verdict, Error> {
    let policy = Policy::full(service.city.now());
    Ok(service.city.verify_once(received, &policy)?.verdict)
}

/// The same with companion files of the log.
fn decide_with(service: &Service, received: Received, proof: &[u8]) -> Result<Verdict, Error> {
    let log = service.city.log_evidence(&String::from_utf8_lossy(proof))?;
    let policy = Policy { log: Some(&log), ..Policy::full(service.city.now()) };
    Ok(service.city.verify_once(received, &policy)?.verdict)
}

fn received_or_seen(body: &[u8]) -> Result<Received, Error> {
    if qr::is_picture(body) { read_picture(body) } else { received(body) }
}

/// Reads the input; what is no credential at all is a malformed request.
pub(super) fn received(body: &[u8]) -> Result<Received, Error> {
    receive(body).map_err(|finding| {
        let kind = if finding.code == Code::TooLarge { ErrorKind::TooLarge } else { ErrorKind::Malformed };
        Error::new(kind, finding.to_string()).says(finding.code.zh(), finding.code.en())
    })
}

/// The first code in a picture that is a credential.
fn read_picture(bytes: &[u8]) -> Result<Received, Error> {
    let nothing = || {
        Error::new(ErrorKind::Malformed, "no readable code in the picture").says(
            "图片中没有可识别的二维码。请对准重拍，或上传更清晰的图片。",
            "No readable code in the picture. Take it again, straight and sharp.",
        )
    };
    let texts = qr::read(bytes).map_err(|_| nothing())?;
    let mut last = nothing();
    for text in texts {
        match received(text.as_bytes()) {
            Ok(received) => return Ok(received),
            Err(error) => last = error,
        }
    }
    Err(last)
}
