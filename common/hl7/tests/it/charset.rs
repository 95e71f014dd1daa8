//! HL7-04: character sets, against iconv where it is installed.

use xds_hl7::charset::{Decoded, decode};
use xds_hl7::{
    AdtDraft, Charset, CharsetError, Condition, PersonName, Representation, Sex, Trigger, build_adt,
};
use xds_model::{Dtm, PatientId};

use crate::support::{DOMAIN, a04, at, iconv, read};

const JAPANESE: Charset = Charset::Iso2022Jp { katakana_8bit: false };

/// The bytes of |, ^, &, ~ and \.
const DELIMITERS: [u8; 5] = [0x7c, 0x5e, 0x26, 0x7e, 0x5c];

fn family(message: &[u8]) -> String {
    read(message).unwrap().names.first().unwrap().family.clone()
}

fn refused(message: &[u8]) -> CharsetError {
    decode(message).map(|decoded| decoded.text).unwrap_err()
}

/// Every position of rows 1 to 94, two bytes each.
fn positions() -> impl Iterator<Item = [u8; 2]> {
    (0x21..=0x7e).flat_map(|row| (0x21..=0x7e).map(move |cell| [row, cell]))
}

fn escaped(pair: [u8; 2]) -> Vec<u8> {
    [b"\x1b$B".as_slice(), &pair, b"\x1b(B"].concat()
}

