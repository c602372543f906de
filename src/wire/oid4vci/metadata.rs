//! Issuer metadata (section 12.2) and the metadata of the authorization server, which is the same program (section 12.3).

use super::{Format, PRE_AUTHORIZED};
use crate::base::json::{Map, Value, json};
use crate::base::text::{Label, Lang};

/// Most keys of one credential request, and so most copies.
pub const BATCH: usize = 10;

/// A credential type as the metadata tells it.
#[derive(Clone, Debug)]
pub struct OfferedType<'a> {
    /// The code, `idCard`.
    pub code: &'a str,
    /// What people call it.
    pub name: &'a Label,
    /// The member of `type` in JSON credentials.
    pub vc_type: &'a str,
    /// The `vct` of SD-JWT credentials.
    pub vct: String,
    /// Whether JSON credentials have several subjects.
    pub joint: bool,
    /// The claims in the order of the paper licence: name, label, whether every licence has it.
    pub claims: Vec<(&'a str, &'a Label, bool)>,
    /// The views for compact codes: name and label.
    pub views: Vec<(&'a str, &'a Label)>,
}

/// The metadata of the issuer at a base URL without a slash at its end.
pub fn issuer(base: &str, context: &str, name: &Label, types: &[OfferedType<'_>]) -> Value {
    let configurations: Map = types
        .iter()
        .flat_map(|one| Format::ALL.map(|format| (format.configuration(one.code), configuration(one, format, context))))
        .collect();
    json!({
        "credential_issuer": base,
        "credential_endpoint": format!("{base}/oid4vci/credential"),
        "nonce_endpoint": format!("{base}/oid4vci/nonce"),
        "deferred_credential_endpoint": format!("{base}/oid4vci/deferred"),
        "notification_endpoint": format!("{base}/oid4vci/notification"),
        "batch_credential_issuance": {"batch_size": BATCH},
        "display": display(name),
        "credential_configurations_supported": configurations,
    })
}

/// The metadata of the authorization server (RFC 8414).
pub fn authorization_server(base: &str) -> Value {
    json!({
        "issuer": base,
        "token_endpoint": format!("{base}/oid4vci/token"),
        "grant_types_supported": [PRE_AUTHORIZED],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["none"],
        "authorization_details_types_supported": ["openid_credential"],
        "pre-authorized_grant_anonymous_access_supported": true,
    })
}

fn display(name: &Label) -> Value {
    let texts = [Lang::Zh, Lang::En].map(|lang| json!({"name": name.get(lang), "locale": lang.tag()}));
    json!(texts)
}

fn configuration(one: &OfferedType<'_>, format: Format, context: &str) -> Value {
    let (methods, algorithm) = match format {
        Format::SdJwt => (json!(["jwk"]), json!("EdDSA")),
        Format::Ldp => (json!(["did:key", "did:jwk"]), json!("eddsa-jcs-2022")),
        Format::Compact => (json!(["cose_key"]), json!(-8)),
    };
    let mut metadata = json!({"display": display(one.name)});
    let mut out = json!({
        "format": format.identifier(),
        "cryptographic_binding_methods_supported": methods,
        "credential_signing_alg_values_supported": [algorithm],
        "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["EdDSA", "ES256"]}},
    });
    let (name, value) = match format {
        Format::SdJwt => ("vct", json!(one.vct)),
        Format::Ldp => (
            "credential_definition",
            json!({
                "@context": ["https://www.w3.org/ns/credentials/v2", context],
                "type": ["VerifiableCredential", one.vc_type],
            }),
        ),
        Format::Compact => ("type_code", json!(one.code)),
    };
    if let Value::Object(metadata) = &mut metadata {
        match format {
            Format::SdJwt => metadata.insert("claims".to_owned(), claims(one, &[])),
            Format::Ldp if one.joint => {
                metadata.insert("claims".to_owned(), claims(one, &[json!("credentialSubject"), Value::Null]))
            }
            Format::Ldp => metadata.insert("claims".to_owned(), claims(one, &[json!("credentialSubject")])),
            Format::Compact => metadata.insert("views".to_owned(), views(one)),
        };
    }
    if let Value::Object(out) = &mut out {
        out.insert(name.to_owned(), value);
        out.insert("credential_metadata".to_owned(), metadata);
    }
    out
}

fn claims(one: &OfferedType<'_>, before: &[Value]) -> Value {
    let describe = |(name, label, mandatory): &(&str, &Label, bool)| {
        let path: Vec<_> = before.iter().cloned().chain([json!(name)]).collect();
        json!({"path": path, "mandatory": mandatory, "display": display(label)})
    };
    one.claims.iter().map(describe).collect()
}

fn views(one: &OfferedType<'_>) -> Value {
    one.views.iter().map(|(name, label)| json!({"name": name, "display": display(label)})).collect()
}

/// What a wallet needs of an issuer's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The credential endpoint.
    pub credential: String,
    /// The nonce endpoint.
    pub nonce: Option<String>,
    /// The notification endpoint.
    pub notification: Option<String>,
    /// The deferred credential endpoint.
    pub deferred: Option<String>,
    /// The authorization server; `None` when it is the issuer itself.
    pub server: Option<String>,
    /// Most keys of one request.
    pub batch: usize,
    /// The configurations with their formats, those of a known format only.
    pub configurations: Vec<(String, Format)>,
}

