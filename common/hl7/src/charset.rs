//! MSH-18: from the bytes of a message to its text, as a whole and before anything is split
//! (HL7 v2.5, 2.15.9.18 and table 0211; ITI TF-2, Appendix C.2.2).
//!
//! Whatever is not exactly what was declared is an error, never replaced by a substitute character.
//!
//! Japanese messages use ISO 2022 with escape sequences (JIS X 0202, RFC 1468). A two-byte run holds pairs of
//! bytes and ends with an escape sequence before the next delimiter or CR. A run that is left open swallows
//! the delimiters behind it, as the standard says; then its length is odd, or it meets a CR, a second opening
//! or the end, each of which is an error. JIS X 0201 Roman differs from ASCII in the glyphs of 0x5C and 0x7E
//! only, which are delimiters here, and is read as ASCII.
//!
//! Two-byte characters are mapped as in CP932, JIS X 0213 apart (WHATWG index jis0208): wave dash 0x2141 is
//! U+FF5E, double line 0x2142 U+2225, minus 0x215D U+FF0D, cent, pound and not sign 0x2171, 0x2172, 0x224C
//! U+FFE0, U+FFE1, U+FFE2; rows 13 and 89 to 92 hold the NEC and IBM extensions (髙, 﨑).

use encoding_rs::EUC_JP;

use crate::refusal::{Condition, Place, Refusal};

const ESC: u8 = 0x1b;
const CR: u8 = b'\r';
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Index of MSH-18 among the fields of the header, where MSH-1 is the delimiter itself.
const CHARACTER_SET: usize = 17;
/// Header fields looked at before the text is decoded.
const HEADER_FIELDS_MAX: usize = 32;

/// A character set that is understood.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Charset {
    /// `ASCII`, `ISO IR6`.
    Ascii,
    /// `UNICODE UTF-8`, `UNICODE`, `UTF-8`, and a message that declares nothing.
    Utf8,
    /// ISO 2022 with escape sequences: `~ISO IR87`, `ISO IR87`, `~ISO IR87~ISO IR159`, `ISO-2022-JP`, and
    /// JIS X 0201 as the set to start with: `ISO IR14`, `ISO IR13`.
    Iso2022Jp {
        /// JIS X 0201 was declared: the bytes A1 to DF are half-width katakana.
        katakana_8bit: bool,
    },
    /// `8859/1`.
    Latin1,
}

/// A message as text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decoded {
    /// The whole message.
    pub text: String,
    /// What it was decoded from.
    pub charset: Charset,
}

/// Decodes a message in the character set of its MSH-18. A byte order mark of UTF-8 is dropped.
///
/// # Errors
/// When the character set is not understood, or the bytes are not what it declares.
pub fn decode(message: &[u8]) -> Result<Decoded, CharsetError> {
    let message = message.strip_prefix(BYTE_ORDER_MARK).unwrap_or(message);
    let declared = header_fields(message)
        .get(CHARACTER_SET)
        .copied()
        .unwrap_or_default();
    let declared = str::from_utf8(declared).map_err(|_| CharsetError::Unknown)?;
    let charset = Charset::from_msh18(declared)?;
    let text = charset.decode(message)?;
    // Found before decoding and after it, it must be the same, or the two readings split differently.
    let header = text.split('\r').next().unwrap_or_default();
    if header.split('|').nth(CHARACTER_SET).unwrap_or_default() != declared {
        return Err(CharsetError::Header);
    }
    Ok(Decoded { text, charset })
}

impl Charset {
    /// The character set that MSH-18 names: repetitions, the first of which may be empty (ASCII).
    ///
    /// Case, blanks and hyphens do not count: `ISO IR87`, `ISO-IR-87`.
    ///
    /// # Errors
    /// When a name is not understood, or two of them do not go together.
    pub fn from_msh18(declared: &str) -> Result<Self, CharsetError> {
        let mut charset = None;
        for name in declared.split('~').filter(|name| !name.is_empty()) {
            let named = Self::from_name(name)?;
            charset = Some(match charset {
                None => named,
                Some(before) => Self::together(before, named)?,
            });
        }
        Ok(charset.unwrap_or(Self::Utf8))
    }