#[test]
fn hl7_04_names_of_every_character_set_are_read() {
    let cases: [(&str, &[u8], &str); 12] = [
        ("UNICODE UTF-8", "山田^太郎".as_bytes(), "山田"),
        ("UNICODE", "𠮷田^葛󠄀".as_bytes(), "𠮷田"),
        ("", "山田^太郎".as_bytes(), "山田"),
        ("", b"YAMADA^TARO", "YAMADA"),
        ("ASCII", b"YAMADA^TARO", "YAMADA"),
        ("~ISO IR87", b"\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "山田"),
        ("ASCII~ISO IR87", b"\x1b$B;3ED\x1b(B^B", "山田"),
        ("ISO IR87", b"\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "山田"),
        ("ISO-2022-JP", b"\x1b$@;3ED\x1b(J^\x1b$@B@O:\x1b(J", "山田"),
        ("ISO IR14~ISO IR87", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ"),
        ("~ISO IR87~ISO IR159", b"\x1b$(D0!\x1b$B;3\x1b(B^B", "丂山"),
        ("8859/1", b"M\xfcller^J\xf6rg", "Müller"),
    ];
    for (charset, name, expected) in cases {
        assert_eq!(family(&a04(charset, name)), expected, "{charset}");
    }
}

#[test]
fn hl7_04_seven_bit_katakana() {
    assert_eq!(family(&a04("~ISO IR87", b"\x1b(ITO@^\x1b(B^X")), "ﾔﾏﾀﾞ");
}

#[test]
fn hl7_04_a_byte_order_mark_is_dropped() {
    let message = [
        b"\xef\xbb\xbf".to_vec(),
        a04("UNICODE UTF-8", "山田^太郎".as_bytes()),
    ]
    .concat();
    assert_eq!(family(&message), "山田");
}

/// A byte of a two-byte character that looks like a delimiter never splits anything.
#[test]
fn hl7_04_delimiter_bytes_inside_kanji_do_not_split() {
    let mut seen = 0;
    for pair in positions().filter(|pair| pair.iter().any(|byte| DELIMITERS.contains(byte))) {
        let Ok(kanji) = JAPANESE.decode(&escaped(pair)) else {
            continue;
        };
        let name = [escaped(pair), b"^".to_vec(), escaped(pair)].concat();
        let message = read(&a04("~ISO IR87", &name)).unwrap();
        let [name] = message.names.as_slice() else {
            panic!("one name, not two: {pair:x?}")
        };
        assert_eq!((&name.family, &name.given), (&kanji, &kanji), "{pair:x?}");
        assert_eq!(message.sex, Some(Sex::Male), "the fields behind it stay in place");
        seen += 1;
    }
    assert!(seen > 500, "only {seen} characters have such a byte");
}

/// The names of applications and facilities stand before MSH-18 and may hold such bytes too.
#[test]
fn hl7_04_kanji_in_the_header_do_not_hide_the_character_set() {
    let facility = JAPANESE.decode(&escaped([0x47, 0x7c])).unwrap();
    let message = String::from_utf8(a04("~ISO IR87", "".as_bytes())).unwrap();
    let message = message.replace("|HOSP|", &format!("|{facility}髙|"));
    let message = JAPANESE.encode(&message).unwrap();
    let read = read(&message).unwrap();
    assert_eq!(read.sending_facility, format!("{facility}髙"));
}

#[test]
fn hl7_04_two_byte_characters_agree_with_iconv() {
    let mut wire = Vec::new();
    for pair in positions() {
        wire.extend([escaped(pair), b"\n".to_vec()].concat());
    }
    let Some(theirs) = iconv("ISO-2022-JP", "UTF-8", &wire) else {
        return;
    };
    let theirs = String::from_utf8(theirs).unwrap();
    let mut agreed = 0;
    for (pair, theirs) in positions().zip(theirs.lines()) {
        let ours = JAPANESE.decode(&escaped(pair)).unwrap_or_default();
        // The conversion table: as CP932 has them, not as JIS X 0208 is read by iconv.
        let listed = match pair {
            [0x21, 0x40] => "＼",
            [0x21, 0x41] => "～",
            [0x21, 0x42] => "∥",
            [0x21, 0x5d] => "－",
            [0x21, 0x71] => "￠",
            [0x21, 0x72] => "￡",
            [0x22, 0x4c] => "￢",
            _ => theirs,
        };
        let is_extension = matches!(pair, [0x2d, _] | [0x79..=0x7c, _]);
        if is_extension {
            assert_eq!(theirs, "", "{pair:x?}");
        } else {
            assert_eq!(ours, listed, "{pair:x?}");
            agreed += usize::from(!ours.is_empty());
        }
    }
    assert_eq!(agreed, 6879, "the characters of JIS X 0208");
}

/// Rows 13 and 89 to 92 as Shift_JIS has them.
fn shift_jis([row, cell]: [u8; 2]) -> [u8; 2] {
    let lead = if row < 0x5f {
        row.div_ceil(2) + 0x70
    } else {
        row.div_ceil(2) + 0xb0
    };
    let trail = if row % 2 == 0 {
        cell + 0x7e
    } else {
        cell + 0x1f + cell / 0x60
    };
    [lead, trail]
}

#[test]
fn hl7_04_extensions_agree_with_iconv() {
    let extensions = || positions().filter(|pair| matches!(pair, [0x2d | 0x79..=0x7c, _]));
    let wire: Vec<u8> = extensions()
        .flat_map(|pair| [shift_jis(pair).as_slice(), b"\n"].concat())
        .collect();
    let Some(theirs) = iconv("CP932", "UTF-8", &wire) else {
        return;
    };
    let theirs = String::from_utf8(theirs).unwrap();
    let mut agreed = 0;
    for (pair, theirs) in extensions().zip(theirs.lines()) {
        let ours = JAPANESE.decode(&escaped(pair)).unwrap_or_default();
        assert_eq!(ours, theirs, "{pair:x?}");
        agreed += usize::from(!ours.is_empty());
    }
    assert_eq!(
        agreed,
        83 + 374,
        "NEC row 13, and the IBM extensions that NEC selected"
    );
}

#[test]
fn hl7_04_supplementary_kanji_agree_with_iconv() {
    let wrapped = |pair: [u8; 2]| [b"\x1b$(D".as_slice(), &pair, b"\x1b(B"].concat();
    let wire: Vec<u8> = positions()
        .flat_map(|pair| [wrapped(pair), b"\n".to_vec()].concat())
        .collect();
    let Some(theirs) = iconv("ISO-2022-JP-2", "UTF-8", &wire) else {
        return;
    };
    let theirs = String::from_utf8(theirs).unwrap();
    let mut agreed = 0;
    for (pair, theirs) in positions()
        .zip(theirs.lines())
        .filter(|(_, theirs)| !theirs.is_empty())
    {
        let theirs = if theirs == "~" { "～" } else { theirs };
        assert_eq!(
            JAPANESE.decode(&wrapped(pair)).unwrap_or_default(),
            theirs,
            "{pair:x?}"
        );
        agreed += 1;
    }
    assert_eq!(agreed, 6067, "the characters of JIS X 0212");
}

#[test]
fn hl7_04_what_iconv_writes_is_read_and_what_we_write_iconv_reads() {
    let text = "MSH|山田^太郎&侃~槙\\ヤマダ\r予約表 ABC 髙\r";
    let plain = text.replace('髙', "高");
    let Some(theirs) = iconv("UTF-8", "ISO-2022-JP", plain.as_bytes()) else {
        return;
    };
    assert_eq!(JAPANESE.decode(&theirs).unwrap(), plain);
    let ours = JAPANESE.encode(&plain).unwrap();
    assert_eq!(
        String::from_utf8(iconv("ISO-2022-JP", "UTF-8", &ours).unwrap()).unwrap(),
        plain
    );
    assert_eq!(JAPANESE.decode(&JAPANESE.encode(text).unwrap()).unwrap(), text);
}

#[test]
fn hl7_04_a_run_left_open_is_an_error() {
    let cases: [(&str, &[u8]); 6] = [
        ("at ^", b"\x1b$B;3ED^\x1b$BB@O:\x1b(B"),
        ("at ^, closed later", b"\x1b$B;3ED^B@O:\x1b(B"),
        ("at ^^, opened again", b"\x1b$B;3ED^^\x1b$BB@O:\x1b(B"),
        ("at the field bar", b"\x1b$B;3ED"),
        ("at ~", b"\x1b$B;3ED~\x1b(BYAMADA"),
        ("katakana at ^, then the field bar", b"\x1b(ITO@^^"),
    ];
    for (case, name) in cases {
        assert_eq!(
            refused(&a04("~ISO IR87", name)),
            CharsetError::OpenEscape,
            "{case}"
        );
    }
    let at_segment_end =
        b"MSH|^~\\&|||||||ADT^A04|M1|P|2.5||||||~ISO IR87\rPID|||R1||\x1b$B;3ED\rPV1|O\x1b(B\r";
    assert_eq!(refused(at_segment_end), CharsetError::OpenEscape, "at CR");
    let at_the_end = b"MSH|^~\\&|||||||ADT^A04|M1|P|2.5||||||~ISO IR87\rPID|||R1||\x1b$B;3ED";
    assert_eq!(
        refused(at_the_end),
        CharsetError::OpenEscape,
        "at the end of the message"
    );
}

#[test]
fn hl7_04_a_false_declaration_is_an_error() {
    let kanji = b"\x1b$B;3ED\x1b(B^X".as_slice();
    let shift_jis = b"\x8e\x52\x93\x63^X".as_slice();
    for (case, message, error) in [
        (
            "UTF-8 as ISO 2022",
            a04("~ISO IR87", "山田^太郎".as_bytes()),
            CharsetError::Bytes,
        ),
        (
            "Shift_JIS as UTF-8",
            a04("UNICODE UTF-8", shift_jis),
            CharsetError::Bytes,
        ),
        ("Shift_JIS undeclared", a04("", shift_jis), CharsetError::Bytes),
        (
            "Shift_JIS as ISO 2022",
            a04("~ISO IR87", shift_jis),
            CharsetError::Bytes,
        ),
        (
            "Shift_JIS as JIS X 0201",
            a04("ISO IR14", shift_jis),
            CharsetError::Bytes,
        ),
        (
            "8-bit katakana undeclared",
            a04("~ISO IR87", b"\xd4\xcf"),
            CharsetError::Bytes,
        ),
        (
            "UTF-8 as ASCII",
            a04("ASCII", "山田^太郎".as_bytes()),
            CharsetError::Bytes,
        ),
        (
            "surrogates",
            a04("UNICODE UTF-8", b"\xed\xa0\x80"),
            CharsetError::Bytes,
        ),
        (
            "no such character",
            a04("~ISO IR87", b"\x1b$B/!\x1b(B"),
            CharsetError::Bytes,
        ),
        (
            "no such escape",
            a04("~ISO IR87", b"\x1b$AB@\x1b(B"),
            CharsetError::Escape,
        ),
        ("shift out", a04("~ISO IR87", b"\x0eABC\x0f"), CharsetError::Bytes),
        ("unknown", a04("BIG-5", b"A^B"), CharsetError::Unknown),
        (
            "Shift_JIS declared",
            a04("Shift_JIS", b"A^B"),
            CharsetError::Unknown,
        ),
        (
            "mixed",
            a04("UNICODE UTF-8~ISO IR87", b"A^B"),
            CharsetError::Mixed,
        ),
        (
            "control characters of 8859/1",
            a04("8859/1", b"\x80"),
            CharsetError::Bytes,
        ),
    ] {
        assert_eq!(refused(&message), error, "{case}");
        let refusal = read(&message).unwrap_err().refusal();
        assert_eq!(refusal.place.unwrap().to_string(), "MSH^1^18");
        assert!(matches!(
            refusal.condition,
            Condition::DataType | Condition::TableValueNotFound
        ));
    }
    // Escape sequences where none were declared are control characters.
    for charset in ["", "UNICODE UTF-8", "8859/1", "ASCII"] {
        assert!(read(&a04(charset, kanji)).is_err(), "{charset}");
    }
}

/// A header that reads otherwise once it is decoded must not get by.
#[test]
fn hl7_04_escapes_cannot_hide_another_character_set() {
    // In UTF-8 these bytes are text with bars, to a reader of ISO 2022 they are pairs.
    let message = b"MSH|^~\\&|\x1b$B||||||||||||||||\x1b(B|||||||||||||||~ISO IR87|\rPID|||R1\r";
    assert!(read(message).is_err());
    let message = b"MSH|^~\\&|\x1b$B||\x1b(B||||||ADT^A04|M1|P|2.5||||||UNICODE UTF-8\rPID|||R1\r";
    assert_eq!(refused(message), CharsetError::Header);
}

#[test]
fn hl7_04_roman_shares_its_delimiters_with_ascii() {
    let name = b"\x1b$B;3ED\x1b(J^A~\x1b$B;3ED\x1b(J\\T\\^B";
    let message = read(&a04("~ISO IR87", name)).unwrap();
    let families: Vec<_> = message.names.iter().map(|name| name.family.as_str()).collect();
    assert_eq!(families, ["山田", "山田&"]);
}

#[test]
fn hl7_04_what_a_character_set_lacks_is_not_replaced() {
    for text in [
        "𠮷", "é", "한", "\u{a5}", "\u{203e}", "−", "〜", "\u{e000}", "\x1b",
    ] {
        assert!(JAPANESE.encode(text).is_err(), "{text}");
    }
    for text in ["髙﨑", "～－", "ﾔﾏﾀﾞ", "①㈱", "A\\~"] {
        assert_eq!(
            JAPANESE.decode(&JAPANESE.encode(text).unwrap()).as_deref(),
            Ok(text)
        );
    }
    assert!(Charset::Latin1.encode("山").is_err() && Charset::Latin1.encode("\u{85}").is_err());
    assert!(Charset::Ascii.encode("é").is_err());
}

#[test]
fn hl7_04_three_forms_of_a_name_in_both_encodings() {
    let names = [
        PersonName::new("髙橋", "表子", Some(Representation::Ideographic)),
        PersonName::new("タカハシ", "ヒョウコ", Some(Representation::Phonetic)),
        PersonName::new("TAKAHASHI", "HYOKO", Some(Representation::Alphabetic)),
    ];
    let identifiers = [format!("R0001^^^&{DOMAIN}&ISO").parse::<PatientId>().unwrap()];
    for charset in [
        Charset::Utf8,
        JAPANESE,
        Charset::Iso2022Jp { katakana_8bit: true },
    ] {
        let birth_date: Dtm = "19550228".parse().unwrap();
        let message = build_adt(&AdtDraft {
            trigger: Trigger::A04,
            control_id: "M0001",
            version: "2.5",
            time: at(1_790_000_000),
            sender: ("ADT", "中央病院"),
            receiver: ("REGISTRY", "RENKEI"),
            identifiers: &identifiers,
            names: &names,
            birth_date: Some(birth_date),
            sex: Some(Sex::Female),
            merged: None,
            charset,
        })
        .unwrap();
        assert_eq!(
            decode(&message).map(|Decoded { charset, .. }| charset),
            Ok(charset)
        );
        let read = read(&message).unwrap();
        assert_eq!(read.names, names);
        assert_eq!((read.birth_date, read.sex), (Some(birth_date), Some(Sex::Female)));
        assert_eq!(read.sending_facility, "中央病院");
        assert_eq!(read.message_time, Some(at(1_790_000_000)));
    }
}
