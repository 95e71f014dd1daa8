//! HL7-02: the acknowledgment, byte by byte.

use time::UtcOffset;
use time::macros::datetime;
use xds_hl7::ack::{Answer, build};
use xds_hl7::charset::decode;
use xds_hl7::{Condition, Header, Place, Refusal, receive};

use crate::support::{DOMAIN, a04, settings, with_pid3};

fn answer(frame: &[u8], answer: &Answer) -> Vec<u8> {
    let header = Header::sniff(frame).unwrap();
    build(&header, answer, datetime!(2026-11-24 14:54:05 +9), "R-1")
}

fn text(frame: &[u8], answer_: &Answer) -> String {
    String::from_utf8(answer(frame, answer_)).unwrap()
}

/// What a server does with a frame that it refuses.
fn refused(frame: &[u8]) -> String {
    let received = receive(frame, &settings());
    let refusal = received.message.unwrap_err().refusal();
    let bytes = build(
        &received.header.unwrap(),
        &Answer::Refuse(refusal),
        datetime!(2026-11-24 14:54:05 +9),
        "R-1",
    );
    String::from_utf8(bytes).unwrap()
}

#[test]
fn hl7_02_accepted() {
    let request = with_pid3(&format!("R1^^^&{DOMAIN}&ISO"));
    assert_eq!(
        text(request.as_bytes(), &Answer::Accept),
        "MSH|^~\\&|REG|XDS|ADT|HOSP|20261124145405+0900||ACK^A04|R-1|P|2.3.1\rMSA|AA|M1\r"
    );
}

#[test]
fn hl7_02_the_structure_and_version_follow_the_request() {
    let head = |request: &str| {
        text(request.as_bytes(), &Answer::Accept)
            .split('\r')
            .next()
            .unwrap()
            .to_owned()
    };
    let request = with_pid3("R1");
    assert!(head(&request).ends_with("|ACK^A04|R-1|P|2.3.1"));
    assert!(head(&request.replace("ADT^A04", "ADT^A04^ADT_A01")).ends_with("|ACK^A04^ACK|R-1|P|2.3.1"));
    assert!(head(&request.replace("|P|2.3.1", "|T|2.5^JPN")).ends_with("|ACK^A04^ACK|R-1|T|2.5^JPN"));
    assert!(head("MSH|^~\\&|A|B").ends_with("||ACK|R-1|P|2.3.1"));
}

#[test]
fn hl7_02_refused_with_the_place_and_the_code() {
    let request = with_pid3(&format!("R1^^^&{DOMAIN}&ISO"));
    assert_eq!(
        refused(request.replace("ADT^A04", "ADT^A31").as_bytes()),
        "MSH|^~\\&|REG|XDS|ADT|HOSP|20261124145405+0900||ACK^A31|R-1|P|2.3.1\rMSA|AR|M1\r\
         ERR||MSH^1^9^1^2|201^Unsupported trigger event^HL70357|E\r"
    );
    assert!(
        refused(request.replace("ADT^A04", "ORU^R01").as_bytes())
            .ends_with("MSA|AR|M1\rERR||MSH^1^9^1^1|200^Unsupported message type^HL70357|E\r")
    );
    assert!(
        refused(with_pid3("").as_bytes())
            .ends_with("MSA|AE|M1\rERR||PID^1^3|101^Required field missing^HL70357|E\r")
    );
}

#[test]
fn hl7_02_unavailable_names_no_place() {
    let request = with_pid3("R1");
    assert!(
        text(request.as_bytes(), &Answer::Refuse(Refusal::unavailable()))
            .ends_with("MSA|AR|M1\rERR|||207^Application internal error^HL70357|E\r")
    );
    let unknown = Refusal::error(
        Condition::UnknownKey,
        Place::field("MRG", 1).repetition(1).component(1),
    );
    assert!(
        text(request.as_bytes(), &Answer::Refuse(unknown))
            .ends_with("MSA|AE|M1\rERR||MRG^1^1^1^1|204^Unknown key identifier^HL70357|E\r")
    );
}

/// Even when its text cannot be read, a message is answered by its id.
#[test]
fn hl7_02_a_message_in_the_wrong_character_set_is_answered() {
    for frame in [
        a04("BIG-5", b"A^B"),
        a04("UNICODE UTF-8", b"\xff"),
        a04("~ISO IR87", b"\x1b$B;3ED"),
    ] {
        assert!(refused(&frame).contains("\rMSA|AE|M1\rERR||MSH^1^18|10"));
    }
    assert!(receive(b"PID|1", &settings()).header.is_none());
}

#[test]
fn hl7_02_the_answer_is_in_the_character_set_of_the_request() {
    for (charset, facility) in [
        ("~ISO IR87", "中央病院"),
        ("UNICODE UTF-8", "𠮷野"),
        ("ISO IR14~ISO IR87", "ﾔﾏ中"),
    ] {
        let request = String::from_utf8(a04(charset, b"A^B"))
            .unwrap()
            .replace("|HOSP|", &format!("|{facility}|"));
        let encoding = xds_hl7::Charset::from_msh18(charset).unwrap();
        let bytes = answer(&encoding.encode(&request).unwrap(), &Answer::Accept);
        let head = format!(
            "MSH|^~\\&|REG|XDS|ADT|{facility}|20261124145405+0900||ACK^A04^ACK|R-1|P|2.5||||||{charset}\r"
        );
        assert_eq!(decode(&bytes).unwrap().text, head + "MSA|AA|M1\r");
        assert_eq!(
            bytes.is_ascii(),
            charset.starts_with('~') || charset.starts_with("ISO")
        );
    }
    // JIS X 0212 can be read but not written: that name is left out, the rest stays.
    let request = String::from_utf8(a04("~ISO IR87", b"A^B"))
        .unwrap()
        .replace("|HOSP|", "|\u{1b}$(D0!\u{1b}(B|");
    assert!(text(request.as_bytes(), &Answer::Accept).starts_with("MSH|^~\\&|REG|XDS|ADT||2026"));
}

#[test]
fn hl7_02_the_request_cannot_write_into_the_answer() {
    let request = with_pid3("R1")
        .replace("|M1|", "|M\n1|")
        .replace("|HOSP|", "|HO\u{1b}SP|");
    let answer = text(request.as_bytes(), &Answer::Accept);
    assert_eq!(answer.matches('\r').count(), 2);
    assert!(answer.contains("|ADT||2026") && answer.ends_with("MSA|AA|\r"));
    let header = Header::sniff(with_pid3("R1").as_bytes()).unwrap();
    let time = datetime!(2026-11-24 05:54:05 UTC).to_offset(UtcOffset::from_hms(-3, -30, 0).unwrap());
    let answer = String::from_utf8(build(&header, &Answer::Accept, time, "x|\ry")).unwrap();
    assert!(answer.contains("|20261124022405-0330||ACK^A04|xy|"));
}
