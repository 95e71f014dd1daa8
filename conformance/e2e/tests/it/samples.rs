//! The vendored samples, sent as they are: what is accepted, and by which rule what is not is refused. Each refusal is
//! the sample's own fault, and says so; the same messages with that fault repaired are accepted.

use renkei_network::{Node, Program};
use xds_model::PatientId;

use crate::soap::{Answered, send, simple};
use crate::support::{node, vectors};

/// What must come of a sample.
enum Must {
    /// It is done.
    Pass,
    /// It is refused with this code, by this rule.
    Code(&'static str, &'static str),
    /// It is no message of this endpoint.
    Fault,
}

use Must::{Code, Fault, Pass};

/// size `061224`: TF-3 4.2.3.2.23 knows no leading zeros. Letters in the uniqueId of the SubmissionSet, too.
const LEADING_ZERO: Must = Code("XDSRegistryMetadataError", "MD-025");
/// Comes with the issue on the complete registry.
const LATER: Must = Code("XDSUnknownStoredQuery", "SQ-001");

const SAMPLES: [(&str, Must); 32] = [
    // An acknowledgement of privacy policies (BPPC) in a domain that declares none: nobody would enforce it.
    (
        "iti42-register-one-document.xml",
        Code("XDSRegistryMetadataError", "ACK-002"),
    ),
    // uniqueId `1.2.42.20260101000000.1b.2` of the SubmissionSet has a letter in it.
    (
        "iti42-register-one-document-symbolic-ids.xml",
        Code("XDSRegistryMetadataError", "MD-020"),
    ),
    // sourcePatientId `89765a87b^^^fj34r` names its authority by a namespace.
    (
        "iti42-register-two-documents.xml",
        Code("XDSRegistryMetadataError", "MD-023"),
    ),
    ("iti42-register-document-in-folder.xml", Pass),
    ("iti42-register-with-reference-id.xml", Pass),
    ("iti42-append-document.xml", LEADING_ZERO),
    ("iti42-transform-document.xml", LEADING_ZERO),
    ("iti42-transform-replace-document.xml", LEADING_ZERO),
    ("iti42-replace-document.xml", LEADING_ZERO),
    ("iti18-find-documents.xml", Pass),
    ("iti18-find-submission-sets.xml", Pass),
    ("iti18-get-all.xml", Pass),
    ("iti18-get-associations.xml", Pass),
    ("iti18-get-documents-and-associations.xml", Pass),
    ("iti18-get-documents.xml", Pass),
    ("iti18-get-submission-set-and-contents.xml", Pass),
    ("iti18-get-submission-sets.xml", Pass),
    ("iti18-find-documents-by-reference-id.xml", LATER),
    ("iti18-find-folders.xml", LATER),
    ("iti18-get-folder-and-contents.xml", LATER),
    ("iti18-get-folders-for-document.xml", LATER),
    ("iti18-get-folders.xml", LATER),
    ("iti18-get-related-documents.xml", LATER),
    // Called an acknowledgement of privacy policies (BPPC), and no CDA document.
    (
        "iti41-provide-and-register-inline.xml",
        Code("InvalidDocumentContent", "REP-012"),
    ),
    // Two documents of another repository.
    (
        "iti43-retrieve-request.xml",
        Code("XDSUnknownRepositoryId", "RET-001"),
    ),
    ("iti57-update-availability-status.xml", Fault),
    ("iti57-update-document-entry.xml", Fault),
    ("iti61-register-on-demand.xml", Fault),
    ("iti62-remove-metadata.xml", Fault),
    ("iti86-remove-documents.xml", Fault),
    ("response-registry-success.xml", Fault),
    ("response-soap-fault.xml", Fault),
];

