//! What operations are asked with and how they refuse: the schemas that the interface's description names.

use crate::base::json::{Map, Value, json};
use crate::domain::account::StaffRole;
use crate::domain::application::rating::{Grade, MOST_WORDS};
use crate::domain::error::ErrorKind;
use crate::http::problem::{status, type_uri};
use crate::vc::finding::Check;
use crate::wire::format::Format;

fn sd_jwt_verify() -> Value {
    json!({
        "type": "object",
        "required": ["presentation"],
        "additionalProperties": false,
        "properties": {
            "presentation": {"type": ["string", "object"]},
            "issuer_jwk": {"type": ["object", "null"]},
            "nonce": {"type": ["string", "null"]}, "aud": {"type": ["string", "null"]},
            "checks": {"type": ["array", "null"], "items": {"enum": Check::ALL.map(Check::name)}},
        },
    })
}

/// A request of the VC API: one document and its options.
fn vc_api_request(document: &str, options: &Value) -> Value {
    let properties = json!({document: {"type": "object"}, "options": options});
    json!({"type": "object", "required": [document], "properties": properties})
}

/// The options of the VC API's verifiers.
fn verify_options() -> Value {
    let texts = json!({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]});
    json!({
        "type": "object",
        "properties": {
            "checks": {"type": "array", "items": {"type": "string"}, "description": "[\"proof\"]: data model and proofs only; absent: everything."},
            "challenge": {"type": "string"},
            "domain": texts,
        },
    })
}

/// Every schema by its name.
pub(super) fn all_schemas() -> Map {
    let issuing = [schemas(), offer_schemas(), trust_schemas()];
    let windows = [case_schemas(), presentation_schemas(), use_schemas(), staff_schemas()];
    issuing.into_iter().chain(windows).filter_map(object).flatten().collect()
}

/// Of OpenID4VP and what windows ask for by it.
fn presentation_schemas() -> Value {
    let text = json!({"type": "string"});
    json!({
        "Ask": ask(),
        "HandIn": {
            "type": "object", "required": ["presentation"], "additionalProperties": false,
            "properties": {"presentation": text},
        },
        "Spoken": {
            "type": "object", "required": ["code"], "additionalProperties": false, "properties": {"code": text},
        },
        "WalletRequest": {
            "type": "object",
            "properties": {"wallet_nonce": text, "wallet_metadata": text},
        },
        "VpResponse": {
            "type": "object",
            "properties": {
                "vp_token": text, "state": text, "response": text, "error": text, "error_description": text,
            },
        },
    })
}

/// The bodies of use records, objections and copies.
fn use_schemas() -> Value {
    let text = json!({"type": "string"});
    json!({
        "Identify": {
            "type": "object", "required": ["matter", "presentation"], "additionalProperties": false,
            "properties": {"matter": text, "presentation": text, "basis": {"enum": ["consent", "duty"]}},
        },
        "MyUses": {
            "type": "object", "required": ["proofs"], "additionalProperties": false,
            "properties": {"proofs": {"type": "array", "items": text, "minItems": 1, "maxItems": 32}, "after": text},
        },
        "MyLicences": {
            "type": "object", "required": ["proofs"], "additionalProperties": false,
            "properties": {"proofs": {"type": "array", "items": text, "minItems": 1, "maxItems": 32}},
        },
        "NewObjection": {
            "type": "object", "required": ["proof"], "additionalProperties": false, "properties": {"proof": text},
        },
        "ObjectionAnswer": {
            "type": "object", "required": ["outcome", "answer"], "additionalProperties": false,
            "properties": {"outcome": {"enum": ["explained", "upheld"]}, "answer": text},
        },
        "NewCopy": {
            "type": "object", "required": ["cause"], "additionalProperties": false,
            "properties": {"cause": text, "days": {"type": "integer", "minimum": 1}},
        },
        "CopyText": {
            "type": "object", "required": ["jwt"], "additionalProperties": false, "properties": {"jwt": text},
        },
    })
}