    fn from_name(name: &str) -> Result<Self, CharsetError> {
        let name: String = name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).collect();
        match name.to_ascii_uppercase().as_str() {
            "ASCII" | "ISOIR6" => Ok(Self::Ascii),
            "UNICODEUTF8" | "UNICODE" | "UTF8" => Ok(Self::Utf8),
            "ISOIR87" | "ISOIR159" | "ISO2022JP" | "JISX0202" | "JAS2020" => {
                Ok(Self::Iso2022Jp { katakana_8bit: false })
            }
            "ISOIR14" | "ISOIR13" => Ok(Self::Iso2022Jp { katakana_8bit: true }),
            "8859/1" | "ISO8859/1" => Ok(Self::Latin1),
            _ => Err(CharsetError::Unknown),
        }
    }

    fn together(first: Self, second: Self) -> Result<Self, CharsetError> {
        match (first, second) {
            (Self::Iso2022Jp { katakana_8bit: a }, Self::Iso2022Jp { katakana_8bit: b }) => {
                Ok(Self::Iso2022Jp {
                    katakana_8bit: a || b,
                })
            }
            (Self::Ascii, other) | (other, Self::Ascii) => Ok(other),
            (first, second) if first == second => Ok(first),
            _ => Err(CharsetError::Mixed),
        }
    }

    /// The name to declare for it; empty for ASCII (MSH-18 is valued only for others).
    pub fn msh18(self) -> &'static str {
        match self {
            Self::Ascii => "",
            Self::Utf8 => "UNICODE UTF-8",
            Self::Iso2022Jp { katakana_8bit: false } => "~ISO IR87",
            Self::Iso2022Jp { katakana_8bit: true } => "ISO IR14~ISO IR87",
            Self::Latin1 => "8859/1",
        }
    }

    /// Decodes bytes that start and end in the first set of the character set.
    ///
    /// # Errors
    /// When they are not in this character set.
    pub fn decode(self, bytes: &[u8]) -> Result<String, CharsetError> {
        match self {
            Self::Ascii => decode_ascii(bytes).map(str::to_owned),
            Self::Utf8 => str::from_utf8(bytes)
                .map(str::to_owned)
                .map_err(|_| CharsetError::Bytes),
            Self::Iso2022Jp { katakana_8bit } => decode_iso2022(bytes, katakana_8bit),
            Self::Latin1 => decode_latin1(bytes),
        }
    }

    /// Encodes a text. Every run of two-byte characters is closed before the next ASCII character, so no
    /// delimiter is ever inside one.
    ///
    /// # Errors
    /// When the text has a character that this character set does not have. None is replaced by another.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, Unencodable> {
        match self {
            Self::Ascii if text.is_ascii() => Ok(text.as_bytes().to_vec()),
            Self::Ascii => Err(Unencodable),
            Self::Utf8 => Ok(text.as_bytes().to_vec()),
            Self::Iso2022Jp { .. } => encode_iso2022(text),
            Self::Latin1 => text.chars().map(latin1_code).collect(),
        }
    }
}

/// The fields of the first segment as bytes, cut at `|` outside of two-byte runs.
///
/// Needed to find MSH-18 before the character set is known: the names of applications and facilities in front
/// of it may hold kanji.
pub(crate) fn header_fields(message: &[u8]) -> Vec<&[u8]> {
    let message = message.strip_prefix(BYTE_ORDER_MARK).unwrap_or(message);
    let segment = message.split(|byte| *byte == CR).next().unwrap_or_default();
    let mut fields = Vec::new();
    let (mut start, mut at, mut in_pairs) = (0, 0, false);
    while let Some(byte) = segment.get(at) {
        let designated = if *byte == ESC {
            designation(segment.get(at + 1..).unwrap_or_default())
        } else {
            None
        };
        if let Some((set, rest)) = designated {
            in_pairs = set.is_two_byte();
            at = segment.len() - rest.len();
            continue;
        }
        if *byte == b'|' && !in_pairs {
            fields.push(segment.get(start..at).unwrap_or_default());
            if fields.len() == HEADER_FIELDS_MAX {
                return fields;
            }
            start = at + 1;
        }
        at += if in_pairs { 2 } else { 1 };
    }
    fields.push(segment.get(start..).unwrap_or_default());
    fields
}

