//! A licence as the register keeps it, for its holder: the document whose issuing the public log names, with the proof of it.
//!
//! A wallet holds copies that are bound to its keys. The log names the licence itself, which is bound to nobody; whoever
//! proves a key that a copy is bound to gets it, as long as the register knows that key: a phone that was replaced is
//! forgotten.

use std::collections::BTreeMap;

use crate::base::id::{CredentialId, TypeCode};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};

/// The `typ` of a proof that asks for licences.
pub const TYP: &str = "certless-licences+jwt";
/// Most licences of one answer.
const MOST: usize = 64;

/// A licence of a holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mine {
    /// The licence.
    pub id: CredentialId,
    /// Its type.
    pub type_code: TypeCode,
    /// The thumbprints of the keys that led here.
    pub keys: Vec<String>,
    /// The JSON credential, as it was signed.
    pub credential: String,
    /// The companion file (C2SP tlog-proof); absent until the log has the entry.
    pub log_proof: Option<String>,
}

impl City {
    /// The licences whose copies are bound to these keys.
    pub fn my_licences(&self, proofs: &[String]) -> Result<Vec<Mine>, Error> {
        let mut found: BTreeMap<String, Mine> = BTreeMap::new();
        for one in self.prove_keys(proofs, TYP)? {
            for head in self.heads_of_key(&one.thumbprint)? {
                if head.tags_of_key(&one.thumbprint).next().is_none() {
                    continue;
                }
                if let Some(known) = found.get_mut(head.id.as_str()) {
                    known.keys.push(one.thumbprint.clone());
                } else if found.len() < MOST {
                    let mine = self.mine(head.id, head.type_code, one.thumbprint.clone())?;
                    found.insert(mine.id.to_string(), mine);
                }
            }
        }
        Ok(found.into_values().collect())
    }

    fn mine(&self, id: CredentialId, type_code: TypeCode, key: String) -> Result<Mine, Error> {
        let credential = self.credential(&id)?.package.credential.get().to_owned();
        let log_proof = match self.companion(&id) {
            Ok(proof) => Some(proof.to_string()),
            Err(error) if error.kind == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Mine { id, type_code, keys: vec![key], credential, log_proof })
    }
}
