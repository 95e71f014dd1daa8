//! Mutations of messages, in structure and in bytes, from a seed.

use xds_xml::{Document, Element, Limits};

/// SplitMix64: the same numbers for the same seed, everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.next() % end).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// One mutation; `other` is another good message to take pieces from.
pub(crate) fn mutate(message: &str, other: &str, random: &mut Random) -> String {
    match random.below(16) {
        0..=3 => bytes(message, random),
        4..=11 => elements(message, other, random),
        12 => words(message, random),
        13 => neutral(message, random),
        14 => evil(message, random),
        _ => values(message, random),
    }
}

/// A place between two characters.
fn place(text: &str, random: &mut Random) -> usize {
    let mut at = random.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A stretch of at most `max` bytes.
fn stretch(text: &str, max: usize, random: &mut Random) -> (usize, usize) {
    let start = place(text, random);
    let mut end = (start + 1 + random.below(max)).min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    (start, end)
}

fn bytes(message: &str, random: &mut Random) -> String {
    let at = place(message, random);
    let (head, tail) = message.split_at(at);
    let (start, end) = stretch(message, 64, random);
    match random.below(6) {
        0 => format!(
            "{head}{}{}",
            char::from(b' ' + u8::try_from(random.below(94)).unwrap()),
            tail.chars().skip(1).collect::<String>()
        ),
        1 => format!("{}{}", &message[..start], &message[end..]),
        2 => format!(
            "{head}{}{tail}",
            random.pick(&[
                "<!---->",
                "<!--x-->",
                "<x/>",
                " ",
                "\n",
                "&#x20;",
                "<![CDATA[]]>",
                "\u{200B}",
                "A",
                "=",
                "xmlns:q=\"urn:q\" "
            ])
        ),
        3 => format!("{}{}{}", &message[..end], &message[start..end], &message[end..]),
        4 => format!("{head}{}{tail}", &message[start..end]),
        _ => {
            let piece = &message[start..end];
            let turned = if random.below(2) == 0 {
                piece.to_uppercase()
            } else {
                piece.to_lowercase()
            };
            format!("{}{turned}{}", &message[..start], &message[end..])
        }
    }
}

/// Start and end of every element, the root left out.
fn spans(message: &str) -> Vec<(usize, usize)> {
    let Ok(document) = Document::parse(message.as_bytes(), &Limits::default()) else {
        return Vec::new();
    };
    let span = |element: Element<'_>| (element.offset(), element.offset() + element.source().len());
    document.root().descendants().map(span).collect()
}

fn elements(message: &str, other: &str, random: &mut Random) -> String {
    let (own, foreign) = (spans(message), spans(other));
    if own.is_empty() || foreign.is_empty() {
        return bytes(message, random);
    }
    let (a, b) = *random.pick(&own);
    let (c, d) = *random.pick(&own);
    let (e, f) = *random.pick(&foreign);
    let piece = &message[a..b];
    match random.below(8) {
        // Left out, doubled, exchanged for another, moved, wrapped, taken from another message.
        0 => format!("{}{}", &message[..a], &message[b..]),
        1 => format!("{}{piece}{piece}{}", &message[..a], &message[b..]),
        2 if b <= c => format!(
            "{}{}{}{piece}{}",
            &message[..a],
            &message[c..d],
            &message[b..c],
            &message[d..]
        ),
        3 if b <= c => format!("{}{}{piece}{}", &message[..a], &message[b..c], &message[c..]),
        3 if d <= a => format!("{}{piece}{}{}", &message[..c], &message[c..a], &message[b..]),
        4 => format!("{}<w xmlns=\"urn:w\">{piece}</w>{}", &message[..a], &message[b..]),
        5 => format!("{}{}{}", &message[..a], &other[e..f], &message[b..]),
        6 => format!("{}{}{}", &message[..a], &other[e..f], &message[a..]),
        _ => {
            // The same element of both messages, by its place: values of two signatures mixed.
            let index = random.below(own.len().min(foreign.len()));
            let ((a, b), (e, f)) = (own[index], foreign[index]);
            format!("{}{}{}", &message[..a], &other[e..f], &message[b..])
        }
    }
}

/// A word that matters, exchanged for another.
fn words(message: &str, random: &mut Random) -> String {
    const WORDS: [&str; 24] = [
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2000/09/xmldsig#sha1",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "urn:oasis:names:tc:SAML:2.0:assertion",
        "http://www.w3.org/2000/09/xmldsig#",
        "Assertion",
        "Signature",
        "Reference",
        "ID=",
        "Id=",
        "URI=\"#",
        "URI=\"",
        "NotOnOrAfter",
        "NotBefore",
        "2027-01-01T01:00:00",
        "2027-01-01T09:00:00",
    ];
    let present: Vec<&str> = WORDS.into_iter().filter(|word| message.contains(word)).collect();
    if present.is_empty() {
        return bytes(message, random);
    }
    let from = *random.pick(&present);
    let to = *random.pick(&WORDS);
    if random.below(2) == 0 {
        message.replace(from, to)
    } else {
        let places: Vec<usize> = message.match_indices(from).map(|(at, _)| at).collect();
        let at = *random.pick(&places);
        format!("{}{to}{}", &message[..at], &message[at + from.len()..])
    }
}

/// What canonical XML does not see.
fn neutral(message: &str, random: &mut Random) -> String {
    match random.below(5) {
        0 => message.replacen(
            " Version=",
            &format!("{}Version=", random.pick(&["  ", "\n", "\t \r\n"])),
            1,
        ),
        1 => message.replacen(
            "NotBefore",
            &format!("{}NotBefore", " ".repeat(1 + random.below(9))),
            1,
        ),
        2 => message
            .replacen("user", "&#x75;ser", 1)
            .replacen("yamada", "<![CDATA[yam]]>ada", 1),
        3 => message.replacen("Header>", "Header xmlns:neutral=\"urn:neutral\">", 1),
        _ => message.replacen("Security ", "Security xmlns:zz=\"urn:zz\" ", 1),
    }
}

/// An unsigned assertion of somebody else's, anywhere between two elements.
fn evil(message: &str, random: &mut Random) -> String {
    let own = spans(message);
    let Some((at, _)) = own.get(random.below(own.len())) else {
        return bytes(message, random);
    };
    let id = random.pick(&["_evil", "_assertion-1"]);
    let evil = format!(
        "<a:Assertion xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" Version=\"2.0\" \
         IssueInstant=\"2026-12-31T23:59:00Z\"><a:Issuer>https://idp.h1.example/saml</a:Issuer><a:Subject>\
         <a:NameID>evil</a:NameID></a:Subject></a:Assertion>"
    );
    let chosen = *random.pick(&[
        evil.as_str(),
        "<a:Issuer xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\">x</a:Issuer>",
        "<x ID=\"_assertion-1\"/>",
        "<a:NameID xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\">evil</a:NameID>",
    ]);
    format!("{}{chosen}{}", &message[..*at], &message[*at..])
}

/// Between two quotes, or between two tags, another value.
fn values(message: &str, random: &mut Random) -> String {
    let (open, close) = *random.pick(&[('"', '"'), ('>', '<'), ('\'', '\'')]);
    let starts: Vec<usize> = message.match_indices(open).map(|(at, _)| at + 1).collect();
    if starts.is_empty() {
        return bytes(message, random);
    }
    let start = *random.pick(&starts);
    let end = message[start..]
        .find(close)
        .map_or(message.len(), |len| start + len);
    let value = &message[start..end];
    let new = match random.below(5) {
        0 => String::new(),
        1 => "evil".to_owned(),
        2 => format!("{value}{value}"),
        3 => value.chars().rev().collect(),
        _ => format!("{value} "),
    };
    format!("{}{new}{}", &message[..start], &message[end..])
}
