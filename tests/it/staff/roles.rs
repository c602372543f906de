//! Who may call what: every role and every kind of token against every operation.

use certless::base::json::json;
use certless::domain::account::StaffRole;
use certless::domain::token::Role;
use certless::http::route::{Access, Route};
use certless::http::routes;

use crate::support::city::TestCity;
use crate::support::requests::least_body;
use crate::support::staff::{PASSWORD, at_work, session, sign_in};

/// Everyone who may come, in the order of the columns of [`may`].
const WHO: [&str; 10] = [
    "nobody",
    "agency token",
    "window token",
    "operator token",
    "agencyClerk",
    "agencyApprover",
    "windowClerk",
    "supervisor",
    "auditor",
    "administrator",
];

/// The table: `x` may, `.` may not.
fn may(access: Access) -> &'static str {
    match access {
        //                       n a w o  c p w s a m
        Access::Open =>
        /*     */
        {
            "xxxxxxxxxx"
        }
        Access::Known =>
        /*    */
        {
            ".xxxxxxxxx"
        }
        Access::Staff =>
        /*    */
        {
            "....xxxxxx"
        }
        Access::Agency =>
        /*   */
        {
            ".x..xx...."
        }
        Access::AgencyReading => ".x..xx.xx.",
        Access::Approver =>
        /* */
        {
            ".....x...."
        }
        Access::Window =>
        /*   */
        {
            "..x...x..."
        }
        Access::WindowReading => "..x...xxx.",
        Access::Answering => ".x..xx.x..",
        Access::Watching => ".......xx.",
        Access::Auditor =>
        /*  */
        {
            "........x."
        }
        Access::Operator =>
        /* */
        {
            "...x.....x"
        }
    }
}

struct World {
    city: TestCity,
    callers: Vec<Option<String>>,
}

impl World {
    fn new() -> Self {
        let city = TestCity::start();
        let agency = certless::base::id::AgencyCode::parse("GA").unwrap();
        let token = |role| Some(city.service.city.new_token(role, "test").unwrap());
        let mut callers = vec![
            None,
            token(Role::Agency { agency: agency.clone() }),
            token(Role::Window { agency }),
            token(Role::Operator),
        ];
        callers.extend(StaffRole::ALL.map(|role| Some(at_work(&city, &role.name().to_lowercase(), role, "GA"))));
        Self { city, callers }
    }

    /// The status of a call; what it asks about is nothing that exists.
    fn ask(&self, route: &Route, caller: Option<&str>) -> (u16, String) {
        let path = route.path.replace("{account}", "nobody-here").replace(['{', '}', '*'], "");
        let body = least_body(route).map(|body| body.to_string()).unwrap_or_default();
        let got = match route.method {
            "get" => self.city.get(caller, &path, "*/*"),
            "delete" => self.city.delete(caller, &path),
            "post" => self.city.send(caller, &path, "application/json", body.as_bytes()),
            other => panic!("{other} {}: how is it asked?", route.path),
        };
        let code = got.json()["code"].as_str().unwrap_or_default().to_owned();
        (got.status, code)
    }
}

#[test]
fn every_role_calls_what_its_table_says_and_nothing_else() {
    let world = World::new();
    let mut asked = 0;
    // Signing in and out is in the tests of sessions; the door would be closed for so many tries.
    for route in routes().iter().filter(|route| route.path != "/api/session" || route.method == "get") {
        for ((who, caller), allowed) in WHO.iter().zip(&world.callers).zip(may(route.access).chars()) {
            let (status, code) = world.ask(route, caller.as_deref());
            let told = format!("{who}: {} {} ({:?}): {status} {code}", route.method, route.path, route.access);
            match (allowed, *who) {
                ('x', _) => {
                    let own_password = route.access == Access::Staff && matches!(code.as_str(), "wrong" | "locked");
                    // Wallets bring access tokens of another kind, which none of these is.
                    let wallets = route.path.starts_with("/oid4vci/");
                    assert!(!matches!(status, 401 | 403) || own_password || wallets, "{told}");
                    assert!(status < 500, "{told}");
                }
                (_, "nobody") => assert_eq!(status, 401, "{told}"),
                (..) => assert_eq!(status, 403, "{told}"),
            }
            asked += 1;
        }
    }
    assert!(asked > 400, "{asked} calls");
}

#[test]
fn who_may_not_is_told_who_may() {
    let world = World::new();
    let journal = json!({"journal": ""}).to_string();
    let got = world.city.send(world.callers[1].as_deref(), "/api/reconcile", "application/json", journal.as_bytes());
    let told = got.json().to_string();
    assert_eq!(got.status, 403, "{told}");
    assert!(told.contains("窗口的令牌或工作人员") && told.contains("a window’s token or staff"), "{told}");
}

#[test]
fn the_openapi_document_tells_the_roles_of_the_table() {
    let document = certless::http::openapi::document(&routes());
    for route in routes() {
        let operation = &document["paths"][route.path][route.method];
        if route.access == Access::Open {
            assert!(operation["security"].is_null() && operation["x-roles"].is_null());
            continue;
        }
        let told: Vec<_> = operation["x-roles"].as_array().unwrap().iter().map(|role| role.as_str().unwrap()).collect();
        let expected: Vec<_> = WHO
            .iter()
            .zip(may(route.access).chars())
            .skip(4)
            .filter(|(_, may)| *may == 'x')
            .map(|(who, _)| *who)
            .collect();
        assert_eq!(told, expected, "{}", route.path);
        let tokens = may(route.access)[1..4].contains('x');
        let takes = operation["security"].as_array().unwrap().iter().any(|way| !way["token"].is_null());
        assert_eq!(takes, tokens, "{}", route.path);
    }
}

#[test]
fn any_window_clerk_takes_any_matter() {
    use crate::support::roles::Resident;
    use certless::base::json::json;
    let city = TestCity::start();
    let resident = Resident::nth(0);
    let filing = json!({"matter": "异地就医备案", "applicant": resident.as_applicant()});
    let mut numbers = Vec::new();
    for (account, agency) in [("window-a", "GA"), ("window-b", "MZ")] {
        let clerk = at_work(&city, account, StaffRole::WindowClerk, agency);
        let (status, filed) = city.post_as(Some(&clerk), "/api/applications", &filing);
        assert_eq!(status, 201, "{filed}");
        numbers.push(filed["id"].as_str().unwrap().to_owned());
    }
    let other = session(&sign_in(&city, "window-b", PASSWORD));
    let path = format!("/api/applications/{}/reject", numbers[0]);
    assert_eq!(city.post_as(Some(&other), &path, &json!({"reason": "演示"})).0, 200, "what another window took in");
}
