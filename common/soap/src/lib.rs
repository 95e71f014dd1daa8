//! SOAP 1.2, WS-Addressing, SIMPLE and MTOM packaging (ITI TF-2 Appendix V). Bytes in, bytes out: this
//! crate does no I/O and opens no connection, whatever a message asks for.
//!
//! A request comes in through these, in this order:
//! 1. [`Packaging::parse`] reads the Content-Type.
//! 2. For MTOM, [`MtomReader`] cuts the body into the root part and the documents.
//! 3. [`read_request`] reads the envelope; [`action::resolve`] says which transaction it is.
//! 4. [`xop_include`] and [`Includes`] join document elements with the parts that hold their bytes.
//!
//! An answer leaves through [`write_response`] or [`Fault::write`], framed by [`MultipartWriter`] if the
//! request was MTOM. A client uses [`write_request`] and [`read_response`].
//!
//! ```
//! use xds_model::Transaction;
//! use xds_soap::{ReplyAddresses, action, read_request, write_request, write_response};
//! use xds_xml::{Document, Limits};
//!
//! let sent = write_request(
//!     "urn:ihe:iti:2007:RegistryStoredQuery",
//!     "urn:uuid:3b5d1c1e-0d5b-4f0e-9a53-6d1f6c1f0001",
//!     "https://registry.example.org/iti18",
//!     None,
//!     |body| body.push_str("<AdhocQueryRequest xmlns=\"urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0\"/>"),
//! );
//!
//! let document = Document::parse(sent.as_bytes(), &Limits::default())?;
//! let request = read_request(&document, ReplyAddresses::AnonymousOnly)?;
//! let transaction = action::resolve(&request.headers.action, request.body, &[Transaction::Iti18])?;
//! assert_eq!(transaction, Transaction::Iti18);
//!
//! let action = action::response_action(transaction).ok_or("not a SOAP transaction")?;
//! let answer = write_response(action, &request.headers.message_id, "urn:uuid:...", |body| body.push_str("..."));
//! assert!(answer.contains("<wsa:RelatesTo>urn:uuid:3b5d1c1e-0d5b-4f0e-9a53-6d1f6c1f0001</wsa:RelatesTo>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod action;
mod addressing;
mod content_type;
mod envelope;
mod fault;
mod mime;
mod mtom;
mod mtom_reader;
pub mod ns;
mod response;

pub use addressing::{MESSAGE_ID_BYTES_MAX, ReplyAddresses, RequestHeaders};
pub use content_type::{ContentTypeError, Packaging, Refusal, SIMPLE_CONTENT_TYPE};
pub use envelope::{
    RequestEnvelope, is_soap11, read_message_id_leniently, read_request, write_request, write_response,
};
pub use fault::{AddressingProblem, Detail, Fault, FaultCode, QName, Subcode};
pub use mime::{MimeError, MimeEvent, MimeLimits, MultipartReader, MultipartWriter, PartHeaders};
pub use mtom::{Cid, ContentId, Includes, refuse_stray_includes, write_include, xop_include};
pub use mtom_reader::{MtomEvent, MtomReader};
pub use response::{ReceivedFault, ResponseError, read_response};
