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
