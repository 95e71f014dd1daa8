//! Requests as bytes.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const QUERY: &str = "urn:ihe:iti:2007:RegistryStoredQuery";
pub(crate) const PROVIDE: &str = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b";
pub(crate) const REGISTER: &str = "urn:ihe:iti:2007:RegisterDocumentSet-b";
pub(crate) const RETRIEVE: &str = "urn:ihe:iti:2007:RetrieveDocumentSet";
pub(crate) const ANONYMOUS: &str = "http://www.w3.org/2005/08/addressing/anonymous";
pub(crate) const SIMPLE: &str = "application/soap+xml; charset=UTF-8";

/// Stands in every message where a patient would: must never be seen outside of it.
pub(crate) const CANARY: &str = "CANARY7f3aPatient";

pub(crate) fn fresh_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("urn:uuid:00000000-0000-4000-8000-{count:012x}")
}

/// The headers that a good request has.
pub(crate) fn headers(action: &str, message_id: &str) -> String {
    format!(
        "<wsa:Action soap12:mustUnderstand=\"1\">{action}</wsa:Action><wsa:MessageID>{message_id}</wsa:MessageID>\
         <wsa:ReplyTo><wsa:Address>{ANONYMOUS}</wsa:Address></wsa:ReplyTo><wsa:To>https://localhost/xds</wsa:To>"
    )
}

pub(crate) fn envelope(headers: &str, body: &str) -> String {
    format!(
        "<soap12:Envelope xmlns:soap12=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:wsa=\"http://www.w3.org/2005/08/addressing\"><soap12:Header>{headers}</soap12:Header>\
         <soap12:Body>{body}</soap12:Body></soap12:Envelope>"
    )
}

/// The body of a query; `mode` tells the handler what to do.
pub(crate) fn query_body(mode: &str) -> String {
    format!(
        "<query:AdhocQueryRequest xmlns:query=\"urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0\" mode=\"{mode}\" \
         patient=\"{CANARY}\"/>"
    )
}

pub(crate) fn register_body() -> String {
    format!(
        "<lcm:SubmitObjectsRequest xmlns:lcm=\"urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0\" patient=\"{CANARY}\"/>"
    )
}

/// The body of a submission whose documents are `contents`, inline or references.
pub(crate) fn provide_body(contents: &[String]) -> String {
    let mut body = format!(
        "<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds=\"urn:ihe:iti:xds-b:2007\" patient=\"{CANARY}\">"
    );
    for (index, content) in contents.iter().enumerate() {
        write!(body, "<xds:Document id=\"D{index}\">{content}</xds:Document>").unwrap();
    }
    body + "</xds:ProvideAndRegisterDocumentSetRequest>"
}

pub(crate) fn include(href: &str) -> String {
    format!("<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" href=\"{href}\"/>")
}

pub(crate) fn query(mode: &str) -> String {
    envelope(&headers(QUERY, &fresh_id()), &query_body(mode))
}

/// A POST with Content-Length.
pub(crate) fn post(path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    post_with(path, content_type, "", body)
}

/// A POST with Content-Length and more header lines, each with its CRLF.
pub(crate) fn post_with(path: &str, content_type: &str, lines: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{lines}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A POST in chunks of `size`.
pub(crate) fn post_chunked(path: &str, content_type: &str, body: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = chunked_head(path, content_type);
    for chunk in body.chunks(size) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

pub(crate) fn chunked_head(path: &str, content_type: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    .into_bytes()
}

/// A good query.
pub(crate) fn good() -> Vec<u8> {
    post("/registry", SIMPLE, query("echo").as_bytes())
}

/// A multipart message.
pub(crate) struct Multipart {
    pub(crate) boundary: String,
    pub(crate) start: Option<String>,
    pub(crate) parts: Vec<(String, Vec<u8>)>,
    pub(crate) end: String,
}

pub(crate) const ROOT_HEAD: &str = "Content-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"\r\n\
     Content-Transfer-Encoding: binary\r\nContent-ID: <root@x>\r\n";

pub(crate) fn part_head(id: &str) -> String {
    format!("Content-Type: application/pdf\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {id}\r\n")
}

impl Multipart {
    /// A root part and documents `<d0@x>`, `<d1@x>` ...
    pub(crate) fn new(envelope: &str, documents: &[&[u8]]) -> Self {
        let mut parts = vec![(ROOT_HEAD.to_owned(), envelope.as_bytes().to_vec())];
        for (index, document) in documents.iter().enumerate() {
            parts.push((part_head(&format!("<d{index}@x>")), document.to_vec()));
        }
        Self {
            boundary: "MIME_b1".to_owned(),
            start: Some("<root@x>".to_owned()),
            parts,
            end: "--".to_owned(),
        }
    }

    /// A submission whose documents are parts.
    pub(crate) fn provide(documents: &[&[u8]]) -> Self {
        let references: Vec<String> = (0..documents.len())
            .map(|index| include(&format!("cid:d{index}@x")))
            .collect();
        let envelope = envelope(&headers(PROVIDE, &fresh_id()), &provide_body(&references));
        Self::new(&envelope, documents)
    }

    pub(crate) fn content_type(&self) -> String {
        let start = self
            .start
            .as_ref()
            .map(|start| format!("; start=\"{start}\""))
            .unwrap_or_default();
        format!(
            "multipart/related; type=\"application/xop+xml\"; boundary=\"{}\"{start}; start-info=\"application/soap+xml\"",
            self.boundary
        )
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (head, content) in &self.parts {
            body.extend_from_slice(format!("--{}\r\n{head}\r\n", self.boundary).as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{}{}\r\n", self.boundary, self.end).as_bytes());
        body
    }

    pub(crate) fn post(&self, path: &str) -> Vec<u8> {
        post(path, &self.content_type(), &self.body())
    }
}
