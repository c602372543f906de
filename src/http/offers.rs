//! `/api/offers`: an agency offers a licence to its holder's wallet, withdraws an offer, and sees how it stands.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::extract::{self, Path};
use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Service, Shared, blocking};
use crate::base::id::{AgencyCode, OfferId};
use crate::base::json::{Value, json};
use crate::base::time::rfc3339;
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::offer::record::Offer;
use crate::domain::offer::window::AtWindow;
use crate::domain::offer::{NewOffer, Offered};
use crate::wire::oid4vci::offer::reference_uri;
use crate::wire::qr::{Code, Correction};

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/offers",
            "Offers a licence to its holder's wallet; the PIN is told once.",
            &[(JSON, "NewOffer")],
            post(offer),
        )
        .only(Access::Agency)
        .answers(&[(201, JSON, "The offer: links for wallets, the code as a picture, the PIN.")]),
        Route::get("/api/offers/{id}", "How an offer stands.", get(show)).only(Access::Agency),
        Route::post("/api/offers/{id}/cancel", "Withdraws an offer that was not claimed.", &[], post(cancel))
            .only(Access::Agency),
        Route::post(
            "/api/offers/{id}/release",
            "Lets wallets that wait for an offer have their copies.",
            &[],
            post(release),
        )
        .only(Access::Agency),
        Route::post(
            "/api/window/licences",
            "The licences in force of a holder who is at the window; asking is an audit event.",
            &[(JSON, "AtWindow")],
            post(at_window),
        )
        .only(Access::Window),
        Route::post(
            "/api/window/offers",
            "Offers a licence of any agency's stock to its holder at the window; the PIN is told once.",
            &[(JSON, "AtWindow")],
            post(offer_at_window),
        )
        .only(Access::Window)
        .answers(&[(201, JSON, "The offer: links for wallets, the code as a picture, the PIN.")]),
        Route::get("/api/window/offers/{id}", "How an offer of this window stands.", get(show_at_window))
            .only(Access::Window),
        Route::post(
            "/api/window/offers/{id}/cancel",
            "Withdraws an offer of this window that was not claimed.",
            &[],
            post(cancel_at_window),
        )
        .only(Access::Window),
    ]
}

async fn at_window(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(asked): extract::Json<AtWindow>,
) -> Answer<Response> {
    let window = caller.window()?.clone();
    let held = blocking(&service, move |service| service.city.licences_at_window(&window, &asked, &caller.author()));
    Ok(([(CACHE_CONTROL, "no-store")], Json(json!({"licences": held.await?}))).into_response())
}

async fn offer_at_window(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(asked): extract::Json<AtWindow>,
) -> Answer<Response> {
    let window = caller.window()?.clone();
    let told = blocking(&service, move |service| {
        told(&service.city, &service.city.offer_at_window(&window, &asked, &caller.author())?)
    });
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(told.await?)).into_response())
}

async fn show_at_window(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    on_offer(service, caller.window()?.clone(), id, City::window_offer).await
}

async fn cancel_at_window(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    on_offer(service, caller.window()?.clone(), id, City::cancel_window_offer).await
}

async fn offer(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(new): extract::Json<NewOffer>,
) -> Answer<Response> {
    let agency = caller.issuing_agency()?.clone();
    let told =
        blocking(&service, move |service| told(&service.city, &service.city.offer(&agency, &new, &caller.author())?))
            .await?;
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(told)).into_response())
}

/// What is told of an offer when it is made, and never again.
pub(super) fn told(city: &City, offered: &Offered) -> Result<Value, Error> {
    let id = &offered.offer.id;
    let link = city.names.receive(id);
    let code = Code::new(&link, Correction::Medium)?;
    Ok(json!({
        "id": id.as_str(),
        "offerUri": reference_uri(&city.names.offer(id)),
        "offerByValue": offered.message.uri(),
        "link": link,
        "pin": offered.pin,
        "expiresAt": rfc3339(offered.offer.expires),
        "qr": code.to_svg(),
    }))
}

async fn show(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    on_offer(service, caller.issuing_agency()?.clone(), id, City::offer_of).await
}

async fn cancel(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    on_offer(service, caller.issuing_agency()?.clone(), id, City::cancel_offer).await
}

async fn release(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let agency = caller.issuing_agency()?.clone();
    on_offer(service, agency, id, move |city, agency, id| city.release_offer(agency, id, &caller)).await
}

async fn on_offer(
    service: Shared,
    agency: AgencyCode,
    id: String,
    act: impl FnOnce(&City, &AgencyCode, &OfferId) -> Result<Offer, Error> + Send + 'static,
) -> Answer<Json<Value>> {
    let work = move |service: &Service| {
        let id = OfferId::parse(&id).map_err(|_| Error::not_found("no such offer"))?;
        Ok(Json(act(&service.city, &agency, &id)?.to_json(service.city.now())))
    };
    blocking(&service, work).await
}
