//! The pages as they are served: shells with their policy, modules, texts in both languages.

use std::collections::BTreeSet;

use certless::base::json::Value;

use crate::support::city::TestCity;

const SHELLS: &[&str] = &[
    "/",
    "/signin",
    "/agency",
    "/window",
    "/window/citizen",
    "/wallet",
    "/wallet/receive",
    "/wallet/present",
    "/verify",
];

#[test]
fn each_page_is_served_with_all_that_it_names() {
    let city = TestCity::start();
    for path in SHELLS {
        let page = city.get(None, path, "text/html,*/*;q=0.8");
        assert_eq!((page.status, page.media.as_str()), (200, "text/html; charset=utf-8"), "{path}");
        let named: Vec<_> = page.text.split("\"/assets/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(named.iter().any(|name| name.ends_with("main.js")), "{path}: {named:?}");
        for name in named {
            let asset = city.get(None, &format!("/assets/{name}"), "*/*");
            assert_eq!(asset.status, 200, "{path} names {name}");
        }
    }
}

#[test]
fn a_machine_posts_to_verify_and_gets_no_page() {
    let city = TestCity::start();
    assert_eq!(city.get(None, "/verify", "application/json").status, 405);
    assert_eq!(city.send(None, "/verify", "text/plain", b"CL1:").status, 400);
}

#[test]
fn only_what_is_embedded_is_served() {
    let city = TestCity::start();
    for path in ["/assets/package.json", "/assets/../mod.rs", "/assets/%2e%2e/mod.rs", "/assets/", "/assets/wallet"] {
        assert_eq!(city.get(None, path, "*/*").status, 404, "{path}");
    }
    let worker = city.get(None, "/wallet/worker.js", "*/*");
    assert_eq!((worker.status, worker.media.as_str()), (200, "text/javascript; charset=utf-8"));
    assert!(worker.text.starts_with("const KEPT=[") && worker.text.contains("\"/assets/wallet/main.js\""));
}

#[test]
fn both_catalogues_have_the_same_keys() {
    let city = TestCity::start();
    let keys = |lang: &str| -> BTreeSet<String> {
        let Value::Object(texts) = city.get(None, &format!("/assets/text/{lang}.json"), "*/*").json() else {
            panic!("{lang}.json is no object")
        };
        assert!(texts.values().all(Value::is_string), "{lang}.json: texts only");
        texts.keys().cloned().collect()
    };
    let (zh, en) = (keys("zh"), keys("en"));
    let odd: Vec<_> = zh.symmetric_difference(&en).collect();
    assert!(odd.is_empty(), "in one language only: {odd:?}");
}
