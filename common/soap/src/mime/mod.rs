//! multipart/related (RFC 2046, RFC 2387), streamed both ways.

mod base64;
mod error;
mod headers;
mod limits;
mod reader;
mod scan;
mod writer;

pub use error::MimeError;
pub use headers::PartHeaders;
pub use limits::MimeLimits;
pub use reader::{MimeEvent, MultipartReader};
pub use writer::MultipartWriter;
