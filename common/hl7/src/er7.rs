//! ER7, the `|^~\&` notation (HL7 v2.5, 2.7; ITI TF-2, Appendix C.2.2), borrowed from decoded text.
//!
//! Only the standard delimiters. A segment ends with CR; an LF right behind the CR is dropped, for senders
//! that write CR LF. An LF elsewhere is part of the text and never a separator. Splitting works on the text
//! as sent and escape sequences are decoded once, afterwards, in each value: an escaped delimiter can never
//! become one.

use std::borrow::Cow;

/// The start of every message: MSH with the delimiters that HL7 recommends and IHE requires.
pub(crate) const HEADER: &str = r"MSH|^~\&";

/// A message, split into segments.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    segments: Vec<Segment<'a>>,
}

impl<'a> Message<'a> {
    /// Segments that one message may have.
    pub const SEGMENTS_MAX: usize = 1000;

    /// Splits decoded text into segments. Blank lines are skipped.
    ///
    /// # Errors
    /// When it does not start with a header in the standard delimiters, has a control character, a segment
    /// without a name, or too many of them.
    pub fn parse(text: &'a str) -> Result<Self, Er7Error> {
        check_header(text)?;
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\r' | '\n' | '\t'))
        {
            return Err(Er7Error::Control);
        }
        let lines = text
            .split('\r')
            .map(|line| line.strip_prefix('\n').unwrap_or(line));
        let mut segments = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            if segments.len() == Self::SEGMENTS_MAX {
                return Err(Er7Error::TooManySegments);
            }
            segments.push(Segment::new(line, segments.len() + 1)?);
        }
        if segments.first().is_some_and(|header| header.0.contains('\n')) {
            return Err(Er7Error::LineFeed);
        }
        Ok(Self { segments })
    }

    /// The segments, in the order sent; MSH is the first.
    pub fn segments(&self) -> &[Segment<'a>] {
        &self.segments
    }

    /// The segments with this name.
    pub fn named<'m>(&'m self, id: &'m str) -> impl Iterator<Item = Segment<'a>> + 'm {
        self.segments
            .iter()
            .copied()
            .filter(move |segment| segment.id() == id)
    }
}

fn check_header(text: &str) -> Result<(), Er7Error> {
    let rest = text.strip_prefix("MSH").ok_or(Er7Error::NoHeader)?;
    match rest.strip_prefix(r"|^~\&").map(|rest| rest.chars().next()) {
        Some(None | Some('|' | '\r')) => Ok(()),
        _ => Err(Er7Error::Delimiters),
    }
}

/// A segment, as sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment<'a>(&'a str);

impl<'a> Segment<'a> {
    fn new(line: &'a str, number: usize) -> Result<Self, Er7Error> {
        let (id, rest) = line.split_at_checked(3).ok_or(Er7Error::Segment { number })?;
        let named = id.starts_with(|c: char| c.is_ascii_uppercase())
            && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if named && (rest.is_empty() || rest.starts_with('|')) {
            Ok(Self(line))
        } else {
            Err(Er7Error::Segment { number })
        }
    }

    /// Its name, three characters.
    pub fn id(self) -> &'a str {
        self.0.get(..3).unwrap_or_default()
    }

    /// The field with this number, as HL7 counts them; empty when the segment ends before it.
    ///
    /// In MSH, field 1 is the delimiter itself and field 2 the other four.
    pub fn field(self, number: usize) -> Field<'a> {
        let index = match (self.id(), number) {
            ("MSH", 0 | 1) => return Field(if number == 1 { "|" } else { "" }),
            ("MSH", _) => number - 1,
            (_, 0) => return Field(""),
            _ => number,
        };
        Field(self.0.split('|').nth(index).unwrap_or_default())
    }
}

/// A field: repetitions between `~`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Field<'a>(&'a str);

impl<'a> Field<'a> {
    /// The text as sent.
    pub fn raw(self) -> &'a str {
        self.0
    }

    /// Whether it is absent. Null is not.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is `""`: the sender has no value, and says so (ITI TF-2, Appendix C).
    pub fn is_null(self) -> bool {
        self.0 == "\"\""
    }

    /// Its repetitions; none when it is empty.
    pub fn repetitions(self) -> impl Iterator<Item = Repetition<'a>> {
        let text = (!self.0.is_empty()).then_some(self.0);
        text.into_iter().flat_map(|text| text.split('~')).map(Repetition)
    }

    /// Its first repetition, empty when there is none.
    pub fn first(self) -> Repetition<'a> {
        Repetition(self.0.split('~').next().unwrap_or_default())
    }
}

/// One repetition of a field: components between `^`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Repetition<'a>(&'a str);

impl<'a> Repetition<'a> {
    /// The text as sent.
    pub fn raw(self) -> &'a str {
        self.0
    }

    /// Whether it has no text at all.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The component with this number, from 1; empty when there are fewer.
    pub fn component(self, number: usize) -> Component<'a> {
        Component(nth(self.0, '^', number))
    }
}

/// A component: subcomponents between `&`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Component<'a>(&'a str);

