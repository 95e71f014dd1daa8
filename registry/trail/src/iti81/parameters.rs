//! A query string, taken apart and put together again.

use crate::iti81::Iti81Error;

const BYTES_MAX: usize = 8 * 1024;
const PARAMETERS_MAX: usize = 64;

/// Name and value of each parameter, in order, decoded (`application/x-www-form-urlencoded`).
pub(super) fn read(query: &str) -> Result<Vec<(String, String)>, Iti81Error> {
    if query.len() > BYTES_MAX {
        return Err(Iti81Error::TooLong);
    }
    let parts: Vec<&str> = query.split('&').filter(|part| !part.is_empty()).collect();
    if parts.len() > PARAMETERS_MAX {
        return Err(Iti81Error::TooLong);
    }
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        Some((decoded(name)?, decoded(value)?))
    };
    parts
        .into_iter()
        .map(|part| pair(part).ok_or(Iti81Error::Encoding))
        .collect()
}

/// The query string with these parameters.
pub(super) fn write<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        encode(name, &mut text);
        text.push('=');
        encode(value, &mut text);
    }
    text
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_reads_back() {
        let pairs = [("patient.identifier", "urn:oid:1.2|患者 &=+%"), ("_count", "5")];
        let text = write(pairs.into_iter());
        assert!(text.is_ascii(), "{text}");
        let read = read(&text).unwrap();
        let read: Vec<_> = read.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(read, pairs);
    }

    #[test]
    fn broken_escapes_and_floods_are_refused() {
        for wrong in ["a=%", "a=%4", "a=%G0", "a=%FF"] {
            assert_eq!(read(wrong), Err(Iti81Error::Encoding), "{wrong}");
        }
        assert!(read(&"a&".repeat(PARAMETERS_MAX)).is_ok());
        assert_eq!(read(&"a&".repeat(PARAMETERS_MAX + 1)), Err(Iti81Error::TooLong));
        assert!(read(&"a".repeat(BYTES_MAX)).is_ok());
        assert_eq!(read(&"a".repeat(BYTES_MAX + 1)), Err(Iti81Error::TooLong));
    }
}