/// What an ISO 2022 escape sequence selects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Set {
    /// ASCII, or JIS X 0201 Roman.
    Ascii,
    /// JIS X 0201 Katakana, seven bits.
    Katakana,
    /// JIS X 0208, either edition.
    Kanji,
    /// JIS X 0212.
    Supplement,
}

impl Set {
    fn is_two_byte(self) -> bool {
        matches!(self, Self::Kanji | Self::Supplement)
    }
}

/// Reads what follows ESC: the set, and the bytes behind the sequence.
fn designation(bytes: &[u8]) -> Option<(Set, &[u8])> {
    const DESIGNATIONS: [(&[u8], Set); 6] = [
        (b"(B", Set::Ascii),
        (b"(J", Set::Ascii),
        (b"(I", Set::Katakana),
        (b"$B", Set::Kanji),
        (b"$@", Set::Kanji),
        (b"$(D", Set::Supplement),
    ];
    DESIGNATIONS
        .iter()
        .find_map(|(sequence, set)| Some((*set, bytes.strip_prefix(*sequence)?)))
}

fn decode_iso2022(bytes: &[u8], katakana_8bit: bool) -> Result<String, CharsetError> {
    let mut text = String::with_capacity(bytes.len());
    let mut runs = bytes.split(|byte| *byte == ESC);
    decode_single(&mut text, runs.next().unwrap_or_default(), katakana_8bit)?;
    let mut set = Set::Ascii;
    for run in runs {
        let (next, run) = designation(run).ok_or(CharsetError::Escape)?;
        if next.is_two_byte() && next == set {
            return Err(CharsetError::OpenEscape);
        }
        set = next;
        match set {
            Set::Ascii => decode_single(&mut text, run, katakana_8bit)?,
            Set::Katakana => decode_katakana(&mut text, run)?,
            Set::Kanji => decode_pairs(&mut text, run, &[])?,
            Set::Supplement => decode_pairs(&mut text, run, &[0x8f])?,
        }
    }
    if set == Set::Ascii {
        Ok(text)
    } else {
        Err(CharsetError::OpenEscape)
    }
}

fn decode_single(text: &mut String, run: &[u8], katakana_8bit: bool) -> Result<(), CharsetError> {
    for byte in run {
        match *byte {
            0x0e | 0x0f => return Err(CharsetError::Bytes),
            0..0x80 => text.push(char::from(*byte)),
            0xa1..=0xdf if katakana_8bit => text.push(half_width_katakana(*byte - 0x80)),
            _ => return Err(CharsetError::Bytes),
        }
    }
    Ok(())
}

fn decode_katakana(text: &mut String, run: &[u8]) -> Result<(), CharsetError> {
    for byte in run {
        match *byte {
            0x21..=0x5f => text.push(half_width_katakana(*byte)),
            // A delimiter, or the end of the segment: the run should have been ended before it.
            _ => return Err(CharsetError::OpenEscape),
        }
    }
    Ok(())
}

/// The character at a position 0x21 to 0x5F of JIS X 0201 Katakana: U+FF61 to U+FF9F.
fn half_width_katakana(position: u8) -> char {
    char::from_u32(0xff40 + u32::from(position)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Decodes pairs of bytes through EUC-JP, where the same pairs stand in the upper half, JIS X 0212 behind a prefix.
fn decode_pairs(text: &mut String, run: &[u8], prefix: &[u8]) -> Result<(), CharsetError> {
    if !run.iter().all(|byte| (0x21..=0x7e).contains(byte)) {
        return Err(if run.contains(&CR) {
            CharsetError::OpenEscape
        } else {
            CharsetError::Bytes
        });
    }
    let (pairs, rest) = run.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(CharsetError::OpenEscape);
    }
    let mut euc = Vec::with_capacity(run.len() + pairs.len() * prefix.len());
    for pair in pairs {
        euc.extend_from_slice(prefix);
        euc.extend(pair.map(|byte| byte | 0x80));
    }
    let decoded = EUC_JP.decode_without_bom_handling_and_without_replacement(&euc);
    text.push_str(&decoded.ok_or(CharsetError::Bytes)?);
    Ok(())
}

fn encode_iso2022(text: &str) -> Result<Vec<u8>, Unencodable> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut set = Set::Ascii;
    for c in text.chars() {
        let (next, code) = iso2022_code(c)?;
        if next != set {
            bytes.extend_from_slice(match next {
                Set::Katakana => b"\x1b(I",
                Set::Kanji => b"\x1b$B",
                Set::Ascii | Set::Supplement => b"\x1b(B",
            });
            set = next;
        }
        bytes.extend(code.into_iter().flatten());
    }
    if set != Set::Ascii {
        bytes.extend_from_slice(b"\x1b(B");
    }
    Ok(bytes)
}