impl Endpoints {
    /// Reads an issuer's metadata; `None` when it is another issuer's or lacks what is required.
    pub fn read(metadata: &Map, issuer: &str) -> Option<Self> {
        let text = |name: &str| metadata.get(name).and_then(Value::as_str).map(str::to_owned);
        if text("credential_issuer").as_deref() != Some(issuer) {
            return None;
        }
        let format = |one: &Value| serde_json::from_value(one.get("format")?.clone()).ok();
        let supported = metadata.get("credential_configurations_supported")?.as_object()?;
        let batch = metadata.get("batch_credential_issuance").and_then(|batch| batch.get("batch_size")?.as_u64());
        Some(Self {
            credential: text("credential_endpoint")?,
            nonce: text("nonce_endpoint"),
            notification: text("notification_endpoint"),
            deferred: text("deferred_credential_endpoint"),
            server: metadata
                .get("authorization_servers")
                .and_then(|servers| Some(servers.get(0)?.as_str()?.to_owned())),
            batch: usize::try_from(batch.unwrap_or(1)).unwrap_or(1),
            configurations: supported.iter().filter_map(|(name, one)| Some((name.clone(), format(one)?))).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_told_in_every_format() {
        let label = Label::new("居民身份证", "Identity card");
        let one = OfferedType {
            code: "idCard",
            name: &label,
            vc_type: "IdCard",
            vct: "https://city.example/schemas/credentials/idCard/1".to_owned(),
            joint: false,
            claims: vec![("name", &label, true)],
            views: vec![("basic", &label)],
        };
        let base = "https://city.example";
        let told = issuer(base, "https://city.example/contexts/v1.jsonld", &label, &[one]);
        let all = told["credential_configurations_supported"].as_object().unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(all["idCard.sd-jwt"]["format"], "dc+sd-jwt");
        assert_eq!(all["idCard.sd-jwt"]["credential_metadata"]["claims"][0]["path"], json!(["name"]));
        assert_eq!(all["idCard.ldp"]["credential_metadata"]["claims"][0]["path"], json!(["credentialSubject", "name"]));
        assert_eq!(all["idCard.compact"]["credential_metadata"]["display"][0]["name"], "居民身份证");
        let read = Endpoints::read(told.as_object().unwrap(), base).unwrap();
        assert_eq!((read.batch, read.configurations.len(), read.server), (BATCH, 3, None));
        assert_eq!(read.nonce.as_deref(), Some("https://city.example/oid4vci/nonce"));
        assert_eq!(Endpoints::read(told.as_object().unwrap(), "https://other.example"), None);
    }
}
