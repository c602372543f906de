//! Public documents: who the city is, what its types are, how it is used.

use certless::base::json::Value;
use certless::domain::catalogue::Catalogue;

use crate::support::city::TestCity;

fn get(city: &TestCity, path: &str) -> Value {
    let got = city.get(None, path, "*/*");
    assert_eq!(got.status, 200, "{path}: {}", got.text);
    got.json()
}

#[test]
fn the_description_names_every_component_that_it_refers_to() {
    let city = TestCity::start();
    let description = get(&city, "/openapi.json");
    let schemas = description["components"]["schemas"].as_object().unwrap();
    let text = description.to_string();
    let named: Vec<_> =
        text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(named.len() > 20);
    for name in named {
        assert!(schemas.contains_key(name), "{name} is not described");
    }
}

#[test]
fn each_did_resolves_to_the_document_that_is_published() {
    let city = TestCity::start();
    let names = &city.service.city.names;
    let published = get(&city, "/.well-known/did.json");
    assert_eq!(published["id"], names.city_did());
    let resolved = get(&city, &format!("/1.0/identifiers/{}", names.city_did()));
    assert_eq!(resolved["didDocument"], published);
    let agencies = get(&city, "/.well-known/jwt-vc-issuer");
    assert_eq!(agencies["issuers"].as_array().unwrap().len(), 9);
    for code in ["GA", "YB"] {
        let published = get(&city, &format!("/agencies/{code}/did.json"));
        let did = published["id"].as_str().unwrap().to_owned();
        assert_eq!(get(&city, &format!("/1.0/identifiers/{did}"))["didDocument"], published);
        let encoded = did.replace('%', "%25").replace(':', "%3A");
        assert_eq!(get(&city, &format!("/1.0/identifiers/{encoded}"))["didDocument"], published);
        let issuer = get(&city, &format!("/.well-known/jwt-vc-issuer/agencies/{code}"));
        assert_eq!(issuer["jwks"]["keys"][0]["kid"], kid(&published).as_str());
    }
    for (did, status) in [("did:web:", 400), ("nothing", 400), ("did:example:1", 501), ("did:key:zzz", 400)] {
        let got = city.get(None, &format!("/1.0/identifiers/{did}"), "*/*");
        assert_eq!((got.status, got.media.as_str()), (status, "application/did-resolution"), "{did}: {}", got.text);
        assert!(got.json()["didDocument"].is_null());
        let error = &got.json()["didResolutionMetadata"]["error"];
        assert!(error["type"].as_str().unwrap().starts_with("https://www.w3.org/ns/did#"), "{}", got.text);
        assert_eq!(error["status"], status);
    }
}

#[test]
fn a_did_document_comes_alone_where_it_is_asked_for() {
    let city = TestCity::start();
    let path = format!("/1.0/identifiers/{}", city.service.city.names.city_did());
    let published = get(&city, "/.well-known/did.json");
    for media in ["application/did+json", "application/did", "application/did+ld+json"] {
        let got = city.get(None, &path, media);
        assert_eq!((got.status, got.media.as_str(), got.json()), (200, media, published.clone()));
    }
    let got = city.get(None, &path, "image/png");
    assert_eq!((got.status, got.media.as_str()), (406, "application/did-resolution"));
    let error = &got.json()["didResolutionMetadata"]["error"];
    assert_eq!(error["type"], "https://www.w3.org/ns/did#REPRESENTATION_NOT_SUPPORTED");
}

fn kid(document: &Value) -> String {
    document["verificationMethod"][0]["id"].as_str().unwrap().rsplit_once('#').unwrap().1.to_owned()
}

#[test]
fn every_type_has_its_schema_at_its_address() {
    let city = TestCity::start();
    let types = get(&city, "/schemas/credentials");
    let types = types["types"].as_array().unwrap();
    assert_eq!(types.len(), Catalogue::embedded().unwrap().types().len());
    for one in types {
        let path = format!("/schemas/credentials/{}/{}", one["code"].as_str().unwrap(), one["version"]);
        let schema = get(&city, &path);
        assert_eq!(schema["$id"], path.as_str());
    }
}