/// The set that has this character, and its one or two bytes there.
fn iso2022_code(c: char) -> Result<(Set, [Option<u8>; 2]), Unencodable> {
    if c.is_ascii() && !matches!(c, '\x0e' | '\x0f' | '\x1b') {
        return Ok((Set::Ascii, [u8::try_from(c).ok(), None]));
    }
    if ('\u{ff61}'..='\u{ff9f}').contains(&c) {
        return Ok((Set::Katakana, [u8::try_from(u32::from(c) - 0xff40).ok(), None]));
    }
    let mut one = [0; 4];
    let one: &str = c.encode_utf8(&mut one);
    let (euc, _, failed) = EUC_JP.encode(one);
    match euc.as_ref() {
        // The encoder maps some characters to the like of them; here only what decodes to the same counts.
        [a @ 0xa1..=0xfe, b @ 0xa1..=0xfe]
            if !failed && EUC_JP.decode_without_bom_handling(&euc).0 == *one =>
        {
            Ok((Set::Kanji, [Some(a & 0x7f), Some(b & 0x7f)]))
        }
        _ => Err(Unencodable),
    }
}

fn latin1_code(c: char) -> Result<u8, Unencodable> {
    u8::try_from(c)
        .ok()
        .filter(|code| !(0x80..0xa0).contains(code))
        .ok_or(Unencodable)
}

fn decode_ascii(bytes: &[u8]) -> Result<&str, CharsetError> {
    str::from_utf8(bytes)
        .ok()
        .filter(|text| text.is_ascii())
        .ok_or(CharsetError::Bytes)
}

fn decode_latin1(bytes: &[u8]) -> Result<String, CharsetError> {
    if bytes.iter().any(|byte| (0x80..0xa0).contains(byte)) {
        return Err(CharsetError::Bytes);
    }
    Ok(bytes.iter().copied().map(char::from).collect())
}

/// Why the bytes of a message are no text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CharsetError {
    /// MSH-18 names a character set that is not understood.
    #[error("the character set in MSH-18 is not supported")]
    Unknown,
    /// MSH-18 names two that do not go together.
    #[error("MSH-18 names character sets that do not go together")]
    Mixed,
    /// Bytes that the declared character set does not have.
    #[error("the bytes of the message are not in the character set that MSH-18 declares")]
    Bytes,
    /// An escape sequence of ISO 2022 that is not understood.
    #[error("an ISO 2022 escape sequence that is not supported")]
    Escape,
    /// A run of Japanese characters that is not ended where it must be.
    #[error("an ISO 2022 escape sequence is left open at a delimiter or at the end of a segment")]
    OpenEscape,
    /// The header reads differently before and after decoding.
    #[error("escape sequences in the header hide MSH-18")]
    Header,
}

impl CharsetError {
    /// What to answer: AE, at MSH-18.
    pub fn refusal(self) -> Refusal {
        let condition = match self {
            Self::Unknown | Self::Mixed => Condition::TableValueNotFound,
            Self::Bytes | Self::Escape | Self::OpenEscape | Self::Header => Condition::DataType,
        };
        Refusal::error(condition, Place::field("MSH", 18))
    }
}

/// The text has a character that the character set does not have. Does not say which.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a character of the text does not exist in the character set of the message")]
pub struct Unencodable;
