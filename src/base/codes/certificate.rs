//! Certificate identifier, 电子证照标识 (GB/T 36904-2018): `1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`.
//!
//! The check character (ISO 7064 MOD 37,36) covers type, issuer, serial and version without dots and without the root
//! OID. Input may carry 6 to 18 alphanumerics as issuer, since live systems put a division code there; what is built
//! here always carries a USCC. What it is not: the licence number people know (证照编号).

use std::fmt;

use super::{Uscc, check, text_code};
use crate::base::error::ParseError;

/// The root OID of electronic licences.
pub const ROOT: &str = "1.2.156.3005.2";
/// The longest serial accepted, in characters.
const SERIAL_MAX: usize = 64;

/// A licence type's 21-character code: the USCC of the body that defines the type, and a three-digit serial.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateTypeCode(String);

impl CertificateTypeCode {
    /// Reads 21 characters: a USCC and three digits.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let (definer, serial) = text
            .split_at_checked(18)
            .ok_or_else(|| ParseError::new("certificate_type_length", "a licence type code has 21 characters"))?;
        if serial.len() != 3 || !serial.bytes().all(|c| c.is_ascii_digit()) {
            return Err(ParseError::new("certificate_type_serial", "a licence type code ends in three digits"));
        }
        Uscc::parse_registered(definer)?;
        Ok(Self(text.to_owned()))
    }

    /// The code of the `serial`-th type (0–999) this body defines.
    pub fn build(definer: &Uscc, serial: u16) -> Result<Self, ParseError> {
        Self::parse(&format!("{definer}{serial:03}"))
    }

    /// The 21 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CertificateTypeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CertificateTypeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateTypeCode({self})")
    }
}

text_code!(CertificateTypeCode);

/// One version of one electronic licence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateIdentifier {
    type_code: CertificateTypeCode,
    issuer: String,
    serial: String,
    version: u16,
    check: char,
}

impl CertificateIdentifier {
    /// Reads the ten dot-separated parts; refuses a wrong root, part or check character.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let rest = text.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix('.')).ok_or_else(|| {
            ParseError::new("certificate_identifier_root", "the identifier must begin with 1.2.156.3005.2")
        })?;
        let mut parts = rest.split('.');
        let five = [parts.next(), parts.next(), parts.next(), parts.next(), parts.next()];
        let ([Some(type_code), Some(issuer), Some(serial), Some(version), Some(check)], None) = (five, parts.next())
        else {
            return Err(ParseError::new("certificate_identifier_parts", "five parts must follow the root"));
        };
        let identifier =
            Self::assemble(CertificateTypeCode::parse(type_code)?, issuer, serial, parse_version(version)?)?;
        if check.len() != 1 || !check.starts_with(identifier.check) {
            return Err(ParseError::new("certificate_identifier_check", "the check character is wrong"));
        }
        Ok(identifier)
    }

    /// The identifier of this licence's version (1–999), its check computed. `serial` is 1–64 of `[0-9A-Z]`.
    pub fn build(
        type_code: CertificateTypeCode,
        issuer: &Uscc,
        serial: &str,
        version: u16,
    ) -> Result<Self, ParseError> {
        Self::assemble(type_code, issuer.as_str(), serial, version)
    }

    /// The same licence after a change: version + 1 and its own check character. Version 999 has no successor.
    pub fn next_version(&self) -> Result<Self, ParseError> {
        Self::assemble(self.type_code.clone(), &self.issuer, &self.serial, self.version + 1)
    }

    /// The licence type's code.
    pub fn type_code(&self) -> &CertificateTypeCode {
        &self.type_code
    }

    /// The issuer as written: a USCC, or what another system put there.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The serial within type and issuer.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The version, from 1.
    pub fn version(&self) -> u16 {
        self.version
    }

    fn assemble(type_code: CertificateTypeCode, issuer: &str, serial: &str, version: u16) -> Result<Self, ParseError> {
        if !(6..=18).contains(&issuer.len()) {
            return Err(ParseError::new("certificate_identifier_issuer", "the issuer has 6 to 18 characters"));
        }
        if !(1..=SERIAL_MAX).contains(&serial.len()) {
            return Err(ParseError::new("certificate_identifier_serial", "the serial has 1 to 64 characters"));
        }
        if !(1..=999).contains(&version) {
            return Err(ParseError::new("certificate_identifier_version", "the version runs from 001 to 999"));
        }
        let digit = |value: u16| b'0' + u8::try_from(value % 10).unwrap_or_default();
        let digits = [version / 100, version / 10, version].map(digit);
        let body = [type_code.as_str(), issuer, serial].into_iter().flat_map(str::bytes).chain(digits);
        let check = check::mod_37_36(body)
            .ok_or_else(|| ParseError::new("certificate_identifier_character", "only 0-9 and A-Z are allowed"))?;
        Ok(Self { type_code, issuer: issuer.to_owned(), serial: serial.to_owned(), version, check })
    }
}

