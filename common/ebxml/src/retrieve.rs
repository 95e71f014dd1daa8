//! Retrieve Document Set, ITI-43 (ITI TF-2, 3.43), and ITI-39, which has the same messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xds_model::{Fault, RuleId};
use xds_xml::{Element, escape};

use crate::ns::{RS, XDS, XOP};
use crate::rim::{Faults, cut_by};
use crate::rs::{
    RegistryResponse, ResponseError, ResponseFormError, ResponseStatus, read_registry_response,
    write_registry_response_of,
};

/// Documents that one request may ask for.
pub const DOCUMENTS_MAX: usize = 200;

/// Characters of an id in these messages (ebRIM 3.0, LongName).
const ID_CHARS_MAX: usize = 256;

/// One `xds:DocumentRequest`, its texts as sent.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct DocumentRequest {
    /// HomeCommunityId.
    pub home: Option<String>,
    /// RepositoryUniqueId.
    pub repository: String,
    /// DocumentUniqueId.
    pub document: String,
}

/// Reads a `xds:RetrieveDocumentSetRequest`.
///
/// # Errors
///
/// If it is no such request, holds no or more than `documents_max` DocumentRequests, or one that is
/// incomplete or in another order than the schema's.
pub fn read_request(root: Element<'_>, documents_max: usize) -> Result<Vec<DocumentRequest>, Vec<Fault>> {
    let mut faults = Faults::default();
    if !root.is(XDS, "RetrieveDocumentSetRequest") {
        faults.at(RuleId::RetrieveForm, root, root.local());
        return Err(faults.into_vec());
    }
    let count = root.children().count();
    if count > documents_max {
        let said = format!("{count} documents, the limit is {documents_max}");
        faults.at(RuleId::RetrieveTooMany, root, &said);
        return Err(faults.into_vec());
    }
    if count == 0 {
        faults.at(RuleId::RetrieveForm, root, "no DocumentRequest");
    }
    let requests: Vec<_> = root
        .children()
        .filter_map(|child| read_document_request(child, &mut faults))
        .collect();
    let faults = faults.into_vec();
    if faults.is_empty() {
        Ok(requests)
    } else {
        Err(faults)
    }
}

fn read_document_request(element: Element<'_>, faults: &mut Faults) -> Option<DocumentRequest> {
    if !element.is(XDS, "DocumentRequest") {
        faults.at(RuleId::RetrieveForm, element, element.local());
        return None;
    }
    let mut children = element.children().peekable();
    let home = children
        .next_if(|child| child.is(XDS, "HomeCommunityId"))
        .map(|child| id_text(child, faults));
    let repository = children.next_if(|child| child.is(XDS, "RepositoryUniqueId"));
    let document = children.next_if(|child| child.is(XDS, "DocumentUniqueId"));
    let (Some(repository), Some(document), None) = (repository, document, children.next()) else {
        faults.at(
            RuleId::RetrieveForm,
            element,
            "a DocumentRequest with other children",
        );
        return None;
    };
    let (repository, document) = (id_text(repository, faults), id_text(document, faults));
    Some(DocumentRequest {
        home: match home {
            None => None,
            Some(text) => Some(text?.to_owned()),
        },
        repository: repository?.to_owned(),
        document: document?.to_owned(),
    })
}

fn id_text<'d>(element: Element<'d>, faults: &mut Faults) -> Option<&'d str> {
    let said = match element.text() {
        Err(error) => cut_by(error).to_owned(),
        Ok("") => format!("an empty {}", element.local()),
        Ok(text) if text.chars().count() > ID_CHARS_MAX => text.to_owned(),
        Ok(text) => return Some(text),
    };
    faults.at(RuleId::RetrieveForm, element, &said);
    None
}

/// Appends a `xds:RetrieveDocumentSetRequest`.
pub fn write_request(requests: &[DocumentRequest], out: &mut String) {
    start(out, "RetrieveDocumentSetRequest");
    for request in requests {
        out.push_str("<xds:DocumentRequest>");
        write_ids(request, out);
        out.push_str("</xds:DocumentRequest>");
    }
    out.push_str("</xds:RetrieveDocumentSetRequest>");
}

/// Appends the start of a `xds:RetrieveDocumentSetResponse` with its `rs:RegistryResponse`. The status is that
/// of the errors: PartialSuccess if `documents` is not 0. DocumentResponses follow, then
/// [`write_response_end`].
pub fn write_response_start(faults: &[Fault], documents: usize, out: &mut String) {
    let errors: Vec<ResponseError> = faults.iter().map(ResponseError::from).collect();
    write_response_start_of(ResponseStatus::of(faults, documents > 0), &errors, out);
}

/// The same with errors from elsewhere.
pub fn write_response_start_of(status: ResponseStatus, errors: &[ResponseError], out: &mut String) {
    start(out, "RetrieveDocumentSetResponse");
    write_registry_response_of(status, errors, out);
}

/// Appends the start of a `xds:DocumentResponse`, up to the content of its Document. The texts of `ids` are
/// those of the request. The content follows, then [`write_document_end`].
pub fn write_document_start(ids: &DocumentRequest, mime_type: &str, out: &mut String) {
    out.push_str("<xds:DocumentResponse>");
    write_ids(ids, out);
    element(out, "mimeType", mime_type);
    out.push_str("<xds:Document>");
}

