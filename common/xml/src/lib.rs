//! The one door to XML: everything in the workspace that reads XML reads it here.
//!
//! `quick-xml` is a fast lexer, not a conforming parser: it lets pass most of what XML 1.0 and
//! Namespaces in XML 1.0 forbid. This crate puts a strict guard around it. What it yields is well formed,
//! namespace-well-formed, UTF-8, free of DTDs, entities and processing instructions, and inside [`Limits`];
//! everything else is an [`XmlError`] that says which rule was broken and where, never what stood there.
//!
//! Two ways to read:
//! - [`Document`]: a compact tree that borrows from the input. The usual choice.
//! - [`Reader`]: checked pull events, for one pass without a tree.
//!
//! And to write: [`escape`], the small [`write::Writer`], and [`serialize()`], which copies a part of a parsed
//! document into another message with its namespace declarations, leaving out or adding elements.
//!
//! [`canonical`] writes what signatures are made over.
//!
//! Names are always compared as (namespace URI, local name); prefixes are resolved before anybody sees them.
//!
//! ```
//! use xds_xml::{Document, Limits};
//!
//! let document = Document::parse(br#"<p:list xmlns:p="urn:a"><p:item id="1">A&amp;B</p:item></p:list>"#, &Limits::default())?;
//! let item = document.root().child("urn:a", "item").ok_or("no item")?;
//! assert_eq!(item.attribute("id"), Some("1"));
//! assert_eq!(item.text()?, "A&B");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
pub mod canonical;
mod chars;
mod declaration;
mod decode;
mod document;
mod element;
mod error;
pub mod escape;
mod input;
mod limits;
mod namespace;
mod reader;
mod scan;
mod serialize;
mod store;
mod tag;
pub mod write;

pub use document::Document;
pub use element::{Children, ChildrenNamed, Descendants, Element, TextError};
pub use error::{XmlError, XmlErrorKind};
pub use limits::Limits;
pub use reader::{Event, Reader, Start, Text};
pub use serialize::{Edits, serialize};
pub use store::Attributes;

/// The namespace that the prefix `xml` always names (Namespaces in XML 1.0, section 3).
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
