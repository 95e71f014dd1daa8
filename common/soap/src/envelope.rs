use xds_xml::write::Writer;
use xds_xml::{Document, Element, TextError};

use crate::addressing::{ReplyAddresses, RequestHeaders, is_message_id};
use crate::fault::{Fault, QName, Subcode};
use crate::ns;

/// A request that has passed the rules of SOAP 1.2 and WS-Addressing.
#[derive(Clone, Debug)]
pub struct RequestEnvelope<'d> {
    /// The addressing headers; outlive the document.
    pub headers: RequestHeaders,
    /// The wsse:Security header, unread. `None`: no assertion was sent.
    pub security: Option<Element<'d>>,
    /// The one element in the body.
    pub body: Element<'d>,
}

/// Reads a request.
///
/// The action is not judged here: see [`action::resolve`](crate::action::resolve).
///
/// # Errors
/// The fault to answer with; [`read_message_id_leniently`] finds what it relates to.
pub fn read_request<'d>(
    doc: &'d Document<'_>,
    replies: ReplyAddresses,
) -> Result<RequestEnvelope<'d>, Fault> {
    let envelope = Envelope::read(doc)?;
    let blocks = blocks_for_us(envelope.header)?;
    let security = security(envelope.header, &blocks)?;
    // First, for they have faults of their own.
    let headers = RequestHeaders::read(&blocks, replies)?;
    refuse_cut_values(doc)?;
    Ok(RequestEnvelope {
        headers,
        security,
        body: envelope.body,
    })
}

/// A value that a comment cuts reads differently to different readers: no id, name or parameter may be one.
/// Comments between elements are no harm.
fn refuse_cut_values(doc: &Document<'_>) -> Result<(), Fault> {
    let root = doc.root();
    // Hardly a message has a comment, and then nothing is walked through.
    if !root.source().contains("<!--") {
        return Ok(());
    }
    let is_cut = |element: Element<'_>| element.has_text() && element.text() == Err(TextError::Comment);
    match is_cut(root) || root.descendants().any(is_cut) {
        true => Err(Fault::sender("a comment stands inside a value")),
        false => Ok(()),
    }
}

/// Whether the root is a SOAP 1.1 envelope, which is answered with VersionMismatch.
pub fn is_soap11(doc: &Document<'_>) -> bool {
    doc.root().is(ns::SOAP11, "Envelope")
}

/// The MessageID of a message that was refused, for wsa:RelatesTo of the fault: the only one there is, and
/// only if it is one that we would have accepted.
pub fn read_message_id_leniently(doc: &Document<'_>) -> Option<String> {
    let root = doc.root();
    let header = root
        .child(ns::SOAP12, "Header")
        .or_else(|| root.child(ns::SOAP11, "Header"))?;
    let mut found = header.children_named(ns::WSA, "MessageID");
    let (Some(block), None) = (found.next(), found.next()) else {
        return None;
    };
    let text = block.text().ok()?;
    is_message_id(text).then(|| text.to_owned())
}

/// Writes a response. `relates_to`: MessageID of the request as it was sent; `message_id`: that of this
/// answer, a URI, which is also where its correlation id stands; `body` appends the body element, with
/// its namespace declarations.
pub fn write_response(
    action: &str,
    relates_to: &str,
    message_id: &str,
    body: impl FnOnce(&mut String),
) -> String {
    let mut writer = Writer::with_capacity(1024);
    open_envelope(&mut writer).open("soap12:Header");
    write_addressing(&mut writer, action, message_id, Some(relates_to), ns::ANONYMOUS);
    with_body(writer.finish(), body)
}

/// Writes a request. `to`: address of the endpoint; `security_xml`: the content of wsse:Security, well
/// formed by itself and written as it is; `body` as in [`write_response`].
pub fn write_request(
    action: &str,
    message_id: &str,
    to: &str,
    security_xml: Option<&str>,
    body: impl FnOnce(&mut String),
) -> String {
    let mut writer = Writer::with_capacity(1024);
    open_envelope(&mut writer).open("soap12:Header");
    write_addressing(&mut writer, action, message_id, None, to);
    writer.open("wsa:ReplyTo");
    writer.text_element("wsa:Address", ns::ANONYMOUS).close();
    if let Some(xml) = security_xml {
        writer.open("wsse:Security");
        writer.attribute("xmlns:wsse", ns::WSSE);
        writer.attribute("soap12:mustUnderstand", "1").raw(xml).close();
    }
    with_body(writer.finish(), body)
}

/// Opens the envelope with the prefixes soap12 and wsa.
pub(crate) fn open_envelope(writer: &mut Writer) -> &mut Writer {
    writer.open("soap12:Envelope");
    writer.attribute("xmlns:soap12", ns::SOAP12);
    writer.attribute("xmlns:wsa", ns::WSA)
}