/// Appends the reference to the MIME part with this Content-ID (without brackets), as the content of a
/// Document.
pub fn write_include(content_id: &str, out: &mut String) {
    for piece in ["<xop:Include xmlns:xop=\"", XOP, "\" href=\"cid:"] {
        out.push_str(piece);
    }
    escape::text(out, content_id);
    out.push_str("\"/>");
}

/// Appends bytes in base64, as the content of a Document. May be called for piece after piece of one document
/// if each but the last has a multiple of three bytes.
pub fn write_inline(bytes: &[u8], out: &mut String) {
    STANDARD.encode_string(bytes, out);
}

/// Appends the end of a `xds:DocumentResponse`.
pub fn write_document_end(out: &mut String) {
    out.push_str("</xds:Document></xds:DocumentResponse>");
}

/// Appends the end of a `xds:RetrieveDocumentSetResponse`.
pub fn write_response_end(out: &mut String) {
    out.push_str("</xds:RetrieveDocumentSetResponse>");
}

fn write_ids(ids: &DocumentRequest, out: &mut String) {
    if let Some(home) = &ids.home {
        element(out, "HomeCommunityId", home);
    }
    element(out, "RepositoryUniqueId", &ids.repository);
    element(out, "DocumentUniqueId", &ids.document);
}

fn start(out: &mut String, name: &str) {
    for piece in ["<xds:", name, " xmlns:xds=\"", XDS, "\">"] {
        out.push_str(piece);
    }
}

fn element(out: &mut String, name: &str, text: &str) {
    for piece in ["<xds:", name, ">"] {
        out.push_str(piece);
    }
    escape::text(out, text);
    for piece in ["</xds:", name, ">"] {
        out.push_str(piece);
    }
}

/// A `xds:RetrieveDocumentSetResponse`, as a client reads it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RetrieveResponse {
    /// Status and errors.
    pub response: RegistryResponse,
    /// The documents that came.
    pub documents: Vec<DocumentResponse>,
}

/// One `xds:DocumentResponse`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DocumentResponse {
    /// Which document, as in the request.
    pub ids: DocumentRequest,
    /// NewRepositoryUniqueId: of an On-Demand document that was kept.
    pub new_repository: Option<String>,
    /// NewDocumentUniqueId: of an On-Demand document.
    pub new_document: Option<String>,
    /// mimeType.
    pub mime_type: String,
    /// The bytes, or where they are.
    pub content: Content,
}

/// What stands in a `xds:Document`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// The bytes themselves, which stood there in base64.
    Inline(Vec<u8>),
    /// The `href` of the `xop:Include`: `cid:` and a Content-ID.
    Include(String),
}

impl Content {
    /// Reads the content of an `xds:Document`: `xop:Include` or base64, white space in it ignored.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub fn read(document: Element<'_>) -> Result<Self, ResponseFormError> {
        let bad = ResponseFormError::Text("Document");
        if let Some(include) = document.child(XOP, "Include") {
            let href = include
                .attribute("href")
                .ok_or(ResponseFormError::Attribute("href"))?;
            let is_alone = document.children().count() == 1 && !document.has_text();
            return if is_alone {
                Ok(Self::Include(href.to_owned()))
            } else {
                Err(bad)
            };
        }
        let text = document.text().map_err(|_| bad)?;
        let packed: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        STANDARD.decode(packed).map(Self::Inline).map_err(|_| bad)
    }
}

/// Reads a `xds:RetrieveDocumentSetResponse`.
///
/// # Errors
///
/// If it is none, or something required is missing in it.
pub fn read_response(root: Element<'_>) -> Result<RetrieveResponse, ResponseFormError> {
    if !root.is(XDS, "RetrieveDocumentSetResponse") {
        return Err(ResponseFormError::Element("RetrieveDocumentSetResponse"));
    }
    let response = root
        .child(RS, "RegistryResponse")
        .ok_or(ResponseFormError::Element("RegistryResponse"))?;
    Ok(RetrieveResponse {
        response: read_registry_response(response)?,
        documents: root
            .children_named(XDS, "DocumentResponse")
            .map(read_document_response)
            .collect::<Result<_, _>>()?,
    })
}

fn read_document_response(element: Element<'_>) -> Result<DocumentResponse, ResponseFormError> {
    let optional = |name: &'static str| -> Result<Option<String>, ResponseFormError> {
        match element.child(XDS, name) {
            None => Ok(None),
            Some(child) => {
                let text = child.text().map_err(|_| ResponseFormError::Text(name))?;
                Ok(Some(text.to_owned()))
            }
        }
    };
    let required = |name| optional(name)?.ok_or(ResponseFormError::Element(name));
    let document = element
        .child(XDS, "Document")
        .ok_or(ResponseFormError::Element("Document"))?;
    Ok(DocumentResponse {
        ids: DocumentRequest {
            home: optional("HomeCommunityId")?,
            repository: required("RepositoryUniqueId")?,
            document: required("DocumentUniqueId")?,
        },
        new_repository: optional("NewRepositoryUniqueId")?,
        new_document: optional("NewDocumentUniqueId")?,
        mime_type: required("mimeType")?,
        content: Content::read(document)?,
    })
}
