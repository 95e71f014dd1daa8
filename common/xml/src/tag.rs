//! What stands inside a start tag: names, attributes, namespace declarations.
//!
//! Limits are checked while the tag is read, so that a tag with a million attributes costs no more than the
//! few that are allowed.

use memchr::memchr;

use crate::{
    Limits,
    chars::{is_ncname, is_space},
    decode,
    error::XmlErrorKind,
    namespace::{Namespace, Scope},
    store::{Attribute, Declaration, Span, Store, Value},
};

pub(crate) struct Scanned {
    /// The name with its prefix.
    pub(crate) name: Span,
    pub(crate) local: Span,
    pub(crate) namespace: Namespace,
    pub(crate) attributes: Span,
    pub(crate) declarations: Span,
}

/// A rule, and where in the input it was broken.
type Fault = (XmlErrorKind, usize);

/// Reads what stands between `<` and `>` (or `/>`) into the store and the scope.
pub(crate) fn scan(
    store: &mut Store<'_>,
    scope: &mut Scope,
    limits: &Limits,
    content: Span,
) -> Result<Scanned, Fault> {
    let mut scan = TagScan {
        limits,
        content: content.of(store.input).as_bytes(),
        base: content.start(),
        position: 0,
        first_attribute: store.attributes.len(),
        first_declaration: store.declarations.len(),
    };
    let name = scan.take_name(|byte| !is_space(byte));
    let (prefix, local) = scan.split_name(store, name)?;
    while scan.next_attribute(store, scope)? {}
    let namespace = scope
        .resolve(store, prefix)
        .map_err(|kind| (kind, name.start()))?;
    scan.resolve_attributes(store, scope)?;
    Ok(Scanned {
        name,
        local,
        namespace,
        attributes: Span::new(scan.first_attribute, store.attributes.len()),
        declarations: Span::new(scan.first_declaration, store.declarations.len()),
    })
}

struct TagScan<'s> {
    limits: &'s Limits,
    content: &'s [u8],
    /// Where `content` starts in the input.
    base: usize,
    /// Where in `content` the scan stands.
    position: usize,
    first_attribute: usize,
    first_declaration: usize,
}

