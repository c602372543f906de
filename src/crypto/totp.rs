//! One-time passwords by the clock: TOTP (RFC 6238) as authenticator apps know it — SHA-1, six digits, 30 seconds.

use totp_rs::{Builder, Secret, Totp};

use super::KeyError;

/// Bytes of a secret (RFC 4226, section 4).
pub const SECRET_BYTES: usize = 20;
/// Seconds of one step.
pub const STEP: u64 = 30;

/// The step whose code this is, one step early or late allowed; `None` for a wrong code. Whoever accepts a code
/// remembers its step and refuses that step and earlier ones (RFC 6238, section 5.2).
pub fn step_of(secret: &[u8; SECRET_BYTES], code: &str, unix: i64) -> Result<Option<u64>, KeyError> {
    if code.len() != 6 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(None);
    }
    Ok(totp(secret)?.check(code, u64::try_from(unix).unwrap_or_default()))
}

/// The code of a time: what the app shows.
pub fn code_at(secret: &[u8; SECRET_BYTES], unix: i64) -> Result<String, KeyError> {
    Ok(totp(secret)?.generate(u64::try_from(unix).unwrap_or_default()).to_string())
}

/// The secret as it is typed into an app.
pub fn base32(secret: &[u8; SECRET_BYTES]) -> String {
    Secret::new_stack(*secret).to_base32()
}

/// The address that an app reads from a code: `otpauth://totp/…`. Names are letters, digits, `.`, `-` and `_`.
pub fn address(issuer: &str, account: &str, secret: &[u8; SECRET_BYTES]) -> String {
    let issuer: String =
        issuer.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
    let secret = base32(secret);
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
}

fn totp(secret: &[u8; SECRET_BYTES]) -> Result<Totp, KeyError> {
    let builder = Builder::new().with_secret(Secret::new_stack(*secret)).with_skew(1).with_step_duration(STEP);
    builder.build().map_err(|_| KeyError::Malformed("one-time password"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    const SECRET: &[u8; 20] = b"12345678901234567890";

    #[test]
    fn the_published_codes_agree() {
        // RFC 6238, appendix B, SHA-1; the last six of the eight digits.
        for (time, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(code_at(SECRET, time).unwrap(), code);
            assert_eq!(step_of(SECRET, code, time).unwrap(), u64::try_from(time).ok().map(|time| time / STEP));
        }
    }

    #[test]
    fn one_step_early_or_late_is_accepted_and_no_more() {
        let code = code_at(SECRET, 1_111_111_109).unwrap();
        let step = 1_111_111_109 / 30;
        for (moved, known) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            assert_eq!(step_of(SECRET, &code, 1_111_111_109 + moved).unwrap(), known.then_some(step), "{moved}");
        }
        for wrong in ["", "08180", "0818044", "08180a", "０８１８０４", "000000"] {
            assert_eq!(step_of(SECRET, wrong, 1_111_111_109).unwrap(), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_finds_everything_in_the_address() {
        let address = address("city.example:8080", "ga-clerk", SECRET);
        assert_eq!(
            address,
            "otpauth://totp/city.example-8080:ga-clerk?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=city.example-8080&algorithm=SHA1&digits=6&period=30"
        );
    }
}
