//! Which prefix means which namespace, at the place where the scan stands.

use crate::{
    XML_NAMESPACE,
    error::XmlErrorKind,
    store::{Declaration, Span, Store, small, wide},
};

const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// A resolved namespace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Namespace {
    None,
    /// The one that the prefix `xml` names without a declaration.
    Xml,
    /// The declaration with this index in the store.
    Declared(u32),
}

/// The declarations in force, as indexes into the store, innermost last.
#[derive(Debug, Default)]
pub(crate) struct Scope(Vec<u32>);

impl Scope {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets what an element declared, when it ends.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Takes in a declaration of the element whose declarations start at `first` in the store
    /// (Namespaces in XML 1.0, sections 3 and 5).
    pub(crate) fn declare(
        &mut self,
        store: &mut Store<'_>,
        first: usize,
        declaration: Declaration,
    ) -> Result<(), XmlErrorKind> {
        let prefix = declaration.prefix.of(store.input);
        check_reserved(prefix, store.value(declaration.uri))?;
        let own = store.declarations.get(first..).unwrap_or_default();
        if own.iter().any(|other| other.prefix.of(store.input) == prefix) {
            return Err(XmlErrorKind::DuplicateNamespaceDeclaration);
        }
        self.0.push(small(store.declarations.len()));
        store.declarations.push(declaration);
        Ok(())
    }

    /// What the prefix means here. The empty prefix is the default namespace; attributes without a prefix
    /// have none and are not looked up.
    pub(crate) fn resolve(&self, store: &Store<'_>, prefix: Span) -> Result<Namespace, XmlErrorKind> {
        let wanted = prefix.of(store.input);
        for index in self.0.iter().rev() {
            let Some(declaration) = store.declarations.get(wide(*index)) else {
                continue;
            };
            if declaration.prefix.of(store.input) == wanted {
                let undone = store.value(declaration.uri).is_empty();
                return Ok(if undone {
                    Namespace::None
                } else {
                    Namespace::Declared(*index)
                });
            }
        }
        match wanted {
            "" => Ok(Namespace::None),
            "xml" => Ok(Namespace::Xml),
            _ => Err(XmlErrorKind::UndeclaredPrefix),
        }
    }
}

fn check_reserved(prefix: &str, uri: &str) -> Result<(), XmlErrorKind> {
    match (prefix, uri) {
        ("xml", XML_NAMESPACE) => Ok(()),
        ("xml" | "xmlns", _) | (_, XML_NAMESPACE | XMLNS_NAMESPACE) => Err(XmlErrorKind::ReservedNamespace),
        ("", _) => Ok(()),
        (_, "") => Err(XmlErrorKind::EmptyNamespace),
        _ => Ok(()),
    }
}