#[tokio::test]
async fn samples_are_answered_as_the_standard_says() {
    let h1 = node("h1");
    let patient: PatientId = format!("NISTSAMPLE-1^^^&{}&ISO", renkei_network::SAMPLES_AUTHORITY)
        .parse()
        .unwrap();
    let ack = h1.feed_patient(&patient, ("見本", "一")).await.unwrap();
    assert!(ack.contains("MSA|AA|"), "{ack}");
    for (name, must) in &SAMPLES {
        let (answered, text) = sent(&h1, name, &sample(name)).await;
        match must {
            Pass => assert_eq!(answered, Answered::Response(true, Vec::new()), "{name}: {text}"),
            Code(code, rule) => {
                let Answered::Response(false, codes) = answered else {
                    panic!("{name}: {answered:?}")
                };
                assert!(codes.iter().any(|found| found == code), "{name}: {codes:?}");
                assert!(text.contains(&format!("[{rule},")), "{name}: {text}");
            }
            Fault => assert_eq!(answered, Answered::fault("Sender"), "{name}: {text}"),
        }
    }
    // As sent in multipart, with its document in a part of its own. It is the inline one again, and is read as such.
    let (answered, text) = multipart(&h1, str::to_owned).await;
    let codes = vec!["InvalidDocumentContent".to_owned()];
    assert_eq!(answered, Answered::Response(false, codes), "{text}");
    // Both as documents like others; the next ones are about the first. In multipart it is the inline one again.
    let name = "iti42-register-one-document.xml";
    let (answered, text) = sent(&h1, name, &plain(&sample(name))).await;
    assert_eq!(answered, Answered::Response(true, Vec::new()), "{text}");
    let name = "iti41-provide-and-register-inline.xml";
    let (answered, text) = sent(&h1, name, &plain(&sample(name))).await;
    assert_eq!(answered, Answered::Response(true, Vec::new()), "{text}");
    let (answered, text) = multipart(&h1, plain).await;
    let codes = ["XDSDuplicateUniqueIdInRegistry", "XDSRegistryMetadataError"].map(str::to_owned);
    assert_eq!(answered, Answered::Response(false, codes.to_vec()), "{text}");
    // Without the leading zero and the letters; a replaced document takes no more, so the replacements come last. The two that replace
    // name one document.
    for (name, expected) in [
        ("iti42-append-document.xml", None),
        ("iti42-transform-document.xml", None),
        ("iti42-replace-document.xml", None),
        (
            "iti42-transform-replace-document.xml",
            Some("XDSRegistryDeprecatedDocumentError"),
        ),
    ] {
        let mut repaired = sample(name).replace(">061224<", ">61224<");
        for (at, letters) in [".4APND.", ".4XFRM.", ".4XFRM_RPLC."].into_iter().enumerate() {
            repaired = repaired.replace(letters, &format!(".9{at}."));
        }
        let (answered, text) = sent(&h1, name, &repaired).await;
        let expected = expected.map_or(Answered::Response(true, Vec::new()), Answered::error);
        assert_eq!(answered, expected, "{name}: {text}");
    }
    assert!(!h1.find(&patient).await.unwrap().is_empty());
}

/// Not called an acknowledgement of privacy policies any more.
fn plain(message: &str) -> String {
    message.replace("urn:ihe:iti:bppc:2007", "urn:ihe:iti:xds-sd:pdf:2008")
}

fn sample(name: &str) -> String {
    std::fs::read_to_string(vectors().join("samples").join(name)).unwrap()
}

async fn sent(h1: &Node, name: &str, message: &str) -> (Answered, String) {
    let program = match name.starts_with("iti41") || name.starts_with("iti43") {
        true => Program::Repository,
        false => Program::Registry,
    };
    send(h1, program, &simple(program, message.as_bytes())).await
}

/// The file holds the Content-Type header, an empty line, and the message, which is sent with this change.
async fn multipart(h1: &Node, change: impl Fn(&str) -> String) -> (Answered, String) {
    let sample = std::fs::read(vectors().join("samples/iti41-provide-and-register.mime")).unwrap();
    let at = sample
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map(|at| (at, 4));
    let lf = sample
        .windows(2)
        .position(|window| window == b"\n\n")
        .map(|at| (at, 2));
    let (at, skip) = [at, lf].into_iter().flatten().min().unwrap();
    let head = String::from_utf8(sample[..at].to_vec()).unwrap();
    let message = change(std::str::from_utf8(&sample[at + skip..]).unwrap());
    let request = crate::soap::post(Program::Repository, &format!("{head}\r\n"), message.as_bytes());
    send(h1, Program::Repository, &request).await
}
