//! Content hashes: SHA-256 over one canonical text of a JSON value.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

/// A SHA-256 digest; 64 lower-case hexadecimal digits as text.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The digest of these bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(digest(&SHA256, bytes).as_ref()) {
            *to = *from;
        }
        Self(hash)
    }

    /// The digest of a value of some kind: of the kind, a line feed and the canonical text. The kind keeps
    /// values of different kinds apart that happen to have the same text.
    pub fn of_value(kind: &str, value: &Value) -> Self {
        let mut text = format!("{kind}\n");
        canonical(value, &mut text);
        Self::of_bytes(text.as_bytes())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The canonical text: keys sorted by their UTF-8 bytes, no white space, strings escaped as `serde_json`
/// does, integers in decimal. There are no other numbers in our formats.
pub fn canonical(value: &Value, into: &mut String) {
    match value {
        Value::Array(items) => list(items.iter(), '[', ']', into, canonical),
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| key.as_bytes());
            list(sorted.into_iter(), '{', '}', into, |(key, value), into| {
                into.push_str(&Value::from(key.as_str()).to_string());
                into.push(':');
                canonical(value, into);
            });
        }
        scalar => into.push_str(&scalar.to_string()),
    }
}

fn list<T>(
    items: impl Iterator<Item = T>,
    open: char,
    close: char,
    into: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    into.push(open);
    for (at, item) in items.enumerate() {
        if at > 0 {
            into.push(',');
        }
        write(item, into);
    }
    into.push(close);
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// The text is no digest.
#[derive(Debug, thiserror::Error)]
#[error("a SHA-256 digest has 64 lower-case hexadecimal digits")]
pub struct HashError;

impl FromStr for ContentHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.as_bytes();
        if digits.len() != 64 || digits.iter().any(u8::is_ascii_uppercase) {
            return Err(HashError);
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| HashError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| HashError)?;
        }
        // `from_str_radix` takes a sign.
        if digits.contains(&b'+') {
            return Err(HashError);
        }
        Ok(Self(hash))
    }
}

impl TryFrom<String> for ContentHash {
    type Error = HashError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn canonical_text_does_not_depend_on_order_or_space() {
        let mut text = String::new();
        let value: Value =
            serde_json::from_str(r#"{ "b": [1, {"z": null, "a": "é\n"}], "a": true }"#).unwrap();
        canonical(&value, &mut text);
        assert_eq!(text, r#"{"a":true,"b":[1,{"a":"é\n","z":null}]}"#);
    }

    #[test]
    fn digest_is_sha_256_and_kinds_are_apart() {
        // FIPS 180-2, B.1.
        assert_eq!(
            ContentHash::of_bytes(b"abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let value = json!({"id": "x"});
        assert_ne!(
            ContentHash::of_value("a", &value),
            ContentHash::of_value("b", &value)
        );
    }

    #[test]
    fn text_is_64_lower_case_digits() {
        let text = ContentHash::of_bytes(b"abc").to_string();
        assert_eq!(text.parse::<ContentHash>().unwrap().to_string(), text);
        assert!(text.to_uppercase().parse::<ContentHash>().is_err());
        assert!(text[1..].parse::<ContentHash>().is_err());
        assert!(format!("+{}", &text[1..]).parse::<ContentHash>().is_err());
    }
}
