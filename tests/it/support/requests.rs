//! A body that every operation can read, by the name of its schema in the OpenAPI document.

use certless::base::json::{Value, json};
use certless::http::route::Route;

/// The least body of an operation; `None` when it takes none.
pub(crate) fn least_body(route: &Route) -> Option<Value> {
    let (_, schema) = route.body.iter().find(|(media, _)| *media == "application/json")?;
    Some(match *schema {
        "Any" | "Acceptance" => json!({}),
        "NewPartner" => json!({"url": "x", "root": "x", "types": ["idCard"]}),
        "OfflineJournal" => json!({"journal": ""}),
        "PartnerAt" => json!({"url": "x"}),
        "PartnerName" => json!({"city": "x"}),
        "SdJwtVerify" => json!({"presentation": "x~"}),
        "Issue" | "NewOffer" => json!({"type": "idCard", "row": {}}),
        "IssueBatch" => json!({"type": "idCard", "rows": []}),
        "IssueVc" => json!({"credential": {}}),
        "VerifyCredential" => json!({"verifiableCredential": {}}),
        "VerifyPresentation" => json!({"verifiablePresentation": {}}),
        "CredentialRequest" => json!({"credential_configuration_id": "x", "proofs": {"jwt": ["x"]}}),
        "DeferredCredentialRequest" => json!({"transaction_id": "x"}),
        "CredentialNotification" => json!({"notification_id": "x", "event": "credential_accepted"}),
        "Reason" => json!({"reason": "x"}),
        "HolderSearch" => json!({"code": "x"}),
        "AtWindow" => json!({"holder": {"code": "430112199003074016"}, "purpose": "x"}),
        "SignIn" => json!({"account": "x", "password": "x"}),
        "NewPassword" => json!({"password": "x", "new": "x"}),
        "Totp" => json!({"code": "000000"}),
        "NewAccount" => json!({"account": "x", "name": "x", "role": "auditor"}),
        "NewWitness" => json!({"url": "https://w.example", "key": "x"}),
        "NewWitnessedLog" => json!({"keys": ["x"]}),
        "WitnessName" => json!({"name": "w.example"}),
        "OwnKeyRotation" => json!({"overlapDays": 30}),
        "OwnKeyAt" => json!({"key": "log"}),
        "KeyAt" => json!({"key": "key-1"}),
        "Filing" => json!({"matter": "x", "applicant": {"name": "x", "code": "x"}}),
        "HandIn" => json!({"presentation": "CL1:0"}),
        "Spoken" => json!({"code": "00000000"}),
        "Ask" => json!({"types": ["idCard"]}),
        "Identify" => json!({"matter": "x", "presentation": "x"}),
        "Opinion" => json!({"grade": "satisfied"}),
        "Decision" => json!({"decision": "refuse", "reason": "x"}),
        "MyUses" | "MyLicences" => json!({"proofs": ["x"]}),
        "NewObjection" => json!({"proof": "x"}),
        "ObjectionAnswer" => json!({"outcome": "explained", "answer": "x"}),
        "NewCopy" => json!({"cause": "x"}),
        "CopyText" => json!({"jwt": "x"}),
        other => panic!("{other}: name the least body of this schema here"),
    })
}
