//! The JSON credential: assembled after the data model, checked against its schema, signed by the agency.

use serde_json::value::RawValue;

use super::Prepared;
use crate::base::jcs::canonicalize_object;
use crate::base::json::{Map, Value, json, lent};
use crate::base::time::rfc3339;
use crate::domain::city::City;
use crate::domain::city::names::Names;
use crate::domain::error::Error;
use crate::vc::data_integrity::{self, ProofOptions};
use crate::vc::keys::Purpose;
use crate::vc::status::bitstring;

impl City {
    /// Assembles and signs; what does not keep its schema is a defect of the type and is not signed.
    pub(super) fn sign_credential(&self, prepared: &Prepared) -> Result<Box<RawValue>, Error> {
        let mut unsigned = self.assemble(prepared);
        let checked = lent(&mut unsigned, |unsigned| prepared.credential_type.check_credential(unsigned));
        if let Err(problems) = checked {
            let places: Vec<_> =
                problems.iter().map(|problem| format!("{} {}", problem.path, problem.keyword)).collect();
            return Err(Error::corrupt(format!("assembled credential breaks its schema: {}", places.join(", "))));
        }
        let method = format!("{}#{}", self.names.agency_did(&prepared.agency.code), prepared.signer.key_id);
        let options = ProofOptions::new(Purpose::AssertionMethod, method, prepared.at);
        let signed = data_integrity::sign(unsigned, &options, prepared.signer.signer.as_ref(), self.contexts())?;
        // The canonical form is what the log's digest is made of, so that nobody's spelling of the JSON matters.
        let text = String::from_utf8(canonicalize_object(&signed));
        let text = text.map_err(|error| Error::corrupt(error.to_string()))?;
        RawValue::from_string(text).map_err(|error| Error::corrupt(error.to_string()))
    }

    fn assemble(&self, prepared: &Prepared) -> Map {
        let Prepared { credential_type, agency, filled, id, .. } = prepared;
        let mut credential = Map::new();
        let mut put = |name: &str, value: Value| {
            credential.insert(name.to_owned(), value);
        };
        put("@context", json!(["https://www.w3.org/ns/credentials/v2", self.names.context()]));
        put("id", Names::credential(id).into());
        put("type", json!(["VerifiableCredential", credential_type.vc_type()]));
        put("issuer", json!({"id": self.names.agency_did(&agency.code), "name": agency.name.zh}));
        put("validFrom", rfc3339(filled.validity.begins()).into());
        if let Some(until) = filled.validity.ends() {
            put("validUntil", rfc3339(until).into());
        }
        put("credentialSubject", filled.credential_subject());
        put("certificate", Value::Object(filled.certificate.clone()));
        if let Some(slot) = prepared.slots.first() {
            let url = self.names.status_list(&slot.list_of(&agency.code));
            put("credentialStatus", bitstring::status_of_slot(&url, slot.idx));
        }
        put("credentialSchema", json!({"id": credential_type.schema_url(self.names.base()), "type": "JsonSchema"}));
        credential
    }
}
