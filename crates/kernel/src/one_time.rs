//! Codes that a phone makes from a shared secret and the clock: HOTP (RFC 4226) and TOTP (RFC 6238) with SHA-1, six digits
//! and steps of 30 seconds, as every authenticator app has them.
//!
//! HMAC-SHA-1 comes from `ring`, which is here for TLS anyway: a crate for these forty lines would bring a hash of its own.

use crate::Timestamp;
use crate::secret::{Secret, same};

/// Seconds that one code is shown for.
pub const STEP_S: i64 = 30;
/// Digits of a code.
pub const DIGITS: u32 = 6;
/// Bytes of a secret: as many as the hash has (RFC 4226, section 4).
pub const SECRET_BYTES: usize = 20;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step that a moment is in.
#[must_use]
pub const fn step_of(now: Timestamp) -> i64 {
    now.ms().div_euclid(STEP_S * 1000)
}

/// HOTP: the number of `digits` digits that a secret makes of a counter.
#[must_use]
pub fn hotp(secret: &[u8], counter: u64, digits: u32) -> u32 {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = ring::hmac::sign(&key, &counter.to_be_bytes());
    let hash = tag.as_ref();
    let at = usize::from(hash[hash.len() - 1] & 15);
    let word = u32::from_be_bytes([hash[at] & 0x7f, hash[at + 1], hash[at + 2], hash[at + 3]]);
    word % 10u32.pow(digits)
}

/// The code of a step, as a phone shows it.
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    format!("{:06}", hotp(secret, step.unsigned_abs(), DIGITS))
}

/// The step whose code was typed, of this moment's and its two neighbors' (clocks differ, people are slow), but none up to
/// `last`: a code is taken once. `typed` may have spaces.
#[must_use]
pub fn accepted(secret: &[u8], typed: &str, now: Timestamp, last: i64) -> Option<i64> {
    let typed: String = typed.chars().filter(|character| !character.is_whitespace()).collect();
    let here = step_of(now);
    // All three are compared, whichever it is.
    let fitting = [here - 1, here, here + 1].map(|step| (step, same(code(secret, step).as_bytes(), typed.as_bytes())));
    fitting.into_iter().find(|(step, fits)| *fits && *step > last).map(|(step, _)| step)
}

/// Bytes as people type them: base32 without padding (RFC 4648).
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    let (mut out, mut buffer, mut bits) = (String::with_capacity(bytes.len().div_ceil(5) * 8), 0u32, 0u32);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(BASE32[((buffer >> bits) & 31) as usize]));
        }
    }
    if bits > 0 {
        out.push(char::from(BASE32[((buffer << (5 - bits)) & 31) as usize]));
    }
    out
}

/// What an authenticator app reads from a QR code: `otpauth://totp/…`.
#[must_use]
pub fn otpauth_url(issuer: &str, account: &str, secret: &[u8]) -> Secret<String> {
    let (issuer, account) = (escaped(issuer), escaped(account));
    Secret::new(format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}", base32(secret)))
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// PAR-15: RFC 4226, appendix D.
    #[test]
    fn the_counters_of_rfc_4226_make_its_codes() {
        let codes: Vec<u32> = (0..10).map(|counter| hotp(SECRET, counter, 6)).collect();
        assert_eq!(codes, [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489]);
    }

    /// PAR-15: RFC 6238, appendix B (SHA-1, eight digits), and the last six of them as a phone shows them.
    #[test]
    fn the_moments_of_rfc_6238_make_its_codes() {
        let vectors = [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ];
        for (seconds, expected) in vectors {
            let step = step_of(Timestamp::from_ms(seconds * 1000));
            assert_eq!(hotp(SECRET, step.unsigned_abs(), 8), expected, "{seconds}");
            assert_eq!(code(SECRET, step), format!("{:06}", expected % 1_000_000), "{seconds}");
        }
    }

    /// PAR-15
    #[test]
    fn a_code_of_this_step_or_a_neighbor_is_taken_once_and_no_other() {
        let now = Timestamp::from_ms(1_790_000_010_000);
        let here = step_of(now);
        for near in [-1, 0, 1] {
            assert_eq!(accepted(SECRET, &code(SECRET, here + near), now, 0), Some(here + near));
            assert_eq!(accepted(SECRET, &code(SECRET, here + near), now, here + near), None, "a second time");
        }
        for far in [-2, 2] {
            assert_eq!(accepted(SECRET, &code(SECRET, here + far), now, 0), None);
        }
        let spaced = code(SECRET, here);
        assert_eq!(accepted(SECRET, &format!(" {} {} ", &spaced[..3], &spaced[3..]), now, 0), Some(here));
        assert_eq!([accepted(SECRET, "", now, 0), accepted(SECRET, "12345", now, 0), accepted(SECRET, "ääääää", now, 0)], [None; 3]);
    }

    /// RFC 4648, section 10, without padding.
    #[test]
    fn bytes_are_written_in_base32() {
        let pairs = [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI")];
        for (plain, written) in pairs {
            assert_eq!(base32(plain.as_bytes()), written);
        }
        let url = otpauth_url("Trade post", "ada@x.example", SECRET).expose().clone();
        let expected =
            "otpauth://totp/Trade%20post:ada%40x.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Trade%20post&algorithm=SHA1&digits=6&period=30";
        assert_eq!(url, expected);
    }
}
