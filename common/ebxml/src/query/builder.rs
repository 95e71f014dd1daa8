//! Stored queries to send, for clients.

use xds_model::query::{QueryId, ReturnType};
use xds_model::{AvailabilityStatus, Code, PatientId};
use xds_xml::escape;

use crate::ns::{QUERY, RIM};

/// Characters of a `rim:Value`: longer lists are split between values (ITI TF-2, 3.18.4.1.2.3.5).
const VALUE_CHARS_MAX: usize = 256;

/// Puts an AdhocQueryRequest together. Quoting is done here; values are plain texts.
#[derive(Clone, Debug)]
pub struct QueryBuilder {
    id: String,
    return_type: &'static str,
    home: Option<String>,
    slots: Vec<(String, Vec<String>)>,
}

impl QueryBuilder {
    /// A query without parameters.
    pub fn new(query: QueryId, return_type: ReturnType) -> Self {
        Self::with_id(query.urn(), return_type)
    }

    /// A query by an id that this release may not know.
    pub fn with_id(id: &str, return_type: ReturnType) -> Self {
        Self {
            id: id.to_owned(),
            return_type: match return_type {
                ReturnType::LeafClass => "LeafClass",
                ReturnType::ObjectRef => "ObjectRef",
            },
            home: None,
            slots: Vec::new(),
        }
    }

    /// `AdhocQuery/@home`.
    #[must_use]
    pub fn home(mut self, home: &str) -> Self {
        self.home = Some(home.to_owned());
        self
    }

    /// A parameter of one text: `'value'`.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.raw(name, &quoted(value))
    }

    /// A parameter that is a number, a DTM mostly.
    #[must_use]
    pub fn number(self, name: &str, digits: &str) -> Self {
        self.raw(name, digits)
    }

    /// A patient id.
    #[must_use]
    pub fn patient(self, name: &str, patient: &PatientId) -> Self {
        self.text(name, &patient.to_string())
    }

    /// A parameter of several texts: `('a','b')`, in as many values as it takes. Repeated for the same name,
    /// it means "and".
    #[must_use]
    pub fn list<T: AsRef<str>>(mut self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let mut lists: Vec<String> = Vec::new();
        for value in values {
            let quoted = quoted(value.as_ref());
            match lists.last_mut() {
                Some(list) if list.chars().count() + quoted.chars().count() + 3 <= VALUE_CHARS_MAX => {
                    list.push(',');
                    list.push_str(&quoted);
                }
                _ => lists.push(format!("({quoted}")),
            }
        }
        lists.iter_mut().for_each(|list| list.push(')'));
        self.slots.push((name.to_owned(), lists));
        self
    }

    /// A parameter of one code or several: `('code^^scheme')`.
    #[must_use]
    pub fn codes<'c>(self, name: &str, codes: impl IntoIterator<Item = &'c Code>) -> Self {
        let texts = codes
            .into_iter()
            .map(|code| format!("{}^^{}", code.code, code.scheme));
        self.list(name, texts)
    }

    /// A parameter of statuses.
    #[must_use]
    pub fn statuses(self, name: &str, statuses: impl IntoIterator<Item = AvailabilityStatus>) -> Self {
        self.list(name, statuses.into_iter().map(AvailabilityStatus::urn))
    }

    /// A parameter with this text as its value, right or wrong.
    #[must_use]
    pub fn raw(mut self, name: &str, value: &str) -> Self {
        self.slots.push((name.to_owned(), vec![value.to_owned()]));
        self
    }

    /// Appends the `query:AdhocQueryRequest`, namespaces declared on it.
    pub fn write(&self, out: &mut String) {
        for piece in [
            "<query:AdhocQueryRequest xmlns:query=\"",
            QUERY,
            "\" xmlns:rim=\"",
            RIM,
            "\"><query:ResponseOption returnComposedObjects=\"true\" returnType=\"",
            self.return_type,
            "\"/><rim:AdhocQuery",
        ] {
            out.push_str(piece);
        }
        if let Some(home) = &self.home {
            attribute(out, "home", home);
        }
        attribute(out, "id", &self.id);
        out.push('>');
        for (name, values) in &self.slots {
            out.push_str("<rim:Slot");
            attribute(out, "name", name);
            out.push_str("><rim:ValueList>");
            for value in values {
                out.push_str("<rim:Value>");
                escape::text(out, value);
                out.push_str("</rim:Value>");
            }
            out.push_str("</rim:ValueList></rim:Slot>");
        }
        out.push_str("</rim:AdhocQuery></query:AdhocQueryRequest>");
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn attribute(out: &mut String, name: &str, value: &str) {
    for piece in [" ", name, "=\""] {
        out.push_str(piece);
    }
    escape::text(out, value);
    out.push('"');
}