/// The bodies of offers and of OpenID4VCI.
fn offer_schemas() -> Value {
    let text = json!({"type": "string"});
    json!({
        "NewOffer": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "credential": text, "type": text, "row": {"type": "object"},
                "holder": {"type": "integer", "minimum": 1, "description": "Which holder of the licence claims it."},
                "letter": {"type": "boolean", "description": "Good for 30 days rather than an hour."},
                "pin": {"type": "boolean", "description": "Whether the holder types a PIN; yes when absent."},
                "hold": {"type": "boolean", "description": "Whether wallets wait until the offer is released."},
            },
        },
        "AtWindow": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "application": {"type": "string", "description": "A case in which the applicant showed a licence within half an hour."},
                "holder": {
                    "type": "object", "additionalProperties": false, "required": ["code"],
                    "properties": {"code": text, "codeType": text},
                    "description": "The holder, identified by the clerk in another way.",
                },
                "purpose": {"type": "string", "description": "How the holder was identified and what for; with holder."},
                "credential": {"type": "string", "description": "The licence that is offered."},
            },
        },
        "TokenRequest": {
            "type": "object", "required": ["grant_type", "pre-authorized_code"],
            "properties": {
                "grant_type": {"const": crate::wire::oid4vci::PRE_AUTHORIZED},
                "pre-authorized_code": text, "tx_code": text, "authorization_details": text,
            },
        },
        "CredentialRequest": {
            "type": "object", "required": ["proofs"],
            "properties": {
                "credential_configuration_id": text, "credential_identifier": text,
                "proofs": {
                    "type": "object", "required": ["jwt"],
                    "properties": {"jwt": {"type": "array", "items": text, "minItems": 1}},
                },
            },
        },
        "DeferredCredentialRequest": {
            "type": "object", "required": ["transaction_id"], "properties": {"transaction_id": text},
        },
        "CredentialNotification": {
            "type": "object", "required": ["notification_id", "event"],
            "properties": {
                "notification_id": text,
                "event": {"enum": ["credential_accepted", "credential_deleted", "credential_failure"]},
                "event_description": text,
            },
        },
    })
}

/// What trust between cities is asked with.
fn trust_schemas() -> Value {
    let text = json!({"type": "string"});
    let texts = json!({"type": "array", "items": text});
    json!({
        "NewPartner": {
            "type": "object", "required": ["url", "root", "types"], "additionalProperties": false,
            "properties": {"url": text, "root": text, "types": texts, "agencies": texts},
        },
        "OfflineJournal": {
            "type": "object", "required": ["journal"], "additionalProperties": false,
            "properties": {"journal": {"type": "string", "description": "The lines of the journal."}},
        },
        "PartnerAt": {
            "type": "object", "required": ["url"], "additionalProperties": false, "properties": {"url": text},
        },
        "PartnerName": {
            "type": "object", "additionalProperties": false, "properties": {"city": {"type": ["string", "null"]}},
        },
    })
}

/// What a window asks for.
fn ask() -> Value {
    let text = json!({"type": "string"});
    let texts = json!({"type": "array", "items": text});
    let exact = json!({
        "type": "object", "required": ["type"], "additionalProperties": false,
        "properties": {
            "type": text, "view": text, "claims": texts, "values": {"type": "object"},
            "multiple": {"type": "boolean"}, "optional": {"type": "boolean"},
        },
    });
    let any = json!({
        "type": "object", "required": ["anyOf"], "additionalProperties": false,
        "properties": {"anyOf": texts, "optional": {"type": "boolean"}},
    });
    let label = json!({
        "type": "object", "required": ["zh", "en"], "properties": {"zh": text, "en": text},
    });
    json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "file": {"type": "boolean"}, "application": text, "matter": text, "requirements": texts,
            "types": {"type": "array", "items": {"anyOf": [text, any, exact]}},
            "purpose": {"anyOf": [text, label]},
            "basis": {"enum": ["consent", "duty"]},
            "mode": {"enum": ["direct_post", "direct_post.jwt"]},
            "formats": {"type": "array", "items": {"enum": Format::ALL.map(Format::identifier)}},
            "returnTo": text,
        },
    })
}

/// A form with one file.
fn upload() -> Value {
    let proof = "Companion files of the log (C2SP tlog-proof), one behind another.";
    let file = json!({"type": "string", "format": "binary"});
    let properties = json!({"file": file, "proof": {"type": "string", "description": proof}});
    json!({"type": "object", "required": ["file"], "properties": properties})
}

fn witness_body(members: &[&str]) -> Value {
    let properties: Map = members.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
    json!({"type": "object", "required": members, "additionalProperties": false, "properties": properties})
}

fn witnessed_log() -> Value {
    let keys = json!({"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 8});
    json!({
        "type": "object", "required": ["keys"], "additionalProperties": false,
        "properties": {"origin": {"type": "string"}, "keys": keys},
    })
}

fn problem_document() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "required": ["type", "title", "status", "zh", "en"],
        "properties": {
            "type": {"enum": ErrorKind::ALL.map(type_uri)},
            "title": text, "zh": text, "en": text, "detail": text, "code": text, "retryAfter": {"type": "integer"},
            "status": {"enum": ErrorKind::ALL.map(|kind| status(kind).as_u16())},
            "reasons": {"type": "array", "items": {"type": "object"}},
        },
    })
}

