//! The pieces of ebRIM that answers and submissions are put together from. Texts come in escaped.

use uuid::Uuid;
use xds_model::ident::{AvailabilityStatus, HomeCommunityId};

use super::columns::nested_id;

pub(crate) const SLOT: &str = "<rim:Slot name=\"";
pub(crate) const SLOT_VALUE: &str = "\"><rim:ValueList><rim:Value>";
pub(crate) const NEXT_VALUE: &str = "</rim:Value><rim:Value>";
pub(crate) const SLOT_END: &str = "</rim:Value></rim:ValueList></rim:Slot>";
pub(crate) const NAME: &str = "<rim:Name><rim:LocalizedString value=\"";
pub(crate) const NAME_END: &str = "\"/></rim:Name>";
pub(crate) const CLASSIFICATION_END: &str = "</rim:Classification>";
/// Of a coded value: between its id and code, code and scheme, scheme and display name, and behind that.
pub(crate) const CODE: &str = " nodeRepresentation=\"";
pub(crate) const CODING_SCHEME: &str = "\"><rim:Slot name=\"codingScheme\"><rim:ValueList><rim:Value>";
pub(crate) const DISPLAY_NAME: &str =
    "</rim:Value></rim:ValueList></rim:Slot><rim:Name><rim:LocalizedString value=\"";
pub(crate) const CODED_END: &str = "\"/></rim:Name></rim:Classification>";
const CLASSIFICATION_ID: &str =
    "\" objectType=\"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification\" id=\"";
const IDENTIFIER_ID: &str =
    "\" objectType=\"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:ExternalIdentifier\" id=\"";
pub(crate) const IDENTIFIER_END: &str = "\"/></rim:Name></rim:ExternalIdentifier>";

/// What an object is written with beside its body: `@id` and the other attributes of its start tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    /// `@id`, escaped: a UUID, or a symbol in a submission.
    pub(crate) id: &'a str,
    pub(crate) lid: Option<&'a str>,
    pub(crate) version: Option<u32>,
    pub(crate) status: Option<AvailabilityStatus>,
    pub(crate) home: Option<&'a HomeCommunityId>,
    /// Escaped.
    pub(crate) patient_id: &'a str,
    /// Of a Folder.
    pub(crate) last_update_time: Option<&'a str>,
    /// The UUID that nested ids are derived from, or the escaped symbol.
    pub(crate) nested: Nested<'a>,
    /// Whether the mark of limited metadata is written: in submissions only.
    pub(crate) limited_metadata: bool,
}

/// Where the ids of nested elements come from that were not submitted as UUIDs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Nested<'a> {
    /// Derived from the object's UUID.
    Of(Uuid),
    /// The object's symbol with a number behind it.
    Symbol(&'a str),
}

/// Writes what stands inside one object.
#[derive(Debug)]
pub(crate) struct Template<'o, 'h> {
    pub(crate) out: &'o mut String,
    pub(crate) head: Head<'h>,
    position: u32,
}

impl<'o, 'h> Template<'o, 'h> {
    pub(crate) fn new(out: &'o mut String, head: Head<'h>) -> Self {
        Self {
            out,
            head,
            position: 0,
        }
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(crate) fn attribute(&mut self, name: &str, escaped: &str) {
        for piece in [" ", name, "=\"", escaped, "\""] {
            self.out.push_str(piece);
        }
    }

    /// `@home`, `@id`, `@lid` and `@status` of the object.
    pub(crate) fn head_attributes(&mut self) {
        let head = self.head;
        if let Some(home) = head.home {
            self.push(" home=\"urn:oid:");
            self.push(home.oid().as_str());
            self.push("\"");
        }
        self.attribute("id", head.id);
        if let Some(lid) = head.lid {
            self.attribute("lid", lid);
        }
        if let Some(status) = head.status {
            self.attribute("status", status.urn());
        }
    }

    pub(crate) fn version_info(&mut self) {
        if let Some(version) = self.head.version {
            self.push("<rim:VersionInfo versionName=\"");
            match version {
                1 => self.push("1"),
                other => self.push(&other.to_string()),
            }
            self.push("\"/>");
        }
    }

    pub(crate) fn slot(&mut self, name: &str, escaped: &str) {
        for piece in [SLOT, name, SLOT_VALUE, escaped, SLOT_END] {
            self.out.push_str(piece);
        }
    }

    /// The start tag of a nested Classification up to its id.
    pub(crate) fn classification(&mut self, scheme: &str, id: Option<Uuid>) {
        self.push("<rim:Classification classificationScheme=\"");
        self.push(scheme);
        self.push("\"");
        self.classified(id);
    }

    /// `@classifiedObject`, `@objectType` and `@id`; the start tag stays open after the id's quote.
    pub(crate) fn classified(&mut self, id: Option<Uuid>) {
        let owner = self.head.id;
        self.push(" classifiedObject=\"");
        self.push(owner);
        self.push(CLASSIFICATION_ID);
        self.nested(id);
        self.push("\"");
    }

    /// A nested Classification by node alone: a package's label or the mark of limited metadata.
    pub(crate) fn label(&mut self, node: &str) {
        self.push("<rim:Classification");
        self.attribute("classificationNode", node);
        self.classified(None);
        self.push("/>");
    }

    /// A nested ExternalIdentifier up to its name.
    pub(crate) fn identifier(&mut self, scheme: &str, id: Option<Uuid>, escaped_value: &str) {
        let owner = self.head.id;
        for piece in [
            "<rim:ExternalIdentifier identificationScheme=\"",
            scheme,
            "\" registryObject=\"",
            owner,
            IDENTIFIER_ID,
        ] {
            self.push(piece);
        }
        self.nested(id);
        self.push("\" value=\"");
        self.push(escaped_value);
        self.push("\">");
    }

    /// The id of the next nested element.
    fn nested(&mut self, submitted: Option<Uuid>) {
        let position = self.position;
        self.position += 1;
        match (submitted, self.head.nested) {
            (Some(id), _) => push_urn(self.out, id),
            (None, Nested::Of(object)) => push_urn(self.out, nested_id(object, position)),
            (None, Nested::Symbol(symbol)) => {
                self.push(symbol);
                self.push("-");
                self.push(&position.to_string());
            }
        }
    }
}

/// `urn:uuid:` and the UUID in lower case.
pub(crate) fn push_urn(out: &mut String, uuid: Uuid) {
    out.push_str(uuid.urn().encode_lower(&mut Uuid::encode_buffer()));
}
