//! Identifiers: OID, document uniqueId, entryUUID or symbolic id, homeCommunityId, SHA-1 hash.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// A registered object identifier in dotted-decimal form.
///
/// At most [`Oid::CHARS_MAX`] characters, root arc 0 to 2, at least two arcs, no leading zero in an
/// arc. Source: ITI TF-3, Table 4.2.3.1.7-2 (OID).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Oid(Box<str>);

impl Oid {
    /// Characters in the longest OID that IHE allows.
    pub const CHARS_MAX: usize = 64;

    /// The dotted-decimal text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Oid {
    type Err = OidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::CHARS_MAX {
            return Err(OidError::TooLong { chars: text.len() });
        }
        let (root, rest) = text.split_once('.').ok_or(OidError::OneArc)?;
        if !matches!(root, "0" | "1" | "2") {
            return Err(OidError::Root);
        }
        match rest.split('.').position(|arc| !is_arc(arc)) {
            Some(position) => Err(OidError::Arc {
                position: position + 1,
            }),
            None => Ok(Self(text.into())),
        }
    }
}

fn is_arc(arc: &str) -> bool {
    !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'))
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no OID.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OidError {
    /// Longer than [`Oid::CHARS_MAX`].
    #[error("an OID has at most 64 characters, this one has {chars}")]
    TooLong {
        /// Characters found.
        chars: usize,
    },
    /// No dot at all.
    #[error("an OID has at least two arcs")]
    OneArc,
    /// The first arc is not 0, 1 or 2.
    #[error("the first arc of an OID is 0, 1 or 2")]
    Root,
    /// An arc is empty, has a character that is no digit, or a leading zero.
    #[error("arc {position} of the OID is not a number without leading zero")]
    Arc {
        /// Counted from 0.
        position: usize,
    },
}

/// The uniqueId of a DocumentEntry: opaque printable ASCII, never required to be an OID.
///
/// 1 to [`UniqueId::CHARS_MAX`] characters 0x21-0x7E (ITI TF-3, Table 4.2.3.1.7-2, Identifier).
/// Two DocumentEntries may share one.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UniqueId(Box<str>);

impl UniqueId {
    /// Characters in the longest uniqueId of a document.
    pub const CHARS_MAX: usize = 128;

    /// The text as submitted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UniqueId {
    type Err = UniqueIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(UniqueIdError::Empty);
        }
        if text.len() > Self::CHARS_MAX {
            return Err(UniqueIdError::TooLong {
                chars: text.chars().count(),
            });
        }
        if !text.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
            return Err(UniqueIdError::Character);
        }
        Ok(Self(text.into()))
    }
}

impl From<Oid> for UniqueId {
    fn from(oid: Oid) -> Self {
        Self(oid.0)
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no document uniqueId.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UniqueIdError {
    /// No character at all.
    #[error("a uniqueId is not empty")]
    Empty,
    /// Longer than [`UniqueId::CHARS_MAX`].
    #[error("a uniqueId has at most 128 characters, this one has {chars}")]
    TooLong {
        /// Characters found.
        chars: usize,
    },
    /// A blank, a control character or one outside ASCII.
    #[error("a uniqueId has only printable ASCII characters and no blanks")]
    Character,
}

/// The id of a registry object in a message: a UUID, or a symbol that stands for one.
///
/// Whatever does not start with `urn:uuid:` is a symbol, never an error (ITI TF-3, 4.1.12.3).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ObjectId {
    /// `urn:uuid:` and a lower-case UUID.
    Uuid(Uuid),
    /// A name that is meaningful inside one message only.
    Symbol(Box<str>),
}

impl ObjectId {
    /// The UUID, if it is one.
    pub fn uuid(&self) -> Option<Uuid> {
        match self {
            Self::Uuid(uuid) => Some(*uuid),
            Self::Symbol(_) => None,
        }
    }
}

impl From<Uuid> for ObjectId {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

impl FromStr for ObjectId {
    type Err = ObjectIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("urn:uuid:") {
            Some(rest) => parse_uuid(rest).map(Self::Uuid),
            None if text.is_empty() => Err(ObjectIdError::Empty),
            None => Ok(Self::Symbol(text.into())),
        }
    }
}

/// A UUID in its canonical text only: 36 characters, lower-case hexadecimal (ITI TF-3, UUID).
fn parse_uuid(text: &str) -> Result<Uuid, ObjectIdError> {
    if text.len() != 36 {
        return Err(ObjectIdError::Uuid);
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(ObjectIdError::UpperCase);
    }
    let uuid = Uuid::try_parse(text).map_err(|_| ObjectIdError::Uuid)?;
    if uuid.is_nil() {
        Err(ObjectIdError::Nil)
    } else {
        Ok(uuid)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(uuid) => write!(f, "urn:uuid:{uuid}"),
            Self::Symbol(symbol) => f.write_str(symbol),
        }
    }
}