impl<'a> Component<'a> {
    /// The text as sent.
    pub fn raw(self) -> &'a str {
        self.0
    }

    /// Whether it has no text at all.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The text of a component of a simple type, with escape sequences decoded.
    ///
    /// # Errors
    /// When it has subcomponents (an id with a bare `&` must not lose its second half), or an escape
    /// sequence that cannot be decoded.
    pub fn text(self) -> Result<Cow<'a, str>, ValueError> {
        if self.0.contains('&') {
            Err(ValueError::Subcomponents)
        } else {
            unescape(self.0)
        }
    }

    /// The text of the subcomponent with this number, from 1, with escape sequences decoded; empty when there are fewer.
    ///
    /// # Errors
    /// When it has an escape sequence that cannot be decoded.
    pub fn subcomponent(self, number: usize) -> Result<Cow<'a, str>, ValueError> {
        unescape(nth(self.0, '&', number))
    }
}

fn nth(text: &str, delimiter: char, number: usize) -> &str {
    number
        .checked_sub(1)
        .and_then(|index| text.split(delimiter).nth(index))
        .unwrap_or_default()
}

/// Decodes escape sequences, once.
///
/// `\F\ \S\ \T\ \R\ \E\` and `\Xhh..\` with ASCII characters. The others (formatting, highlighting, changes of
/// character set) have no place in the fields of a patient identity and are errors.
///
/// # Errors
/// When a sequence is unknown or not ended.
pub fn unescape(raw: &str) -> Result<Cow<'_, str>, ValueError> {
    if !raw.contains('\\') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    // Plain text and sequences take turns between the escape characters, and plain text is the last.
    let mut parts = raw.split('\\');
    text.push_str(parts.next().unwrap_or_default());
    while let Some(sequence) = parts.next() {
        let plain = parts.next().ok_or(ValueError::OpenEscape)?;
        push_sequence(&mut text, sequence)?;
        text.push_str(plain);
    }
    Ok(Cow::Owned(text))
}

fn push_sequence(text: &mut String, sequence: &str) -> Result<(), ValueError> {
    match sequence {
        "F" => text.push('|'),
        "S" => text.push('^'),
        "T" => text.push('&'),
        "R" => text.push('~'),
        "E" => text.push('\\'),
        _ => {
            let digits = sequence.strip_prefix('X').ok_or(ValueError::UnknownEscape)?;
            push_hex(text, digits.as_bytes())?;
        }
    }
    Ok(())
}

fn push_hex(text: &mut String, digits: &[u8]) -> Result<(), ValueError> {
    let (pairs, odd) = digits.as_chunks::<2>();
    if pairs.is_empty() || !odd.is_empty() {
        return Err(ValueError::Hex);
    }
    for [high, low] in pairs {
        let (high, low) = (hex(*high)?, hex(*low)?);
        if high > 7 {
            return Err(ValueError::Hex);
        }
        text.push(char::from(high << 4 | low));
    }
    Ok(())
}

fn hex(digit: u8) -> Result<u8, ValueError> {
    let value = char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok());
    value.ok_or(ValueError::Hex)
}

/// Writes a value so that [`unescape`] gives it back and no delimiter or control character is left in it.
pub fn escape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '|' => text.push_str(r"\F\"),
            '^' => text.push_str(r"\S\"),
            '&' => text.push_str(r"\T\"),
            '~' => text.push_str(r"\R\"),
            '\\' => text.push_str(r"\E\"),
            '\0'..='\x1f' | '\x7f' => text.push_str(&format!(r"\X{:02X}\", u32::from(c))),
            _ => text.push(c),
        }
    }
    text
}

/// Why a text is no message in ER7.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Er7Error {
    /// It does not start with MSH.
    #[error("a message starts with the segment MSH")]
    NoHeader,
    /// MSH-1 and MSH-2 are not `|^~\&`.
    #[error(r"the delimiters in MSH-1 and MSH-2 are |^~\& and no others")]
    Delimiters,
    /// A control character in the text.
    #[error("a control character other than CR, LF and TAB")]
    Control,
    /// A line feed inside MSH.
    #[error("a line feed inside MSH: segments end with CR")]
    LineFeed,
    /// A segment without a name of three characters and a delimiter behind it.
    #[error("segment {number} does not start with a name of three characters")]
    Segment {
        /// Counted from 1.
        number: usize,
    },
    /// More than [`Message::SEGMENTS_MAX`].
    #[error("a message has at most 1000 segments")]
    TooManySegments,
}

/// Why a component has no plain text. Never holds the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// An escape character without its partner.
    #[error("an escape sequence is not ended")]
    OpenEscape,
    /// Not one of the sequences that are understood.
    #[error("an unknown escape sequence")]
    UnknownEscape,
    /// `\X` without pairs of hexadecimal digits below 80.
    #[error("an escape sequence with hexadecimal digits that are no ASCII characters")]
    Hex,
    /// Subcomponents where there may be none.
    #[error("subcomponents in a component of a simple type")]
    Subcomponents,
}
