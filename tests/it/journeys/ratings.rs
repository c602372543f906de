//! After the decision: the results go to the applicant's wallet, and whoever holds the receipt rates the service once.

use certless::base::json::{Value, json};
use certless::domain::account::StaffRole;

use crate::support::city::{Got, TestCity};
use crate::support::phone::Phone;
use crate::support::roles::{Resident, Stranger, Window};
use crate::support::staff::at_work;

const MATTER: &str = "异地就医备案";
const FORM: &str = "application/x-www-form-urlencoded";

/// A case with its receipt's path: accepted, not decided.
fn accepted(city: &TestCity, nth: usize) -> (Value, String) {
    let window = Window::new(city, "YB");
    let mut resident = Resident::nth(nth);
    resident.obtain(city, "idCard");
    resident.obtain(city, "socialSecurityCard");
    let case = window.file(MATTER, &resident);
    for which in ["idCard", "socialSecurityCard"] {
        window.scan(&case, &resident.code(which, "basic")).0.accept();
    }
    assert_eq!(window.step(&case, "accept", &json!({})).0, 200);
    let url = case["receipt"]["url"].as_str().unwrap();
    (case.clone(), url[url.find("/r/").unwrap()..].to_owned())
}

fn grant(city: &TestCity, case: &Value) {
    let result = json!({"content": "演示：准予备案", "legalBasis": "演示依据", "decisionDate": "2026-01-05"});
    let decision = json!({"decision": "grant", "results": {"filingReceipt": result}});
    assert_eq!(Window::new(city, "YB").step(case, "decide", &decision).0, 200);
}

fn rate(city: &TestCity, receipt: &str, grade: &str, words: &str) -> Got {
    let body = json!({"grade": grade, "words": words}).to_string();
    city.send(None, receipt, "application/json", body.as_bytes())
}

#[test]
fn a_decided_case_is_rated_once_and_supervisors_read_it() {
    let city = TestCity::start();
    let (case, receipt) = accepted(&city, 0);
    let early = rate(&city, &receipt, "satisfied", "");
    assert_eq!((early.status, &early.json()["zh"]), (409, &json!("办件尚未办结，办结后再来评价。")));
    assert_eq!(Stranger(&city).get(&receipt, "application/json").json()["mayRate"], false);
    grant(&city, &case);
    assert_eq!(Stranger(&city).get(&receipt, "application/json").json()["mayRate"], true);
    for (grade, words) in [("perfect", String::new()), ("satisfied", "长".repeat(301))] {
        assert!([400, 422].contains(&rate(&city, &receipt, grade, &words).status), "{grade}");
    }
    let given = rate(&city, &receipt, "dissatisfied", " 排队太久 ");
    assert_eq!((given.status, &given.json()["gradeName"]["zh"]), (201, &json!("不满意")), "{}", given.text);
    let again = rate(&city, &receipt, "verySatisfied", "");
    assert_eq!((again.status, &again.json()["code"]), (409, &json!("already_rated")), "{}", again.text);
    let progress = Stranger(&city).get(&receipt, "application/json").json();
    assert_eq!((&progress["mayRate"], &progress["rating"]["grade"]), (&json!(false), &json!("dissatisfied")));

    let supervisor = at_work(&city, "watcher", StaffRole::Supervisor, "");
    let read = city.get(Some(&supervisor), "/api/ratings?agency=YB", "application/json").json();
    let one = &read["ratings"][0];
    assert_eq!(read["ratings"].as_array().unwrap().len(), 1);
    assert_eq!((&one["words"], &one["case"], &one["window"]), (&json!("排队太久"), &case["id"], &json!("YB")));
    assert!(one["callBack"].is_string(), "the office calls back: {one}");
    let counts: Vec<_> = read["tally"].as_array().unwrap().iter().map(|one| &one["count"]).collect();
    assert_eq!(counts, [0, 0, 0, 1, 0]);
    let window = at_work(&city, "clerk", StaffRole::WindowClerk, "YB");
    assert_eq!(city.get(Some(&window), "/api/ratings?agency=YB", "*/*").status, 403, "the rated do not read it");
}

#[test]
fn each_case_of_an_agency_counts_and_one_cannot_vote_for_another() {
    let city = TestCity::start();
    let receipts: Vec<_> = (0..2)
        .map(|nth| {
            let (case, receipt) = accepted(&city, nth);
            grant(&city, &case);
            receipt
        })
        .collect();
    for receipt in &receipts {
        assert_eq!(rate(&city, receipt, "verySatisfied", "").status, 201);
        assert_eq!(rate(&city, receipt, "verySatisfied", "").status, 409);
    }
    assert_eq!(rate(&city, "/r/0123456789abcdefghijklmnopqrstuv", "satisfied", "").status, 404);
    let supervisor = at_work(&city, "watcher", StaffRole::Supervisor, "");
    let read = city.get(Some(&supervisor), "/api/ratings?agency=YB", "application/json").json();
    assert_eq!((&read["tally"][0]["count"], read["ratings"].as_array().unwrap().len()), (&json!(2), 2));
    let other = city.get(Some(&supervisor), "/api/ratings?agency=GA", "application/json").json();
    assert_eq!((&other["tally"][0]["count"], &other["ratings"]), (&json!(0), &json!([])));
    let whole = city.get(Some(&supervisor), "/api/ratings", "application/json").json();
    assert_eq!(
        (&whole["tally"], &whole["ratings"]),
        (&read["tally"], &read["ratings"]),
        "one agency is the whole city here"
    );
}

#[test]
fn the_page_rates_without_scripts() {
    let city = TestCity::start();
    let (case, receipt) = accepted(&city, 0);
    assert!(!Stranger(&city).get(&receipt, "text/html").text.contains("<form"), "nothing to rate yet");
    grant(&city, &case);
    let page = Stranger(&city).get(&receipt, "text/html").text;
    assert!(
        page.contains("<form class=\"rate\" method=\"post\">") && page.contains("value=\"veryDissatisfied\""),
        "{page}"
    );
    let body = b"grade=satisfied&words=%E5%BE%88%E5%BF%AB%3Cb%3E";
    let sent = city.send(None, &format!("{receipt}?lang=zh&large=1"), FORM, body);
    assert_eq!(sent.status, 201, "a program that asks for no page: {}", sent.text);
    let page = Stranger(&city).get(&receipt, "text/html").text;
    assert!(page.contains("您的评价：<strong>满意</strong>") && !page.contains("<form"), "{page}");
    assert!(!page.contains("很快"), "what somebody wrote is not shown to who scans the receipt");
}

#[test]
fn the_results_of_a_granted_case_are_offered_to_the_wallet() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let (case, _) = accepted(&city, 0);
    assert_eq!(window.step(&case, "offers", &json!({})).0, 409, "nothing is granted yet");
    grant(&city, &case);
    let (status, told) = window.step(&case, "offers", &json!({}));
    assert_eq!(status, 201, "{told}");
    let offer = &told["offers"][0];
    let phone = Phone::new(&city, 1);
    let opened = phone.open(offer["offerUri"].as_str().unwrap());
    let token = phone.token(&opened, offer["pin"].as_str());
    let got = phone.ask_with(&token, "filingReceipt.sd-jwt", &phone.proofs());
    assert_eq!(got.status, 200, "{}", got.text);
    assert!(got.json()["credentials"][0]["credential"].as_str().unwrap().contains('~'), "{}", got.text);
}
