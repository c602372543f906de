//! Members of the staff: their accounts, and their sessions as a browser keeps them.

use certless::base::id::{AccountName, AgencyCode};
use certless::base::json::{Value, json};
use certless::domain::account::manage::NewAccount;
use certless::domain::account::{Author, StaffRole};

use super::city::{Got, TestCity};

/// The password of every account of the tests.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Makes an account; its name is given back.
pub(crate) fn hire(city: &TestCity, account: &str, role: StaffRole, agency: &str) -> String {
    let new = NewAccount {
        account: AccountName::parse(account).unwrap(),
        name: "演示员".to_owned(),
        role,
        agency: role.needs_agency().then(|| AgencyCode::parse(agency).unwrap()),
    };
    let by = Author::Token("test".to_owned());
    city.service.city.put_account(new, PASSWORD, false, &by).unwrap();
    account.to_owned()
}

/// Makes an account and signs in: what calls are made with.
pub(crate) fn at_work(city: &TestCity, account: &str, role: StaffRole, agency: &str) -> String {
    hire(city, account, role, agency);
    session(&sign_in(city, account, PASSWORD))
}

/// Tries to sign in.
pub(crate) fn sign_in(city: &TestCity, account: &str, password: &str) -> Got {
    city.send(
        None,
        "/api/session",
        "application/json",
        json!({"account": account, "password": password}).to_string().as_bytes(),
    )
}

/// What calls of a session are made with: the cookie's token, a space, the CSRF token.
#[track_caller]
pub(crate) fn session(got: &Got) -> String {
    assert_eq!(got.status, 200, "{}", got.text);
    let cookie = got.headers["set-cookie"].to_str().unwrap();
    let token = cookie.strip_prefix("__Host-certless=").unwrap().split(';').next().unwrap();
    format!("{token} {}", text(&got.json(), "csrf"))
}

/// The text of a member.
#[track_caller]
pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}")).to_owned()
}
