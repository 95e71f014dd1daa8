//! Which document element holds the bytes of which part: Content-ID, `cid:` URLs (RFC 2392) and
//! xop:Include (XOP 1.0).

use std::collections::HashMap;
use std::fmt;

use xds_xml::{Document, Element, escape};

use crate::fault::Fault;
use crate::mime::MimeError;
use crate::ns;

/// The Content-ID of a part, without angle brackets, as sent: case counts and nothing is decoded.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ContentId(String);

impl ContentId {
    /// Reads a Content-ID header or a `start` parameter; the angle brackets may be missing.
    ///
    /// # Errors
    /// For an empty one, and one with white space, control characters or angle brackets inside.
    pub fn from_header(value: &str) -> Result<Self, MimeError> {
        let value = value.trim();
        let bare = match value.strip_prefix('<') {
            Some(rest) => rest.strip_suffix('>').ok_or(MimeError::MalformedContentId)?,
            None => value,
        };
        match is_id(bare) {
            true => Ok(Self(bare.to_owned())),
            false => Err(MimeError::MalformedContentId),
        }
    }

    /// A fresh one from a fresh id.
    pub fn generated(id: uuid::Uuid) -> Self {
        Self(format!("{}@xds.invalid", id.hyphenated()))
    }

    /// The text between the angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text between the angle brackets.
impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A reference to a part: a `cid:` URL without its scheme.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cid {
    written: ContentId,
    /// Percent-decoded once, where that makes a difference.
    decoded: Option<ContentId>,
}

impl Cid {
    /// Reads an href. A plus sign is a plus sign.
    ///
    /// # Errors
    /// A Sender fault for another scheme, a broken escape, or what can be no Content-ID.
    pub fn from_href(href: &str) -> Result<Self, Fault> {
        let malformed = || Fault::sender("the href of an xop:Include is no valid cid: URL");
        let (scheme, written) = href.trim().split_once(':').ok_or_else(malformed)?;
        if !scheme.eq_ignore_ascii_case("cid") || !is_id(written) {
            return Err(malformed());
        }
        let decoded = percent_decoded(written)
            .filter(|decoded| is_id(decoded))
            .ok_or_else(malformed)?;
        Ok(Self {
            decoded: (decoded != written).then_some(ContentId(decoded)),
            written: ContentId(written.to_owned()),
        })
    }

    /// Whether it names that part: as written, else decoded.
    pub fn names(&self, id: &ContentId) -> bool {
        self.readings().any(|reading| reading == id)
    }

    fn readings(&self) -> impl Iterator<Item = &ContentId> {
        std::iter::once(&self.written).chain(&self.decoded)
    }
}

/// The reference in an element whose content is a part: its only content is one xop:Include. `None` if it
/// holds no Include, and its content, base64 perhaps, stands inline.
///
/// # Errors
/// A Sender fault for an Include with something beside it or inside it, and for an href that is no `cid:`
/// URL. Nothing else is ever resolved.
pub fn xop_include(element: Element<'_>) -> Result<Option<Cid>, Fault> {
    let mut includes = element.children_named(ns::XOP, "Include");
    let Some(include) = includes.next() else {
        return Ok(None);
    };
    let alone = element.children().count() == 1 && !element.has_text();
    if !alone || include.has_text() || include.children().next().is_some() {
        return Err(Fault::sender(
            "an xop:Include must be the only content of its element",
        ));
    }
    let href = include
        .attribute("href")
        .ok_or_else(|| Fault::sender("an xop:Include has no href"))?;
    Cid::from_href(href).map(Some)
}

/// Refuses every xop:Include that does not stand in an element with this expanded name: in a header, in
/// metadata, anywhere else.
///
/// # Errors
/// A Sender fault.
pub fn refuse_stray_includes(doc: &Document<'_>, allowed: Option<(&str, &str)>) -> Result<(), Fault> {
    let root = doc.root();
    let mut all = std::iter::once(root).chain(root.descendants());
    let stray = all.any(|element| {
        let may_hold = |parent: Element<'_>| allowed.is_some_and(|(ns, local)| parent.is(ns, local));
        element.is(ns::XOP, "Include") && !element.parent().is_some_and(may_hold)
    });
    match stray {
        true => Err(Fault::sender("an xop:Include stands where no document may")),
        false => Ok(()),
    }
}

/// Appends an xop:Include of a part, with its namespace declaration.
pub fn write_include(out: &mut String, id: &ContentId) {
    out.push_str("<xop:Include xmlns:xop=\"");
    out.push_str(ns::XOP);
    out.push_str("\" href=\"cid:");
    escape::text(out, &percent_encoded(id.as_str()));
    out.push_str("\"/>");
}

/// The references of one message, each to a part of its own. `T` is what the caller keeps with a
/// reference, as the id of the document.
#[derive(Debug)]
pub struct Includes<T> {
    root: Option<ContentId>,
    /// Every reading of every reference.
    readings: HashMap<ContentId, usize>,
    entries: Vec<Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    cid: Cid,
    value: T,
    claimed: bool,
}

impl<T> Includes<T> {
    /// No references yet. `root`: Content-ID of the root part, which no reference may name.
    pub fn new(root: Option<ContentId>) -> Self {
        Self {
            root,
            readings: HashMap::new(),
            entries: Vec::new(),
        }
    }

    /// Adds a reference.
    ///
    /// # Errors
    /// A Sender fault if it names the root part, or a part that another one names or could name.
    pub fn add(&mut self, cid: Cid, value: T) -> Result<(), Fault> {
        if self.root.as_ref().is_some_and(|root| cid.names(root)) {
            return Err(Fault::sender("an xop:Include names the root part"));
        }
        let index = self.entries.len();
        for reading in cid.readings() {
            if self.readings.insert(reading.clone(), index).is_some() {
                return Err(Fault::sender("two xop:Include name the same part"));
            }
        }
        self.entries.push(Entry {
            cid,
            value,
            claimed: false,
        });
        Ok(())
    }

    /// Finds the reference to a part that has come. `None`: nobody refers to it, drop it unread.
    ///
    /// # Errors
    /// A Sender fault if its reference was given to another part already: one names it as written, the
    /// other decoded.
    pub fn claim(&mut self, part: Option<&ContentId>) -> Result<Option<&T>, Fault> {
        let index = part.and_then(|id| self.readings.get(id));
        let Some(entry) = index.and_then(|index| self.entries.get_mut(*index)) else {
            return Ok(None);
        };
        if std::mem::replace(&mut entry.claimed, true) {
            return Err(Fault::sender("an xop:Include names two parts"));
        }
        Ok(Some(&entry.value))
    }

    /// What was kept with the references whose parts have not come; after the last part, the missing
    /// documents.
    pub fn unclaimed(&self) -> impl Iterator<Item = &T> {
        self.entries
            .iter()
            .filter(|entry| !entry.claimed)
            .map(|entry| &entry.value)
    }

    /// How many references there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The references with what was kept, in the order added.
    pub fn iter(&self) -> impl Iterator<Item = (&Cid, &T)> {
        self.entries.iter().map(|entry| (&entry.cid, &entry.value))
    }
}

fn is_id(text: &str) -> bool {
    let unfit = |char: char| char.is_whitespace() || char.is_control() || matches!(char, '<' | '>');
    !text.is_empty() && !text.contains(unfit)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next()?)? * 16 + hex(bytes.next()?)?,
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Escapes what may not stand in a `cid:` URL, and the percent sign.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
