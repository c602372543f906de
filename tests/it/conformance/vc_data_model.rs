//! VC Data Model 2.0: the published vectors' credentials keep its rules, and the inputs of the Working Group's test
//! suite (`vc-data-model-2.0/*.json` in the folder of vectors, where somebody has put them) are judged by their names.

use certless::base::json::{Map, json};
use certless::vc::contexts::Contexts;
use certless::vc::jsonld::check_terms;
use certless::vc::model::{check_credential, check_presentation, related};

use crate::support::vectors;

#[test]
fn the_published_credentials_are_conforming_documents() {
    for name in [
        "vc-di-eddsa/unsigned.json",
        "vc-di-eddsa/eddsa-jcs-2022/signedJCS.json",
        "vc-di-eddsa/eddsa-rdfc-2022/signedDataInt.json",
        "vc-di-eddsa/eddsa-rdfc-2022/employ/signedDataInt.json",
        "vc-di-eddsa/proof-set-chain/signedProofSet2.json",
        "vc-di-eddsa/proof-set-chain/signedProofChain2.json",
    ] {
        let Some(credential) = vectors::json(name) else { return };
        let credential = credential.as_object().unwrap();
        assert_eq!(check_credential(credential), Ok(()), "{name}");
        if !credential.contains_key("proof") {
            continue;
        }
        let presentation = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": "VerifiablePresentation",
            "verifiableCredential": [credential]
        });
        assert_eq!(check_presentation(presentation.as_object().unwrap()), Ok(()), "{name}");
    }
}

/// The suite's own preparation: an issuer where none is said, an id where the issuer is an object without one.
fn prepare(mut credential: Map) -> Map {
    let issuer = credential.entry("issuer").or_insert_with(|| json!("did:example:issuer"));
    if let Some(issuer) = issuer.as_object_mut() {
        issuer.entry("id").or_insert_with(|| json!("did:example:issuer"));
    }
    credential
}

#[test]
fn the_inputs_of_the_test_suite_are_judged_by_their_names() {
    let Some(folder) = vectors::folder().map(|folder| folder.join("vc-data-model-2.0")) else { return };
    if !vectors::has("vc-data-model-2.0/credential-ok.json") {
        eprintln!("SKIPPED: no inputs of the data model test suite");
        return;
    }
    let contexts = Contexts::bundled();
    let mut judged = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(input) = vectors::json(&format!("vc-data-model-2.0/{name}")) else { continue };
        let Some(input) = input.as_object().cloned() else { continue };
        // Presentations are inputs to sign, not signed; the dates of two credentials are filled in by the suite.
        if name.starts_with("presentation")
            || input.get("validFrom").is_some_and(|text| text.to_string().ends_with(" DATE\""))
        {
            continue;
        }
        let input = prepare(input);
        let verdict = check_credential(&input)
            .and_then(|()| related::check(&input, &contexts))
            .and_then(|()| check_terms(&input, &contexts));
        let expected = name.ends_with("-ok.json");
        assert_eq!(verdict.is_ok(), expected, "{name}: {verdict:?}");
        judged += 1;
    }
    assert!(judged > 50, "only {judged} inputs");
}
