//! `/api/accounts`: an administrator makes, lists, disables and resets the accounts of the staff.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::extract::{self, Path, Query};
use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Service, Shared, blocking};
use crate::base::id::AccountName;
use crate::base::json::{Value, json};
use crate::base::secret::Secret;
use crate::domain::account::Author;
use crate::domain::account::manage::NewAccount;
use crate::domain::account::record::Account;
use crate::domain::error::Error;

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let told = &[(201, JSON, "The account, and its password, told once.")];
    let step = |path, summary, handler| Route::post(path, summary, &[], handler).only(Access::Operator);
    vec![
        Route::get("/api/accounts", "The accounts of the staff.", get(list))
            .only(Access::Operator)
            .query(&[("after", "Where to go on.")]),
        Route::post("/api/accounts", "Makes an account.", &[(JSON, "NewAccount")], post(add))
            .only(Access::Operator)
            .answers(told),
        step("/api/accounts/{account}/disable", "Lets nobody sign in any more; sessions end.", post(disable)),
        step("/api/accounts/{account}/enable", "Lets the account sign in again.", post(enable)),
        step(
            "/api/accounts/{account}/reset",
            "Gives a new password, told once; one-time password, lock and sessions end.",
            post(reset),
        ),
        step("/api/accounts/{account}/end-sessions", "Ends every session of the account.", post(end_sessions)),
    ]
}

async fn list(State(service): State<Shared>, Query(query): Query<BTreeMap<String, String>>) -> Answer<Json<Value>> {
    blocking(&service, move |service| {
        let page = service.city.accounts(query.get("after").map(String::as_str))?;
        let accounts: Vec<_> = page.accounts.iter().map(Account::to_json).collect();
        Ok(Json(json!({"accounts": accounts, "next": page.next})))
    })
    .await
}

async fn add(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(new): extract::Json<NewAccount>,
) -> Answer<Response> {
    let made = blocking(&service, move |service| service.city.add_account(new, &caller.author())).await?;
    Ok(with_password(StatusCode::CREATED, &made))
}

fn with_password(status: StatusCode, (account, password): &(Account, Secret<String>)) -> Response {
    let body = json!({"account": account.to_json(), "password": password.expose()});
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn disable(state: State<Shared>, caller: Authenticated, name: Path<AccountName>) -> Answer<Response> {
    change(state, caller, name, |service, name, by| service.city.disable_account(name, true, by)).await
}

async fn enable(state: State<Shared>, caller: Authenticated, name: Path<AccountName>) -> Answer<Response> {
    change(state, caller, name, |service, name, by| service.city.disable_account(name, false, by)).await
}

async fn end_sessions(state: State<Shared>, caller: Authenticated, name: Path<AccountName>) -> Answer<Response> {
    change(state, caller, name, |service, name, by| service.city.end_sessions(name, by)).await
}

async fn reset(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(name): Path<AccountName>,
) -> Answer<Response> {
    let reset = blocking(&service, move |service| service.city.reset_account(&name, &caller.author())).await?;
    Ok(with_password(StatusCode::OK, &reset))
}

async fn change(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(name): Path<AccountName>,
    act: fn(&Service, &AccountName, &Author) -> Result<Account, Error>,
) -> Answer<Response> {
    let account = blocking(&service, move |service| act(service, &name, &caller.author())).await?;
    Ok(Json(json!({"account": account.to_json()})).into_response())
}