impl TagScan<'_> {
    /// Reads one attribute or declaration; false if the tag ends here.
    fn next_attribute(&mut self, store: &mut Store<'_>, scope: &mut Scope) -> Result<bool, Fault> {
        let has_space = self.skip_space();
        if self.rest().is_empty() {
            return Ok(false);
        }
        if !has_space {
            return Err(self.fault(XmlErrorKind::MissingSpaceBetweenAttributes));
        }
        let name = self.take_name(|byte| byte != b'=' && !is_space(byte));
        let (prefix, local) = self.split_name(store, name)?;
        let is_declaration = name.of(store.input) == "xmlns" || prefix.of(store.input) == "xmlns";
        self.check_room(store, is_declaration, name)?;
        let value = self.take_value(store)?;
        if is_declaration {
            let prefix = if prefix.is_empty() { prefix } else { local };
            let declaration = Declaration { prefix, uri: value };
            scope
                .declare(store, self.first_declaration, declaration)
                .map_err(|kind| (kind, name.start()))?;
        } else {
            store.attributes.push(Attribute {
                prefix,
                local,
                namespace: Namespace::None,
                value,
            });
        }
        let in_scope = scope.len();
        if in_scope > self.limits.namespaces_in_scope_max {
            return Err((XmlErrorKind::TooManyNamespaces, name.start()));
        }
        Ok(true)
    }

    /// Refuses one attribute too many before its value is looked at.
    fn check_room(&self, store: &Store<'_>, is_declaration: bool, name: Span) -> Result<(), Fault> {
        let declarations = store.declarations.len().saturating_sub(self.first_declaration);
        let attributes = store.attributes.len().saturating_sub(self.first_attribute);
        if is_declaration && declarations >= self.limits.namespaces_max {
            return Err((XmlErrorKind::TooManyNamespaces, name.start()));
        }
        if !is_declaration && attributes >= self.limits.attributes_max {
            return Err((XmlErrorKind::TooManyAttributes, name.start()));
        }
        Ok(())
    }

    fn take_name(&mut self, belongs: impl Fn(u8) -> bool) -> Span {
        let start = self.position;
        let rest = self.rest();
        let len = rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len());
        self.position = start.saturating_add(len);
        self.span(start, self.position)
    }

    /// A name as prefix (empty if there is none) and local name (Namespaces in XML 1.0, section 4).
    fn split_name(&self, store: &Store<'_>, name: Span) -> Result<(Span, Span), Fault> {
        let fault = |kind| Err((kind, name.start()));
        let text = name.of(store.input);
        if text.len() > self.limits.name_bytes_max {
            return fault(XmlErrorKind::NameTooLong);
        }
        let Some(colon) = memchr(b':', text.as_bytes()) else {
            let prefix = Span {
                start: name.start,
                end: name.start,
            };
            return if is_ncname(text) {
                Ok((prefix, name))
            } else {
                fault(XmlErrorKind::InvalidName)
            };
        };
        let colon = name.start().saturating_add(colon);
        let prefix = Span::new(name.start(), colon);
        let local = Span::new(colon.saturating_add(1), name.end());
        let (prefix_text, local_text) = (prefix.of(store.input), local.of(store.input));
        if prefix_text.is_empty() || local_text.is_empty() || local_text.contains(':') {
            return fault(XmlErrorKind::InvalidQualifiedName);
        }
        if is_ncname(prefix_text) && is_ncname(local_text) {
            Ok((prefix, local))
        } else {
            fault(XmlErrorKind::InvalidName)
        }
    }

    /// Reads `="value"`.
    fn take_value(&mut self, store: &mut Store<'_>) -> Result<Value, Fault> {
        self.skip_space();
        if self.rest().first() != Some(&b'=') {
            return Err(self.fault(XmlErrorKind::AttributeWithoutValue));
        }
        self.advance(1);
        self.skip_space();
        let quote = match self.rest().first() {
            Some(quote @ (b'"' | b'\'')) => *quote,
            Some(_) => return Err(self.fault(XmlErrorKind::UnquotedAttribute)),
            None => return Err(self.fault(XmlErrorKind::AttributeWithoutValue)),
        };
        self.advance(1);
        let len = memchr(quote, self.rest()).ok_or_else(|| self.fault(XmlErrorKind::UnclosedMarkup))?;
        let start = self.position;
        self.advance(len);
        let raw = self.span(start, self.position);
        self.advance(1);
        self.decode_value(store, raw)
    }

    fn decode_value(&self, store: &mut Store<'_>, raw: Span) -> Result<Value, Fault> {
        let text = raw.of(store.input);
        let (has_less_than, is_plain) = look(text.as_bytes());
        if has_less_than {
            let within = memchr(b'<', text.as_bytes()).unwrap_or(0);
            return Err((
                XmlErrorKind::LessThanInAttribute,
                raw.start().saturating_add(within),
            ));
        }
        let value = if is_plain {
            Value::Input(raw)
        } else {
            let start = store.pool.len();
            decode::push_attribute(&mut store.pool, text)
                .map_err(|(kind, within)| (kind, raw.start().saturating_add(within)))?;
            Value::Pool(Span::new(start, store.pool.len()))
        };
        if store.value(value).len() > self.limits.attribute_bytes_max {
            return Err((XmlErrorKind::AttributeTooLong, raw.start()));
        }
        Ok(value)
    }

    /// Resolves the prefixes, now that all declarations are known, and refuses doubles
    /// (Namespaces in XML 1.0, section 6.3).
    fn resolve_attributes(&self, store: &mut Store<'_>, scope: &Scope) -> Result<(), Fault> {
        for index in self.first_attribute..store.attributes.len() {
            let Some(attribute) = store.attributes.get(index).copied() else {
                continue;
            };
            if !attribute.prefix.is_empty() {
                let namespace = scope
                    .resolve(store, attribute.prefix)
                    .map_err(|kind| (kind, attribute.prefix.start()))?;
                if let Some(slot) = store.attributes.get_mut(index) {
                    slot.namespace = namespace;
                }
            }
            let earlier = store.attributes_in(Span::new(self.first_attribute, index));
            let Some(attribute) = store.attributes.get(index) else {
                continue;
            };
            if earlier.iter().any(|other| is_same_name(store, attribute, other)) {
                return Err((XmlErrorKind::DuplicateAttribute, attribute.local.start()));
            }
        }
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        self.content.get(self.position..).unwrap_or_default()
    }

    fn advance(&mut self, bytes: usize) {
        self.position = self.position.saturating_add(bytes);
    }

    fn skip_space(&mut self) -> bool {
        let rest = self.rest();
        let len = rest
            .iter()
            .position(|byte| !is_space(*byte))
            .unwrap_or(rest.len());
        self.advance(len);
        len > 0
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.base.saturating_add(start), self.base.saturating_add(end))
    }

    fn fault(&self, kind: XmlErrorKind) -> Fault {
        (kind, self.base.saturating_add(self.position))
    }
}

/// Whether `<` stands in the value, and whether the value means itself.
fn look(value: &[u8]) -> (bool, bool) {
    value.iter().fold((false, true), |(less_than, plain), byte| {
        (
            less_than | (*byte == b'<'),
            plain & (*byte != b'&') & (*byte >= b' '),
        )
    })
}

fn is_same_name(store: &Store<'_>, a: &Attribute, b: &Attribute) -> bool {
    a.local.len() == b.local.len()
        && a.local.of(store.input) == b.local.of(store.input)
        && (a.namespace == b.namespace || store.uri(a.namespace) == store.uri(b.namespace))
}
