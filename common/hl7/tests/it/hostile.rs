//! Arbitrary bytes into every decoder; arbitrary people out and in again.

use proptest::collection::vec;
use proptest::prelude::*;
use xds_hl7::charset::decode;
use xds_hl7::er7::Message;
use xds_hl7::mllp::{Decoder, encode};
use xds_hl7::{AdtDraft, Charset, PersonName, Representation, Sex, Trigger, ack, build_adt, receive};
use xds_model::PatientId;

use crate::support::{DOMAIN, a04, at, oid, settings};

/// Bytes that mean something in a message, more often than others.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        Just(b"\x1b$B".to_vec()),
        Just(b"\x1b(B".to_vec()),
        Just(b"\x1b(I".to_vec()),
        Just(b"\x1b$(D".to_vec()),
        Just(b"MSH|^~\\&|".to_vec()),
        Just(b"\rPID|||".to_vec()),
        Just("漢".as_bytes().to_vec()),
        vec(
            prop::sample::select(b"|^~&\\\r\n\x0b\x1c\x1bXF09A \"".to_vec()),
            1..4
        ),
        vec(any::<u8>(), 1..4),
    ];
    vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

fn work(frame: &[u8]) {
    let received = receive(frame, &settings());
    if let Ok(message) = &received.message {
        let _ = message.domain_identifier(&oid(DOMAIN));
        let _ = message.merged_identifier(&oid(DOMAIN));
    }
    if let Some(header) = received.header {
        let answer = match received.message {
            Ok(_) => ack::Answer::Accept,
            Err(error) => ack::Answer::Refuse(error.refusal()),
        };
        let reply = ack::build(&header, &answer, at(0), "R1");
        // Whatever came in, what goes out is a frame with an ACK that we can read ourselves.
        let decoded = decode(&reply).unwrap();
        let message = Message::parse(&decoded.text).unwrap();
        let ids: Vec<_> = message.segments().iter().map(|segment| segment.id()).collect();
        assert!(
            matches!(ids.as_slice(), ["MSH", "MSA"] | ["MSH", "MSA", "ERR"]),
            "{ids:?}"
        );
        let framed = encode(&reply);
        let mut wire = framed.as_slice();
        assert_eq!(
            Decoder::default().decode(&mut wire).unwrap().as_ref(),
            Some(&reply)
        );
    }
}

fn charset() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "UNICODE UTF-8",
        "~ISO IR87",
        "ISO IR14~ISO IR87",
        "8859/1",
        "ASCII",
        "nonsense",
    ])
}

proptest! {
    #[test]
    fn hl7_01_arbitrary_streams_never_panic_and_never_exceed_the_limit(stream in bytes(), chunk in 1usize..9) {
        let mut decoder = Decoder::new(32);
        for mut part in stream.chunks(chunk) {
            while let Ok(Some(frame)) = decoder.decode(&mut part) {
                prop_assert!(!frame.is_empty() && frame.len() <= 32);
                prop_assert!(!frame.contains(&0x0b) && !frame.contains(&0x1c));
            }
        }
        let _ = decoder.finish();
    }

    #[test]
    fn hl7_01_frames_survive_any_chopping(messages in vec(vec(0x20u8.., 1..40), 0..5), chunk in 1usize..50) {
        let stream: Vec<u8> = messages.iter().flat_map(|message| encode(message)).collect();
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for mut part in stream.chunks(chunk) {
            while let Some(frame) = decoder.decode(&mut part).unwrap() {
                frames.push(frame);
            }
        }
        prop_assert_eq!(frames, messages);
        prop_assert_eq!(decoder.finish(), Ok(()));
    }

    #[test]
    fn hl7_01_arbitrary_messages_never_panic(frame in bytes()) {
        work(&frame);
    }

    #[test]
    fn hl7_04_arbitrary_names_never_panic_nor_leave_their_field(charset in charset(), name in bytes()) {
        let frame = a04(charset, &name);
        work(&frame);
    }

    #[test]
    fn hl7_04_what_is_encoded_decodes_to_the_same(text in any::<String>()) {
        for charset in [
            Charset::Ascii,
            Charset::Utf8,
            Charset::Latin1,
            Charset::Iso2022Jp { katakana_8bit: false },
            Charset::Iso2022Jp { katakana_8bit: true },
        ] {
            if let Ok(bytes) = charset.encode(&text) {
                prop_assert_eq!(charset.decode(&bytes), Ok(text.clone()));
            }
        }
    }

    #[test]
    fn whoever_is_written_is_read(
        family in r"[\PC]{0,12}",
        given in r"[\PC]{0,12}",
        kanji in r"[亜-熙|^~&\\ ァ-ヶ]{1,8}",
        id in "[A-Za-z0-9\\\\漢/-]{1,20}",
        sex in prop::sample::select(vec![Sex::Male, Sex::Female, Sex::Other, Sex::Unknown]),
    ) {
        let names = [
            PersonName::new(&kanji, &given, Some(Representation::Ideographic)),
            PersonName::new(&family, &kanji, None),
        ];
        let identifiers = [PatientId::new(&id, oid(DOMAIN)).unwrap()];
        for charset in [Charset::Utf8, Charset::Iso2022Jp { katakana_8bit: false }] {
            let draft = AdtDraft {
                trigger: Trigger::A01,
                control_id: &id,
                version: "2.5",
                time: at(1_767_223_800),
                sender: (&kanji, &id),
                receiver: ("REG", &kanji),
                identifiers: &identifiers,
                names: &names,
                birth_date: None,
                sex: Some(sex),
                merged: None,
                charset,
            };
            let Ok(message) = build_adt(&draft) else {
                prop_assert!(charset != Charset::Utf8);
                continue;
            };
            let read = receive(&message, &settings()).message.unwrap();
            prop_assert_eq!(read.domain_identifier(&oid(DOMAIN)), Ok(identifiers.first().cloned()));
            prop_assert_eq!(&read.control_id, &id);
            let parts = |name: &PersonName| (name.family.clone(), name.given.clone(), name.representation);
            let [first, second] = read.names.as_slice() else { panic!("two names") };
            prop_assert_eq!(parts(first), (kanji.clone(), given.clone(), Some(Representation::Ideographic)));
            prop_assert_eq!(parts(second), (family.clone(), kanji.clone(), None));
        }
    }
}
