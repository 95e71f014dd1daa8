//! Messages as text, to be spoilt, and how they are answered.

use renkei_network::{HttpAnswer, Node, Program};
use xds_model::{IdSource, time::System};

use crate::support::assert_valid;

pub(crate) const QUERY: &str = "urn:ihe:iti:2007:RegistryStoredQuery";
pub(crate) const REGISTER: &str = "urn:ihe:iti:2007:RegisterDocumentSet-b";
pub(crate) const PROVIDE: &str = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b";
pub(crate) const RETRIEVE: &str = "urn:ihe:iti:2007:RetrieveDocumentSet";
pub(crate) const SIMPLE: &str = "application/soap+xml; charset=UTF-8";

/// A fresh wsa:MessageID.
pub(crate) fn message_id() -> String {
    System.random().urn().to_string()
}

/// The headers of a good request.
pub(crate) fn headers(action: &str) -> String {
    format!(
        "<wsa:Action soap12:mustUnderstand=\"1\">{action}</wsa:Action><wsa:MessageID>{}</wsa:MessageID>\
         <wsa:ReplyTo><wsa:Address>http://www.w3.org/2005/08/addressing/anonymous</wsa:Address></wsa:ReplyTo>\
         <wsa:To>https://localhost/xds</wsa:To>",
        message_id()
    )
}

/// An envelope.
pub(crate) fn envelope(headers: &str, body: &str) -> String {
    format!(
        "<soap12:Envelope xmlns:soap12=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:wsa=\"http://www.w3.org/2005/08/addressing\"><soap12:Header>{headers}</soap12:Header>\
         <soap12:Body>{body}</soap12:Body></soap12:Envelope>"
    )
}

/// FindDocuments of a patient whose id is put in as it is.
pub(crate) fn find_documents(patient: &str) -> String {
    format!(
        "<query:AdhocQueryRequest xmlns:query=\"urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0\" \
         xmlns:rim=\"urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0\">\
         <query:ResponseOption returnComposedObjects=\"true\" returnType=\"LeafClass\"/>\
         <rim:AdhocQuery id=\"urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d\">\
         <rim:Slot name=\"$XDSDocumentEntryPatientId\"><rim:ValueList><rim:Value>'{patient}'</rim:Value></rim:ValueList></rim:Slot>\
         <rim:Slot name=\"$XDSDocumentEntryStatus\"><rim:ValueList>\
         <rim:Value>('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')</rim:Value></rim:ValueList></rim:Slot>\
         </rim:AdhocQuery></query:AdhocQueryRequest>"
    )
}

/// ITI-41's body around a `lcm:SubmitObjectsRequest`; each document's content is put in as it is.
pub(crate) fn provide(request: &str, documents: &[(&str, String)]) -> String {
    let documents: String = documents
        .iter()
        .map(|(id, content)| format!("<xds:Document id=\"{id}\">{content}</xds:Document>"))
        .collect();
    format!(
        "<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds=\"urn:ihe:iti:xds-b:2007\">{request}{documents}\
         </xds:ProvideAndRegisterDocumentSetRequest>"
    )
}

/// An xop:Include.
pub(crate) fn include(href: &str) -> String {
    format!("<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" href=\"{href}\"/>")
}

/// A POST with these header lines beside Host and Content-Length.
pub(crate) fn post(program: Program, lines: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST /xds/{} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n{lines}\r\n",
        program.name(),
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// A SIMPLE request.
pub(crate) fn simple(program: Program, envelope: &[u8]) -> Vec<u8> {
    post(program, &format!("Content-Type: {SIMPLE}\r\n"), envelope)
}

/// A multipart body: the root part with the id `<root@x>`, and further parts as head and bytes.
pub(crate) fn multipart(boundary: &str, root: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = format!(
        "--{boundary}\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"\r\n\
         Content-Transfer-Encoding: binary\r\nContent-ID: <root@x>\r\n\r\n{root}\r\n"
    )
    .into_bytes();
    for (head, bytes) in parts {
        body.extend(format!("--{boundary}\r\n{head}\r\n\r\n").into_bytes());
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").into_bytes());
    body
}

/// A Content-Type header line of a multipart message, without its end.
pub(crate) fn related(boundary: &str) -> String {
    format!(
        "Content-Type: multipart/related; type=\"application/xop+xml\"; start=\"<root@x>\"; \
         start-info=\"application/soap+xml\"; boundary=\"{boundary}\""
    )
}

/// How a request was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Answered {
    /// A SOAP fault: its code, HTTP status aside.
    Fault(String),
    /// A response with this status and these error codes.
    Response(bool, Vec<String>),
    /// HTTP without SOAP.
    Http(u16),
    /// The connection was closed without an answer.
    Closed,
}

impl Answered {
    pub(crate) fn fault(code: &str) -> Self {
        Self::Fault(code.to_owned())
    }

    pub(crate) fn error(code: &str) -> Self {
        Self::Response(false, vec![code.to_owned()])
    }
}

/// Sends bytes on a connection of their own and says how they were answered, with the whole answer. What is SOAP in it
/// has been judged by libxml2.
pub(crate) async fn send(node: &Node, program: Program, request: &[u8]) -> (Answered, String) {
    let connection = match program {
        Program::Registry => node.raw_registry().await,
        Program::Repository => node.raw_repository().await,
    };
    let mut connection = connection.unwrap();
    // A server that refuses early closes while we write.
    let _ = connection.write(request).await;
    match connection.answer().await {
        Ok(Some(answer)) => (judged(&answer), format!("{}\n{}", answer.head, answer.text())),
        Ok(None) => (Answered::Closed, String::new()),
        Err(error) => panic!("no HTTP answer: {error}"),
    }
}

/// What an answer says.
pub(crate) fn judged(answer: &HttpAnswer) -> Answered {
    let text = answer.text();
    let Some(message) = envelope_of(&text) else {
        return Answered::Http(answer.status);
    };
    assert_valid(message);
    if message.contains(":Fault>") {
        let code = message.split(":Value>").nth(1).unwrap_or_default();
        let code = code.split('<').next().unwrap_or_default();
        let code = code.rsplit(':').next().unwrap_or_default().to_owned();
        let expected = if code == "Sender" { 400 } else { 500 };
        assert!(
            answer.status == expected || answer.status == 503,
            "{} for {code}",
            answer.status
        );
        return Answered::Fault(code);
    }
    assert_eq!(answer.status, 200, "{text}");
    let success = message.contains("ResponseStatusType:Success");
    let mut codes: Vec<String> = message
        .split("errorCode=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    Answered::Response(success, codes)
}

/// The envelope in an answer, SIMPLE or MTOM.
pub(crate) fn envelope_of(answer: &str) -> Option<&str> {
    let end = answer.find("Envelope>")?;
    let start = answer.get(..end)?.rfind("<?xml").or_else(|| {
        let at = answer.find("Envelope")?;
        answer.get(..at)?.rfind('<')
    })?;
    let last = answer.rfind("Envelope>")? + "Envelope>".len();
    answer.get(start..last)
}