/// Why a text is no object id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ObjectIdError {
    /// No character at all.
    #[error("an object id is not empty")]
    Empty,
    /// `urn:uuid:` with something else behind it than 36 characters of a UUID.
    #[error("urn:uuid: is followed by a UUID of 36 characters")]
    Uuid,
    /// A UUID with upper-case digits.
    #[error("the hexadecimal digits of a UUID are lower case")]
    UpperCase,
    /// The UUID of zeros.
    #[error("the nil UUID names nothing")]
    Nil,
}

/// A homeCommunityId: `urn:oid:` and an OID (ITI TF-3, Table 4.2.3.1.7-2, OID URN).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HomeCommunityId(Oid);

impl HomeCommunityId {
    /// The OID behind `urn:oid:`.
    pub fn oid(&self) -> &Oid {
        &self.0
    }
}

impl From<Oid> for HomeCommunityId {
    fn from(oid: Oid) -> Self {
        Self(oid)
    }
}

impl FromStr for HomeCommunityId {
    type Err = OidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("urn:oid:")
            .ok_or(OidError::Root)?
            .parse()
            .map(Self)
    }
}

impl fmt::Display for HomeCommunityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "urn:oid:{}", self.0)
    }
}

/// The SHA-1 of a document, 40 hexadecimal digits, kept as written and compared without regard to case.
#[derive(Clone, Debug)]
pub struct DocumentHash(Box<str>);

impl DocumentHash {
    /// The hash of no bytes at all, legal together with size 0.
    pub const OF_NOTHING: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

    /// The hash of these digest bytes, in lower case.
    pub fn from_digest(digest: &[u8; 20]) -> Self {
        let mut text = String::with_capacity(40);
        for byte in digest {
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        Self(text.into())
    }

    /// The digits as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for DocumentHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for DocumentHash {}

impl FromStr for DocumentHash {
    type Err = DocumentHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.into()))
        } else {
            Err(DocumentHashError)
        }
    }
}

impl fmt::Display for DocumentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not 40 hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a hash is the SHA-1 in 40 hexadecimal digits")]
pub struct DocumentHashError;

/// availabilityStatus, `@status` on the wire (ITI TF-3, 4.2.3.2.2).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AvailabilityStatus {
    /// In force.
    Approved,
    /// Replaced or withdrawn.
    Deprecated,
}

impl AvailabilityStatus {
    /// The full URN.
    pub fn urn(self) -> &'static str {
        match self {
            Self::Approved => "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved",
            Self::Deprecated => "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated",
        }
    }

    /// The status with this URN.
    pub fn from_urn(urn: &str) -> Option<Self> {
        [Self::Approved, Self::Deprecated]
            .into_iter()
            .find(|status| status.urn() == urn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oids_are_judged_by_arc() {
        for good in ["1.2.3", "2.16.840.1.113883.6.1", "0.9", "1.0.5"] {
            assert!(good.parse::<Oid>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "1",
            "3.1",
            "1.02",
            "1..2",
            "1.2.",
            "1.a",
            " 1.2",
            &format!("1.{}", "1".repeat(63)),
        ] {
            assert!(bad.parse::<Oid>().is_err(), "{bad}");
        }
        assert!(format!("1.{}", "1".repeat(62)).parse::<Oid>().is_ok());
    }

    #[test]
    fn object_ids_are_lower_case_uuids_or_symbols() {
        assert!(matches!("Document01".parse(), Ok(ObjectId::Symbol(_))));
        assert!(
            "urn:uuid:bbc362bb-88b3-593a-a324-1881ef3c52d7"
                .parse::<ObjectId>()
                .is_ok()
        );
        assert_eq!(
            "urn:uuid:BBC362bb-88b3-593a-a324-1881ef3c52d7".parse::<ObjectId>(),
            Err(ObjectIdError::UpperCase)
        );
        assert_eq!("urn:uuid:".parse::<ObjectId>(), Err(ObjectIdError::Uuid));
        assert_eq!(
            "urn:uuid:00000000-0000-0000-0000-000000000000".parse::<ObjectId>(),
            Err(ObjectIdError::Nil)
        );
    }

    #[test]
    fn hashes_compare_without_case() {
        let lower: DocumentHash = DocumentHash::OF_NOTHING.parse().unwrap();
        let upper: DocumentHash = DocumentHash::OF_NOTHING.to_uppercase().parse().unwrap();
        assert_eq!(lower, upper);
        assert!(
            "0x39a3ee5e6b4b0d3255bfef95601890afd8070"
                .parse::<DocumentHash>()
                .is_err()
        );
    }

    #[test]
    fn unique_ids_are_printable_ascii() {
        assert!("1.2.3^ext".parse::<UniqueId>().is_ok());
        assert!("a b".parse::<UniqueId>().is_err());
        assert!("漢".parse::<UniqueId>().is_err());
        assert!("x".repeat(128).parse::<UniqueId>().is_ok());
        assert!("x".repeat(129).parse::<UniqueId>().is_err());
    }
}
