//! How an event is kept: its JSON, and texts that are fit to be keys.

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use xds_audit::{Event, EventId, Stamp, Told};

use crate::error::TrailError;

/// An index entry has room for some 2,700 bytes; what comes from callers may be longer.
const KEY_BYTES_MAX: usize = 512;

/// The body of a row.
#[derive(Deserialize, Serialize)]
struct Body<E> {
    began: Stamp,
    ended: Stamp,
    event: E,
    /// As it came, if another system delivered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// The event without what was withheld, as JSON; with the message that it was read from, if it was delivered.
pub(crate) fn encode(told: &Told, message: Option<&str>) -> Result<Vec<u8>, TrailError> {
    let mut event = told.event.clone();
    event.closing.withheld.clear();
    let body = Body {
        began: told.began,
        ended: told.ended,
        event,
        message: message.map(str::to_owned),
    };
    serde_json::to_vec(&body).map_err(|_| TrailError::Encoding)
}

/// The event again, and the message that it was read from, if it was delivered.
pub(crate) fn decode(id: EventId, body: &[u8]) -> Result<(Told, Option<String>), TrailError> {
    let body: Body<Event> = serde_json::from_slice(body).map_err(|_| TrailError::Row { table: "event" })?;
    let told = Told {
        id,
        began: body.began,
        ended: body.ended,
        event: body.event,
    };
    Ok((told, body.message))
}

/// The text as a key: without U+0000, which PostgreSQL cannot hold, and a long one cut, with its hash in place of
/// the rest, so that different ones stay different.
pub(crate) fn key(text: &str) -> String {
    let clean = text.replace('\0', "\u{FFFD}");
    if clean.len() <= KEY_BYTES_MAX {
        return clean;
    }
    let hash = digest(&SHA256, clean.as_bytes());
    let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let room = KEY_BYTES_MAX - hex.len() - 1;
    let end = (0..=room)
        .rev()
        .find(|end| clean.is_char_boundary(*end))
        .unwrap_or(0);
    format!("{}~{hex}", clean.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_has_no_nul_and_differs_where_the_text_does() {
        assert_eq!(key("P1^^^&1.2.3&ISO"), "P1^^^&1.2.3&ISO");
        assert_eq!(key("a\0b"), "a\u{FFFD}b");
        let at = "x".repeat(KEY_BYTES_MAX);
        assert_eq!(key(&at), at);
        let (one, other) = (format!("{at}1"), format!("{at}2"));
        assert!(key(&one) != key(&other) && key(&one).len() <= KEY_BYTES_MAX);
        assert!(key(&"患".repeat(400)).len() <= KEY_BYTES_MAX);
    }
}
