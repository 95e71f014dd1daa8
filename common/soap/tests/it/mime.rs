use bytes::Bytes;
use proptest::prelude::*;
use uuid::Uuid;
use xds_soap::{ContentId, MimeError, MimeEvent, MimeLimits, MultipartReader, MultipartWriter, PartHeaders};

/// A part as it was read.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Part {
    pub(crate) headers: PartHeaders,
    pub(crate) content: Vec<u8>,
}

/// Reads a whole message that comes in chunks of the given sizes, over and over.
fn read_in_chunks(
    boundary: &str,
    message: &[u8],
    sizes: &[usize],
    limits: MimeLimits,
) -> Result<Vec<Part>, MimeError> {
    let mut reader = MultipartReader::new(boundary, limits);
    let mut rest = Bytes::copy_from_slice(message);
    let mut sizes = sizes.iter().copied().cycle();
    let mut parts: Vec<Part> = Vec::new();
    let mut open = false;
    loop {
        match reader.next()? {
            Some(MimeEvent::PartStart(headers)) => {
                assert!(!std::mem::replace(&mut open, true));
                let content = Vec::new();
                parts.push(Part { headers, content });
            }
            Some(MimeEvent::Data(data)) => {
                assert!(open && !data.is_empty());
                parts.last_mut().unwrap().content.extend_from_slice(&data);
            }
            Some(MimeEvent::PartEnd) => assert!(std::mem::replace(&mut open, false)),
            Some(MimeEvent::End) => assert!(!open && reader.is_complete()),
            None if reader.is_complete() => return Ok(parts),
            None if rest.is_empty() => reader.finish(),
            None => {
                let size = sizes.next().unwrap().clamp(1, rest.len());
                reader.push(rest.split_to(size));
            }
        }
    }
}

/// Reads a message at every chunk size that can matter; all must agree.
fn read(boundary: &str, message: &[u8]) -> Result<Vec<Part>, MimeError> {
    let whole = read_in_chunks(boundary, message, &[usize::MAX], MimeLimits::default());
    for size in 1..=40 {
        let chunked = read_in_chunks(boundary, message, &[size], MimeLimits::default());
        assert_eq!(chunked, whole, "chunks of {size}");
    }
    whole
}

fn contents(parts: &[Part]) -> Vec<&[u8]> {
    parts.iter().map(|part| part.content.as_slice()).collect()
}

#[test]
fn the_line_end_before_a_delimiter_belongs_to_it() {
    let parts = read(
        "b",
        b"--b\r\nContent-ID: <1>\r\n\r\nabc\r\n\r\n--b\r\nContent-ID: <2>\r\n\r\n\r\n--b--\r\n",
    )
    .unwrap();
    assert_eq!(contents(&parts), [b"abc\r\n".as_slice(), b""]);
}

#[test]
fn bare_line_feeds_padding_preamble_and_epilogue_are_tolerated() {
    let parts = read(
        "b",
        b"--bad preamble? no: --b\n--b \t\nContent-ID:<1>\n\nabc\n\nd\r\n--b--  \nepilogue\n--b\n",
    );
    assert_eq!(
        parts,
        Err(MimeError::MalformedDelimiter),
        "the preamble begins as a delimiter"
    );
    let parts = read(
        "b",
        b"preamble --b\n--b \t\nContent-ID:<1>\n\nabc\n\nd\r\n--b--  \nepilogue\n--b\n",
    )
    .unwrap();
    assert_eq!(contents(&parts), [b"abc\n\nd".as_slice()]);
    assert_eq!(parts[0].headers.content_id.as_ref().unwrap().as_str(), "1");
}

#[test]
fn a_part_may_have_no_content_and_no_headers() {
    let parts = read("b", b"--b\r\n\r\n--b\r\nX-A: b\r\n\r\n--b\r\n\r\nabc\r\n--b--").unwrap();
    assert_eq!(contents(&parts), [b"".as_slice(), b"", b"abc"]);
    assert_eq!(parts[0].headers, PartHeaders::default());
}

