//! `/api/session`: a person signs in and out, and changes the own password and one-time password.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde::Deserialize;

use super::extract;
use super::guard::{Address, COOKIE_NAME, Own, cookie, own_page};
use super::problem::{Answer, Problem};
use super::route::{Access, JSON, Route};
use super::service::{Shared, blocking};
use crate::base::json::{Value, json};
use crate::base::secret::Secret;
use crate::base::time::rfc3339;
use crate::domain::account::session::Session;
use crate::domain::account::sign_in::Attempt;
use crate::domain::agency::Agencies;
use crate::domain::error::{Error, ErrorKind};
use crate::wire::qr::{Code, Correction};

const SESSION: &[(u16, &str, &str)] = &[(200, JSON, "The session; its token is in the cookie.")];

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let gone = &[(204, "", "Signed out.")];
    let mut sign_out = Route::get("/api/session", "Signs out.", delete(end)).only(Access::Staff).answers(gone);
    sign_out.method = "delete";
    vec![
        Route::post("/api/session", "Signs a person in.", &[(JSON, "SignIn")], post(sign_in)).answers(SESSION),
        Route::get("/api/session", "The own session; asking does not extend it.", get(show)).only(Access::Staff),
        sign_out,
        Route::post("/api/session/password", "Changes the own password.", &[(JSON, "NewPassword")], post(password))
            .only(Access::Staff)
            .answers(SESSION),
        Route::post(
            "/api/session/totp",
            "Sets the own one-time password up, or removes it.",
            &[(JSON, "Totp")],
            post(totp),
        )
        .only(Access::Staff)
        .answers(&[(200, JSON, "The secret to scan, or whether one is in use.")]),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    account: String,
    password: String,
    totp: Option<String>,
}

async fn sign_in(
    State(service): State<Shared>,
    Address(address): Address,
    headers: HeaderMap,
    extract::Json(typed): extract::Json<SignIn>,
) -> Answer<Response> {
    if !own_page(&headers) {
        return Err(Error::new(ErrorKind::NotAllowed, "another site's page").coded("csrf").into());
    }
    let replaces = cookie(&headers).map(|token| token.expose().clone());
    let password = Secret::new(typed.password);
    let attempt = Attempt { account: typed.account, password, totp: typed.totp, address, replaces };
    let signed = blocking(&service, move |service| service.city.sign_in(&attempt)).await;
    let outcome = signed.as_ref().map_or_else(|Problem(error)| error.code().unwrap_or("failed"), |_| "signed_in");
    metrics::counter!("certless_sign_ins_total", "outcome" => outcome).increment(1);
    fresh(&signed?)
}

/// The session with its cookie. Without an age the cookie goes when the browser is closed.
fn fresh(session: &Session) -> Answer<Response> {
    let text =
        Secret::new(format!("{COOKIE_NAME}={}; Path=/; Secure; HttpOnly; SameSite=Strict", session.token.expose()));
    let mut set = HeaderValue::from_str(text.expose()).map_err(|error| Error::corrupt(error.to_string()))?;
    set.set_sensitive(true);
    Ok(([(SET_COOKIE, set), (CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(body(session)?))
        .into_response())
}

/// What the pages know of a session.
fn body(session: &Session) -> Result<Value, Error> {
    let head = &session.account.head;
    let caller = session.caller()?;
    let agency = head.agency.as_ref().and_then(|code| Agencies::shipped().ok()?.find(code));
    Ok(json!({
        "account": head.account,
        "name": session.account.name(),
        "role": head.role,
        "roleName": head.role.label(),
        "agency": caller.issuing_agency().ok(),
        "window": caller.window().ok(),
        "agencyName": agency.map(|agency| &agency.name),
        "totp": head.totp,
        "mustChange": head.must_change,
        "csrf": session.csrf,
        "idleUntil": rfc3339(session.idle_until),
        "endsAt": rfc3339(session.ends_at),
    }))
}

async fn show(Own(session): Own) -> Answer<Response> {
    Ok(([(CACHE_CONTROL, "no-store")], Json(body(&session)?)).into_response())
}

async fn end(State(service): State<Shared>, Own(session): Own) -> Answer<Response> {
    blocking(&service, move |service| service.city.sign_out(session.token.expose())).await?;
    let gone = format!("{COOKIE_NAME}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, gone), (CACHE_CONTROL, "no-store".to_owned())]).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    password: String,
    new: String,
}

async fn password(
    State(service): State<Shared>,
    Own(session): Own,
    extract::Json(typed): extract::Json<NewPassword>,
) -> Answer<Response> {
    let (old, new) = (Secret::new(typed.password), Secret::new(typed.new));
    let changed = blocking(&service, move |service| service.city.change_password(&session, old.expose(), new.expose()));
    fresh(&changed.await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Totp {
    password: Option<String>,
    code: Option<String>,
    #[serde(default)]
    remove: bool,
}

async fn totp(
    State(service): State<Shared>,
    Own(session): Own,
    extract::Json(asked): extract::Json<Totp>,
) -> Answer<Response> {
    let answer = blocking(&service, move |service| match (asked.password.map(Secret::new), asked.code, asked.remove) {
        (Some(password), None, false) => {
            let setup = service.city.begin_totp(&session, password.expose())?;
            let qr = Code::new(&setup.address, Correction::Medium)?.to_svg();
            Ok(json!({"totp": false, "secret": setup.secret, "uri": setup.address, "qr": qr}))
        }
        (None, Some(code), false) => {
            service.city.confirm_totp(&session, &code)?;
            Ok(json!({"totp": true}))
        }
        (Some(password), None, true) => {
            service.city.remove_totp(&session, password.expose())?;
            Ok(json!({"totp": false}))
        }
        _ => Err(Error::malformed("password to begin, code to confirm, password and remove to end")),
    });
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer.await?)).into_response())
}