/// The addressing headers that every message of ours has.
pub(crate) fn write_addressing(
    writer: &mut Writer,
    action: &str,
    message_id: &str,
    relates_to: Option<&str>,
    to: &str,
) {
    writer.open("wsa:Action");
    writer
        .attribute("soap12:mustUnderstand", "1")
        .text(action)
        .close();
    writer.text_element("wsa:MessageID", message_id);
    if let Some(relates_to) = relates_to {
        writer.text_element("wsa:RelatesTo", relates_to);
    }
    writer.text_element("wsa:To", to);
}

/// Puts a body into an envelope that has its header only. A response may be large: it is not copied.
fn with_body(mut envelope: String, body: impl FnOnce(&mut String)) -> String {
    const END: &str = "</soap12:Envelope>";
    let header_end = envelope.len().saturating_sub(END.len());
    envelope.truncate(header_end);
    envelope.push_str("<soap12:Body>");
    body(&mut envelope);
    envelope.push_str("</soap12:Body>");
    envelope.push_str(END);
    envelope
}

/// The two parts of a SOAP 1.2 envelope.
pub(crate) struct Envelope<'d> {
    pub(crate) header: Option<Element<'d>>,
    /// The one element in the body.
    pub(crate) body: Element<'d>,
}

impl<'d> Envelope<'d> {
    /// Checks the structure (SOAP 1.2 part 1, section 5).
    pub(crate) fn read(doc: &'d Document<'_>) -> Result<Self, Fault> {
        let root = doc.root();
        check_version(root)?;
        let mut children = root.children().peekable();
        let header = children.next_if(|child| child.is(ns::SOAP12, "Header"));
        let body = children.next().filter(|child| child.is(ns::SOAP12, "Body"));
        let (Some(body), None) = (body, children.next()) else {
            return Err(Fault::sender(
                "the envelope must hold at most one Header, then one Body, and nothing else",
            ));
        };
        if root.has_text() || header.is_some_and(|header| header.has_text()) || body.has_text() {
            return Err(Fault::sender("text stands where only elements may"));
        }
        let mut messages = body.children();
        let (Some(message), None) = (messages.next(), messages.next()) else {
            return Err(Fault::sender("the body must hold exactly one element"));
        };
        Ok(Self {
            header,
            body: message,
        })
    }
}

fn check_version(root: Element<'_>) -> Result<(), Fault> {
    match root.is(ns::SOAP12, "Envelope") {
        true => Ok(()),
        // Any other Envelope is another version of SOAP (SOAP 1.2 part 1, section 2.8).
        false if root.local() == "Envelope" => Err(Fault::version_mismatch()),
        false => Err(Fault::sender("the message is not a SOAP envelope")),
    }
}

/// The header blocks that we have to process, after the rule of SOAP 1.2 part 1, section 2.4: a block that
/// must be understood and is not ends the processing before it starts.
fn blocks_for_us<'d>(header: Option<Element<'d>>) -> Result<Vec<Element<'d>>, Fault> {
    let mut blocks = Vec::new();
    let mut not_understood = Vec::new();
    for block in header.into_iter().flat_map(|header| header.children()) {
        let must_understand = must_understand(block)?;
        if !is_for_us(block) {
            continue;
        }
        if must_understand && !is_understood(block) {
            not_understood.push(QName {
                namespace: block.namespace().to_owned(),
                local: block.local().to_owned(),
            });
        }
        blocks.push(block);
    }
    match not_understood.is_empty() {
        true => Ok(blocks),
        false => Err(Fault::must_understand(not_understood)),
    }
}

fn must_understand(block: Element<'_>) -> Result<bool, Fault> {
    match block.attribute_ns(ns::SOAP12, "mustUnderstand").map(str::trim) {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(_) => Err(Fault::sender("a mustUnderstand attribute is no boolean")),
    }
}

/// Without a role, and with the roles "next" and "ultimateReceiver", a block is for us.
fn is_for_us(block: Element<'_>) -> bool {
    let role = block.attribute_ns(ns::SOAP12, "role").map(str::trim);
    matches!(
        role,
        None | Some("" | "http://www.w3.org/2003/05/soap-envelope/role/next")
            | Some("http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver")
    )
}

fn is_understood(block: Element<'_>) -> bool {
    let addressing = block.namespace() == ns::WSA && WSA_HEADERS.contains(&block.local());
    addressing || block.is(ns::WSSE, "Security")
}

/// The header blocks of WS-Addressing Core section 3 and SOAP Binding.
const WSA_HEADERS: [&str; 7] = [
    "Action",
    "MessageID",
    "To",
    "From",
    "ReplyTo",
    "FaultTo",
    "RelatesTo",
];

/// The Security header. A second one is refused even if it is for somebody else: which of two assertions
/// counts must never be a question.
fn security<'d>(header: Option<Element<'d>>, for_us: &[Element<'d>]) -> Result<Option<Element<'d>>, Fault> {
    let all = header
        .into_iter()
        .flat_map(|header| header.children_named(ns::WSSE, "Security"));
    if all.count() > 1 {
        return Err(Fault::security(
            Subcode::InvalidSecurity,
            "more than one wsse:Security header",
        ));
    }
    let mut found = for_us.iter().filter(|block| block.is(ns::WSSE, "Security"));
    Ok(found.next().copied())
}