fn parse_version(text: &str) -> Result<u16, ParseError> {
    let digits = text.len() == 3 && text.bytes().all(|c| c.is_ascii_digit());
    let version = digits.then(|| text.parse().ok()).flatten();
    version.ok_or_else(|| ParseError::new("certificate_identifier_version", "the version has three digits"))
}

impl fmt::Display for CertificateIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { type_code, issuer, serial, version, check } = self;
        write!(f, "{ROOT}.{type_code}.{issuer}.{serial}.{version:03}.{check}")
    }
}

impl fmt::Debug for CertificateIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateIdentifier({self})")
    }
}

text_code!(CertificateIdentifier);

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U";

    #[test]
    fn parsing_and_printing_give_the_same_text() {
        let identifier = CertificateIdentifier::parse(FIRST).unwrap();
        assert_eq!(identifier.to_string(), FIRST);
        assert_eq!(identifier.issuer(), "11430000006122244L");
        assert_eq!((identifier.serial(), identifier.version()), ("20230000403", 1));
    }

    #[test]
    fn the_next_version_has_its_own_check_character() {
        let next = CertificateIdentifier::parse(FIRST).unwrap().next_version().unwrap();
        assert!(next.to_string().ends_with(".002.S"));
        let last = CertificateIdentifier { version: 999, ..next };
        assert_eq!(last.next_version().unwrap_err().code, "certificate_identifier_version");
    }

    #[test]
    fn building_gives_the_published_demo_identifier() {
        let type_code = CertificateTypeCode::build(&Uscc::parse("11100000MB03271699").unwrap(), 1).unwrap();
        let issuer = Uscc::parse("11430112MB0DEM041N").unwrap();
        let identifier = CertificateIdentifier::build(type_code, &issuer, "2026000001", 1).unwrap();
        assert_eq!(identifier.to_string(), "1.2.156.3005.2.11100000MB03271699001.11430112MB0DEM041N.2026000001.001.H");
    }

    #[test]
    fn each_fault_has_its_code() {
        let fault = |from: &str, to: &str| CertificateIdentifier::parse(&FIRST.replace(from, to)).unwrap_err().code;
        assert_eq!(fault("1.2.156", "1.2.157"), "certificate_identifier_root");
        assert_eq!(fault(".001", ""), "certificate_identifier_parts");
        assert_eq!(fault("W011", "W01"), "certificate_type_serial");
        assert_eq!(fault("13338W", "13338X"), "uscc_check");
        assert_eq!(fault("11430000006122244L", "11430"), "certificate_identifier_issuer");
        assert_eq!(fault("20230000403", ""), "certificate_identifier_serial");
        assert_eq!(fault("20230000403", "2023a"), "certificate_identifier_character");
        assert_eq!(fault(".001.", ".000."), "certificate_identifier_version");
        assert_eq!(fault(".001.", ".+01."), "certificate_identifier_version");
        assert_eq!(fault("001.U", "001.V"), "certificate_identifier_check");
        assert_eq!(fault("001.U", "001.UU"), "certificate_identifier_check");
        assert_eq!(fault("001.U", "001.u"), "certificate_identifier_check");
    }
}