#[test]
fn folded_headers_are_unfolded_and_names_have_no_case() {
    let message = b"--b\r\nCONTENT-type: application/xop+xml;\r\n\tcharset=UTF-8;\r\n   type=\"application/soap+xml\"\r\n\
        content-Id:\r\n <root@x>\r\nContent-Transfer-Encoding: Binary\r\n\
        Content-Disposition: attachment; filename=\"\x8f\x90.pdf\"\r\n\r\n\r\n--b--";
    let parts = read("b", message).unwrap();
    let headers = &parts[0].headers;
    assert_eq!(
        headers.content_type.as_deref(),
        Some("application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"")
    );
    assert_eq!(headers.content_id.as_ref().unwrap().as_str(), "root@x");
    assert_eq!(headers.transfer_encoding.as_deref(), Some("binary"));
}

/// Content that comes in large chunks is handed out without a copy.
#[test]
fn content_is_a_slice_of_what_was_pushed() {
    let head = "--b\r\n\r\n";
    let chunk = Bytes::from(format!("{head}{}\r\n--b--", "x".repeat(100_000)));
    let mut reader = MultipartReader::new("b", MimeLimits::default());
    reader.push(chunk.clone());
    assert!(matches!(reader.next(), Ok(Some(MimeEvent::PartStart(_)))));
    let Ok(Some(MimeEvent::Data(data))) = reader.next() else {
        panic!("no data");
    };
    assert_eq!(data.len(), 100_000);
    assert_eq!(data.as_ptr(), chunk[head.len()..].as_ptr());
}

#[test]
fn http_09_no_final_delimiter() {
    for truncated in [
        "",
        "--b",
        "--b\r\n",
        "--b\r\nContent-ID: <1>",
        "--b\r\nContent-ID: <1>\r\n\r\n",
        "--b\r\n\r\nabc",
        "--b\r\n\r\nabc\r\n--b",
        "--b\r\n\r\nabc\r\n--b\r\n",
        "--b\r\n\r\nabc\r\n--b-",
        "no delimiter at all",
    ] {
        let read = read("b", truncated.as_bytes());
        let expected = match truncated.ends_with("--b-") {
            true => MimeError::MalformedDelimiter,
            false => MimeError::MissingFinalDelimiter,
        };
        assert_eq!(read, Err(expected), "{truncated:?}");
    }
    assert_eq!(read("b", b"--b--\r\n"), Err(MimeError::NoPart));
}

/// A line that begins as a delimiter has two readings; neither is taken.
#[test]
fn http_09_boundary_inside_a_document() {
    for content in ["\r\n--bx", "\r\n--b x", "\n--b--x", "\r\n--b\rx"] {
        let message = format!("--b\r\n\r\nabc{content}\r\n--b--\r\n");
        let read = read("b", message.as_bytes());
        assert_eq!(read, Err(MimeError::MalformedDelimiter), "{content:?}");
    }
    for content in [
        "\r\n-b",
        "\r\n--",
        "--b",
        "\r--b",
        "\r\n --b",
        "\r\n--B--",
        "\r\n--\r\n--\n\r\r\n-",
    ] {
        let message = format!("--b\r\n\r\nabc{content}\r\n--b--\r\n");
        let read = read("b", message.as_bytes()).unwrap();
        assert_eq!(
            contents(&read),
            [format!("abc{content}").as_bytes()],
            "{content:?}"
        );
    }
}

/// Case counts in a boundary.
#[test]
fn http_09_boundary_in_another_case() {
    assert_eq!(
        read("Abc", b"--abc\r\n\r\nx\r\n--abc--\r\n"),
        Err(MimeError::MissingFinalDelimiter)
    );
}

#[test]
fn http_11_content_id() {
    let two = |first: &str, second: &str| {
        let message =
            format!("--b\r\nContent-ID: {first}\r\n\r\n1\r\n--b\r\nContent-ID: {second}\r\n\r\n2\r\n--b--");
        read("b", message.as_bytes()).map(|parts| parts.len())
    };
    assert_eq!(two("<a@x>", "<a@x>"), Err(MimeError::DuplicateContentId));
    assert_eq!(two("<a@x>", "a@x"), Err(MimeError::DuplicateContentId));
    assert_eq!(two("<a@x>", "<A@x>"), Ok(2));
    assert_eq!(two("<a%40x>", "<a@x>"), Ok(2));
    for malformed in ["", "<>", "<a", "<a b>", "<<a>>", "a>b", "\u{e9} x"] {
        assert_eq!(
            two("<1>", malformed),
            Err(MimeError::MalformedContentId),
            "{malformed:?}"
        );
    }
    assert_eq!(
        two("<1>\r\nContent-ID: <1>", "<2>"),
        Err(MimeError::DuplicateHeader)
    );
    let long = format!("<{}>", "x".repeat(10 << 10));
    assert_eq!(two("<1>", &long), Err(MimeError::HeadersTooLarge));
}

#[test]
fn http_14_transfer_encodings() {
    let with = |encoding: &str, content: &str| {
        let message = format!("--b\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{content}\r\n--b--\r\n");
        read("b", message.as_bytes()).map(|mut parts| parts.remove(0).content)
    };
    for identity in ["binary", "8bit", "7bit", "BINARY"] {
        assert_eq!(with(identity, "YWJj"), Ok(b"YWJj".to_vec()));
    }
    assert_eq!(with("base64", "YWJj"), Ok(b"abc".to_vec()));
    assert_eq!(with("Base64", "Y W\r\nJ\tjZ\r\nA==\r\n"), Ok(b"abcd".to_vec()));
    assert_eq!(with("base64", ""), Ok(Vec::new()));
    for invalid in [
        "YWJ",
        "YWJj=",
        "YQ==YQ==",
        "YQ==\r\nYQ==",
        "YWJ-",
        "YW J_",
        "YR==",
        "====",
        "Y=Jj",
    ] {
        assert_eq!(
            with("base64", invalid),
            Err(MimeError::InvalidBase64),
            "{invalid:?}"
        );
    }
    for unsupported in ["quoted-printable", "x-uuencode", "gzip", ""] {
        let refused = with(unsupported, "abc");
        assert_eq!(
            refused,
            Err(MimeError::UnsupportedTransferEncoding),
            "{unsupported:?}"
        );
    }
}

#[test]
fn http_14_nested_multipart() {
    for nested in [
        "multipart/mixed; boundary=c",
        "Multipart/Related",
        "multipart/mixed; boundary=\"",
        "multipart/x/y",
    ] {
        let message = format!("--b\r\nContent-Type: {nested}\r\n\r\nabc\r\n--b--");
        assert_eq!(
            read("b", message.as_bytes()),
            Err(MimeError::NestedMultipart),
            "{nested}"
        );
    }
}

#[test]
fn http_14_limits_of_parts_and_headers() {
    let parts = |count: usize| "--b\r\n\r\nx\r\n".repeat(count) + "--b--";
    let limits = MimeLimits::default();
    let count =
        |count| read_in_chunks("b", parts(count).as_bytes(), &[4096], limits).map(|parts| parts.len());
    assert_eq!(count(256), Ok(256));
    assert_eq!(count(257), Err(MimeError::TooManyParts));
    assert_eq!(count(2560), Err(MimeError::TooManyParts));

    let header = |line: &str, times: usize| {
        let message = format!("--b\r\n{}\r\n--b--", format!("{line}\r\n").repeat(times));
        read_in_chunks("b", message.as_bytes(), &[1000], limits).map(|parts| parts.len())
    };
    let exactly = format!("X: {}", "x".repeat((8 << 10) - 5));
    assert_eq!(header(&exactly, 1), Ok(1));
    assert_eq!(header(&format!("{exactly}x"), 1), Err(MimeError::HeadersTooLarge));
    assert_eq!(
        header(&"X: y".repeat(250_000), 1),
        Err(MimeError::HeadersTooLarge)
    );
    assert_eq!(header("X: y", 32), Ok(1));
    assert_eq!(header("X: y", 33), Err(MimeError::TooManyHeaderLines));
    assert_eq!(header("X: y\r\n z", 17), Err(MimeError::TooManyHeaderLines));
}

#[test]
fn limits_of_preamble_and_content() {
    let limits = MimeLimits {
        preamble_bytes_max: 10,
        part_bytes_max: 10,
        ..MimeLimits::default()
    };
    let with = |preamble: usize, content: usize| {
        let message = format!(
            "{}\r\n--b\r\n\r\n{}\r\n--b--",
            "p".repeat(preamble),
            "c".repeat(content)
        );
        [1, 7, 4096].map(|size| read_in_chunks("b", message.as_bytes(), &[size], limits).map(|_| ()))
    };
    assert_eq!(with(10, 10), [Ok(()); 3]);
    assert_eq!(with(11, 10), [Err(MimeError::PreambleTooLarge); 3]);
    assert_eq!(with(10, 11), [Err(MimeError::PartTooLarge); 3]);
}

#[test]
fn malformed_headers_are_refused() {
    for (headers, expected) in [
        ("no colon", MimeError::MalformedHeader),
        (": no name", MimeError::MalformedHeader),
        ("bad name: x", MimeError::MalformedHeader),
        ("X: a\rb", MimeError::MalformedHeader),
        ("X: a\0b", MimeError::MalformedHeader),
        (" folded: first", MimeError::MalformedHeader),
        (
            "Content-Type: a/b\r\ncontent-type: a/b",
            MimeError::DuplicateHeader,
        ),
        ("Content-ID: <1>\r\n--b", MimeError::MissingBlankLine),
    ] {
        let message = format!("--b\r\n{headers}\r\n\r\nabc\r\n--b--");
        assert_eq!(read("b", message.as_bytes()), Err(expected), "{headers:?}");
    }
}

#[test]
fn an_error_stays() {
    let mut reader = MultipartReader::new("b", MimeLimits::default());
    reader.push(Bytes::from_static(b"--b\r\nno colon\r\n\r\n"));
    assert_eq!(reader.next(), Err(MimeError::MalformedHeader));
    reader.push(Bytes::from_static(b"--b\r\n\r\nabc\r\n--b--"));
    reader.finish();
    assert_eq!(reader.next(), Err(MimeError::MalformedHeader));
    assert!(!reader.is_complete());
}

#[test]
fn the_writer_writes_exactly_this() {
    let root_id = ContentId::from_header("<root@x>").unwrap();
    let writer = MultipartWriter::new(Uuid::from_u128(0xabc), root_id);
    let boundary = "MIMEBoundary_00000000000000000000000000000abc";
    assert_eq!(writer.boundary(), boundary);
    assert_eq!(
        writer.content_type(),
        format!(
            "multipart/related; type=\"application/xop+xml\"; boundary=\"{boundary}\"; start=\"<root@x>\"; \
             start-info=\"application/soap+xml\""
        )
    );
    assert_eq!(
        writer.root_head(),
        format!(
            "--{boundary}\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"\r\n\
             Content-Transfer-Encoding: binary\r\nContent-ID: <root@x>\r\n\r\n"
        )
    );
    let id = ContentId::from_header("d1@x").unwrap();
    assert_eq!(
        writer.part_head(&id, "application/pdf"),
        format!(
            "\r\n--{boundary}\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: binary\r\n\
             Content-ID: <d1@x>\r\n\r\n"
        )
    );
    for unfit in ["", "a/b\r\nX: y", "テキスト", "multipart/mixed; boundary=c"] {
        assert!(
            writer
                .part_head(&id, unfit)
                .contains("\r\nContent-Type: application/octet-stream\r\n")
        );
    }
    assert_eq!(writer.closing(), format!("\r\n--{boundary}--\r\n"));
}

/// Bytes that are good at looking like a delimiter of ours.
fn document() -> impl Strategy<Value = Vec<u8>> {
    let boundary = writer().boundary().to_owned();
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        Just(b"\r\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\n--".to_vec()),
        Just(b"\r\n--MIMEBoundary_other\r\n\r\n".to_vec()),
        (0..boundary.len()).prop_map(move |length| format!("\r\n--{}", &boundary[..length]).into_bytes()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn writer() -> MultipartWriter {
    let root_id = ContentId::from_header("<root@x>").unwrap();
    MultipartWriter::new(
        Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef),
        root_id,
    )
}

proptest! {
    #[test]
    fn http_09_what_is_written_is_read_back(
        envelope in document(),
        documents in proptest::collection::vec(document(), 0..5),
        sizes in proptest::collection::vec(1_usize..200, 1..10),
    ) {
        let writer = writer();
        let mut message = writer.root_head().into_bytes();
        message.extend_from_slice(&envelope);
        for (index, document) in documents.iter().enumerate() {
            let id = ContentId::from_header(&format!("d{index}@x")).unwrap();
            message.extend_from_slice(writer.part_head(&id, "application/pdf").as_bytes());
            message.extend_from_slice(document);
        }
        message.extend_from_slice(writer.closing().as_bytes());
        let parts = read_in_chunks(writer.boundary(), &message, &sizes, MimeLimits::default()).unwrap();
        prop_assert_eq!(&parts[0].content, &envelope);
        prop_assert_eq!(parts.len(), documents.len() + 1);
        for (part, document) in parts[1..].iter().zip(&documents) {
            prop_assert_eq!(&part.content, document);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic_and_alike_in_all_chunks(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..8),
                "(\r|\n|\r\n|-|--|--b|b|:| |Content-ID: <1>|Content-Transfer-Encoding: base64|YWJj)"
                    .prop_map(String::into_bytes),
                Just(b"\r\n--b\r\n".to_vec()),
                Just(b"\r\n\r\n".to_vec()),
                Just(b"\r\n--b--".to_vec()),
            ],
            0..20,
        ),
        sizes in proptest::collection::vec(1_usize..20, 1..10),
    ) {
        let message = pieces.concat();
        let whole = read_in_chunks("b", &message, &[usize::MAX], MimeLimits::default());
        let chunked = read_in_chunks("b", &message, &sizes, MimeLimits::default());
        prop_assert_eq!(whole, chunked);
    }
}
