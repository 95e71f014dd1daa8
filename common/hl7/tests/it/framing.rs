//! HL7-01: where a message begins and ends.

use xds_hl7::mllp::{Decoder, FrameError, encode};

fn all(decoder: &mut Decoder, mut input: &[u8]) -> Result<Vec<Vec<u8>>, FrameError> {
    let mut frames = Vec::new();
    while let Some(frame) = decoder.decode(&mut input)? {
        frames.push(frame);
    }
    assert!(input.is_empty(), "what is not a frame yet is kept by the decoder");
    Ok(frames)
}

#[test]
fn hl7_01_frames_come_out_as_they_went_in() {
    let mut decoder = Decoder::default();
    assert_eq!(all(&mut decoder, &encode(b"MSH|one\r")).unwrap(), [b"MSH|one\r"]);
    assert!(decoder.is_between_frames());
    assert_eq!(decoder.finish(), Ok(()));
}

#[test]
fn hl7_01_two_messages_in_one_read_stay_apart() {
    let wire = [encode(b"first"), encode(b"second"), b"\x0bthi".to_vec()].concat();
    let mut decoder = Decoder::default();
    assert_eq!(
        all(&mut decoder, &wire).unwrap(),
        [b"first".to_vec(), b"second".to_vec()]
    );
    assert!(!decoder.is_between_frames());
    assert_eq!(decoder.finish(), Err(FrameError::Truncated));
    assert_eq!(all(&mut decoder, b"rd\x1c\r").unwrap(), [b"third"]);
}

#[test]
fn hl7_01_one_byte_at_a_time() {
    let wire = [encode(b"first"), encode(b"second")].concat();
    let mut decoder = Decoder::default();
    let frames: Vec<_> = wire
        .iter()
        .flat_map(|byte| all(&mut decoder, &[*byte]).unwrap())
        .collect();
    assert_eq!(frames, [b"first".to_vec(), b"second".to_vec()]);
}

#[test]
fn hl7_01_line_ends_between_frames_are_skipped() {
    let wire = [
        b"\r\n".to_vec(),
        encode(b"first"),
        b"\n".to_vec(),
        encode(b"second"),
    ]
    .concat();
    assert_eq!(all(&mut Decoder::default(), &wire).unwrap().len(), 2);
}

#[test]
fn hl7_01_broken_framing_ends_the_stream() {
    let cases: [(&[u8], FrameError); 7] = [
        (b"MSH|no start\x1c\r", FrameError::NoStart),
        (b"\x0bone\x1c\rjunk\x0btwo\x1c\r", FrameError::NoStart),
        (b"\x0bone\x0btwo\x1c\r", FrameError::StartInside),
        (b"\x0bone\x1ctwo\x1c\r", FrameError::EndInside),
        (b"\x0bone\x1c\n", FrameError::EndInside),
        (b"\x0bone\x1c\x1c\r", FrameError::EndInside),
        (b"\x0b\x1c\r", FrameError::Empty),
    ];
    for (wire, error) in cases {
        let mut decoder = Decoder::default();
        let result = all(&mut decoder, wire).and_then(|_| all(&mut decoder, &encode(b"good")));
        assert_eq!(result, Err(error), "{wire:?}");
        assert_eq!(
            all(&mut decoder, &encode(b"good")),
            Err(error),
            "lost for good: {wire:?}"
        );
        assert_eq!(decoder.finish(), Err(error));
    }
}

#[test]
fn hl7_01_what_came_before_the_fault_is_delivered() {
    let mut decoder = Decoder::default();
    let mut wire: &[u8] = b"\x0bone\x1c\rjunk";
    assert_eq!(decoder.decode(&mut wire), Ok(Some(b"one".to_vec())));
    assert_eq!(decoder.decode(&mut wire), Err(FrameError::NoStart));
}

#[test]
fn hl7_01_the_limit_holds_at_one_past_it_and_without_an_end() {
    let framed = |bytes: usize| encode(&vec![b'x'; bytes]);
    assert_eq!(all(&mut Decoder::new(100), &framed(100)).unwrap().len(), 1);
    let too_long = Err(FrameError::TooLong { bytes_max: 100 });
    assert_eq!(all(&mut Decoder::new(100), &framed(101)), too_long);
    assert_eq!(
        all(&mut Decoder::default(), &framed(Decoder::FRAME_BYTES_MAX_DEFAULT))
            .unwrap()
            .len(),
        1
    );
    assert!(
        all(
            &mut Decoder::default(),
            &framed(2 * Decoder::FRAME_BYTES_MAX_DEFAULT)
        )
        .is_err()
    );

    let mut endless = Decoder::new(100);
    assert_eq!(all(&mut endless, b"\x0b"), Ok(vec![]));
    let failed_at = (1..=1000).find(|_| all(&mut endless, b"xxxxxxx").is_err());
    assert_eq!(failed_at, Some(15), "98 bytes fit, 105 do not");
}
