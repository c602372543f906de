//! Credential Format Identifiers, as OpenID4VCI (appendix A) and OpenID4VP (appendix B) share them.

use serde::{Deserialize, Serialize};

/// A credential format that this program issues and asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// IETF SD-JWT VC.
    #[serde(rename = "dc+sd-jwt")]
    SdJwt,
    /// W3C VC with a Data Integrity proof.
    #[serde(rename = "ldp_vc")]
    Ldp,
    /// The compact views for offline codes: a format of this program. When issued, `credential` is an object whose members
    /// are the views by name, each the base64url of its COSE_Sign1; when presented, it is the text of a show code.
    #[serde(rename = "certless_compact")]
    Compact,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::SdJwt, Self::Ldp, Self::Compact];

    /// The identifier.
    pub const fn identifier(self) -> &'static str {
        match self {
            Self::SdJwt => "dc+sd-jwt",
            Self::Ldp => "ldp_vc",
            Self::Compact => "certless_compact",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::{Value, json};

    #[test]
    fn identifiers_are_written_as_they_are_named() {
        for format in Format::ALL {
            assert_eq!(serde_json::to_value(format).unwrap(), Value::from(format.identifier()));
            assert_eq!(serde_json::from_value::<Format>(json!(format.identifier())).unwrap(), format);
        }
        assert!(serde_json::from_value::<Format>(json!("jwt_vc_json")).is_err());
    }
}