fn schemas() -> Value {
    let text = json!({"type": "string"});
    json!({
        "Any": {"type": "object"},
        "Upload": upload(),
        "Problem": problem_document(),
        "SdJwtVerify": sd_jwt_verify(),
        "Issue": {
            "type": "object",
            "required": ["type", "row"],
            "additionalProperties": false,
            "properties": {
                "type": text, "row": {"type": "object"}, "key": text, "holderKey": {"type": ["string", "object"]},
                "dryRun": {"type": "boolean"},
            },
        },
        "IssueVc": vc_api_request("credential", &json!({"type": "object", "properties": {"credentialId": text}})),
        "VerifyCredential": vc_api_request("verifiableCredential", &verify_options()),
        "VerifyPresentation": vc_api_request("verifiablePresentation", &verify_options()),
        "IssueBatch": {
            "type": "object",
            "required": ["type", "rows"],
            "additionalProperties": false,
            "properties": {
                "type": text,
                "agency": text,
                "rows": {"type": "array", "items": {"type": "object"}},
                "dryRun": {"type": "boolean"},
            },
        },
        "Reason": {
            "type": "object", "required": ["reason"], "additionalProperties": false, "properties": {"reason": text},
        },
        "NewWitness": witness_body(&["url", "key"]),
        "NewWitnessedLog": witnessed_log(),
        "WitnessName": witness_body(&["name"]),
        "OwnKeyRotation": {
            "type": "object", "additionalProperties": false,
            "properties": {"overlapDays": {"type": "integer", "minimum": 0, "maximum": 3650}},
        },
        "OwnKeyAt": {
            "type": "object", "required": ["key"], "additionalProperties": false, "properties": {"key": text, "at": text},
        },
        "KeyAt": {
            "type": "object", "required": ["key"], "additionalProperties": false, "properties": {"key": text, "at": text},
        },
        "HolderSearch": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "code": {"type": "string", "description": "The holder's code."},
                "codeType": text,
                "number": {"type": "string", "description": "A licence number; with code where numbers are unique for each holder only."},
            },
        },
    })
}

/// What applications are filed, accepted, decided and rated with.
fn case_schemas() -> Value {
    let text = json!({"type": "string"});
    json!({
        "Filing": {
            "type": "object", "required": ["matter", "applicant"], "additionalProperties": false,
            "properties": {
                "matter": text,
                "applicant": {
                    "type": "object", "required": ["name", "code"], "additionalProperties": false,
                    "properties": {"name": text, "code": text, "codeType": text, "holderKey": {"type": "object"}},
                },
            },
        },
        "Acceptance": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "forms": {"type": "array", "items": text},
                "commitments": {"type": "array", "items": text},
                "tolerated": {"type": "array", "items": text},
            },
        },
        "Opinion": {
            "type": "object", "required": ["grade"], "additionalProperties": false,
            "properties": {
                "grade": {"enum": Grade::ALL.map(Grade::name)},
                "words": {"type": "string", "maxLength": MOST_WORDS},
            },
        },
        "Decision": {
            "type": "object", "required": ["decision"],
            "properties": {
                "decision": {"enum": ["grant", "refuse"]},
                "results": {"type": "object"},
                "reason": text,
            },
        },
    })
}

/// What accounts and sessions are asked with.
fn staff_schemas() -> Value {
    let text = json!({"type": "string"});
    json!({
        "SignIn": {
            "type": "object", "required": ["account", "password"], "additionalProperties": false,
            "properties": {"account": text, "password": text, "totp": {"type": ["string", "null"]}},
        },
        "NewPassword": {
            "type": "object", "required": ["password", "new"], "additionalProperties": false,
            "properties": {"password": text, "new": text},
        },
        "Totp": {
            "type": "object", "additionalProperties": false,
            "description": "`password` begins, `code` puts it into use, `password` with `remove` ends it.",
            "properties": {"password": text, "code": text, "remove": {"type": "boolean"}},
        },
        "NewAccount": {
            "type": "object", "required": ["account", "name", "role"], "additionalProperties": false,
            "properties": {
                "account": text, "name": text, "role": {"enum": StaffRole::ALL.map(StaffRole::name)},
                "agency": {"type": ["string", "null"]},
            },
        },
    })
}

fn object(value: Value) -> Option<Map> {
    if let Value::Object(map) = value { Some(map) } else { None }
}
