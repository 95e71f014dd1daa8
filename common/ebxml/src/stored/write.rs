//! Body and columns to an element of an answer.

use uuid::Uuid;
use xds_model::DocumentEntryType;
use xds_model::code::CodedAttribute;
use xds_model::ident::HomeCommunityId;

use super::columns::{AssociationColumns, EntryColumns, FolderColumns, SetColumns};
use super::cursor::{BodyError, Cursor};
use super::tags;
use super::template::{
    CLASSIFICATION_END, Head, IDENTIFIER_END, NAME, NAME_END, NEXT_VALUE, Nested, SLOT, SLOT_END, SLOT_VALUE,
    Template, push_urn,
};
use crate::terms::{self, ASSOCIATION_TYPE, PACKAGE_TYPE, Schemes, slot};

/// Appends a DocumentEntry as `rim:ExtrinsicObject` (ITI TF-3, 4.2.3.2).
///
/// # Errors
///
/// If the body is damaged; `out` is then as it was.
pub fn write_document_entry(
    body: &[u8],
    columns: &EntryColumns<'_>,
    out: &mut String,
) -> Result<(), BodyError> {
    let (id, lid) = (Urn::new(columns.id), Urn::new(columns.logical_id));
    let head = Head {
        id: id.as_str(),
        lid: Some(lid.as_str()),
        version: Some(columns.version),
        status: Some(columns.status),
        home: columns.home,
        patient_id: columns.patient_id.as_str(),
        last_update_time: None,
        nested: Nested::Of(columns.id),
        limited_metadata: false,
    };
    whole(out, body, |out| entry_element(body, head, out))
}

/// Appends a SubmissionSet as `rim:RegistryPackage` with its label inside (ITI TF-3, 4.2.3.3).
///
/// # Errors
///
/// If the body is damaged; `out` is then as it was.
pub fn write_submission_set(
    body: &[u8],
    columns: &SetColumns<'_>,
    out: &mut String,
) -> Result<(), BodyError> {
    let id = Urn::new(columns.id);
    let head = Head {
        id: id.as_str(),
        lid: Some(id.as_str()),
        version: Some(1),
        status: Some(columns.status),
        home: columns.home,
        patient_id: columns.patient_id.as_str(),
        last_update_time: None,
        nested: Nested::Of(columns.id),
        limited_metadata: false,
    };
    whole(out, body, |out| set_element(body, head, out))
}

/// Appends a Folder as `rim:RegistryPackage` with its label inside (ITI TF-3, 4.2.3.4).
///
/// # Errors
///
/// If the body is damaged; `out` is then as it was.
pub fn write_folder(body: &[u8], columns: &FolderColumns<'_>, out: &mut String) -> Result<(), BodyError> {
    let (id, lid) = (Urn::new(columns.id), Urn::new(columns.logical_id));
    let head = Head {
        id: id.as_str(),
        lid: Some(lid.as_str()),
        version: Some(columns.version),
        status: Some(columns.status),
        home: columns.home,
        patient_id: columns.patient_id.as_str(),
        last_update_time: Some(columns.last_update_time.as_str()),
        nested: Nested::Of(columns.id),
        limited_metadata: false,
    };
    whole(out, body, |out| folder_element(body, head, out))
}

/// Appends an Association as `rim:Association` (ITI TF-3, 4.2.2).
///
/// # Errors
///
/// If the body is damaged; `out` is then as it was.
pub fn write_association(
    body: &[u8],
    columns: &AssociationColumns<'_>,
    out: &mut String,
) -> Result<(), BodyError> {
    let id = Urn::new(columns.id);
    let head = Head {
        id: id.as_str(),
        lid: Some(id.as_str()),
        version: Some(1),
        status: Some(columns.status),
        home: columns.home,
        patient_id: "",
        last_update_time: None,
        nested: Nested::Of(columns.id),
        limited_metadata: false,
    };
    let (source, target) = (Urn::new(columns.source), Urn::new(columns.target));
    let ends = Ends {
        kind: columns.kind.urn(),
        source: source.as_str(),
        target: target.as_str(),
    };
    whole(out, body, |out| association_element(body, head, ends, out))
}

/// Appends a `rim:ObjectRef` (ITI TF-2, 3.18.4.1.2.3.2).
pub fn write_object_ref(id: Uuid, home: Option<&HomeCommunityId>, out: &mut String) {
    out.push_str("<rim:ObjectRef");
    if let Some(home) = home {
        out.push_str(" home=\"urn:oid:");
        out.push_str(home.oid().as_str());
        out.push('"');
    }
    out.push_str(" id=\"");
    push_urn(out, id);
    out.push_str("\"/>");
}

/// What an Association is written with beside its head. Escaped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends<'a> {
    pub(crate) kind: &'a str,
    pub(crate) source: &'a str,
    pub(crate) target: &'a str,
}

pub(crate) fn entry_element(body: &[u8], head: Head<'_>, out: &mut String) -> Result<(), BodyError> {
    let (kind, mut cursor) = Cursor::open(body)?;
    let object_type = match kind {
        tags::STABLE => DocumentEntryType::Stable,
        tags::ON_DEMAND => DocumentEntryType::OnDemand,
        _ => return Err(BodyError::Kind),
    };
    let mut template = Template::new(out, head);
    template.push("<rim:ExtrinsicObject");
    template.head_attributes();
    template.attribute("mimeType", cursor.text()?);
    template.attribute("objectType", object_type.urn());
    template.push(">");
    template.parts(&mut cursor, &terms::DOCUMENT_ENTRY, "")?;
    template.push("</rim:ExtrinsicObject>");
    Ok(())
}

pub(crate) fn set_element(body: &[u8], head: Head<'_>, out: &mut String) -> Result<(), BodyError> {
    let node = xds_model::SubmissionSet::NODE;
    package_element(
        body,
        (tags::SUBMISSION_SET, &terms::SUBMISSION_SET, node),
        head,
        out,
    )
}

pub(crate) fn folder_element(body: &[u8], head: Head<'_>, out: &mut String) -> Result<(), BodyError> {
    let node = xds_model::Folder::NODE;
    package_element(body, (tags::FOLDER, &terms::FOLDER, node), head, out)
}

fn package_element(
    body: &[u8],
    (kind_expected, schemes, node): (u8, &Schemes, &str),
    head: Head<'_>,
    out: &mut String,
) -> Result<(), BodyError> {
    let (kind, mut cursor) = Cursor::open(body)?;
    if kind != kind_expected {
        return Err(BodyError::Kind);
    }
    let mut template = Template::new(out, head);
    template.push("<rim:RegistryPackage");
    template.head_attributes();
    template.attribute("objectType", PACKAGE_TYPE);
    template.push(">");
    template.parts(&mut cursor, schemes, node)?;
    template.push("</rim:RegistryPackage>");
    Ok(())
}

pub(crate) fn association_element(
    body: &[u8],
    head: Head<'_>,
    ends: Ends<'_>,
    out: &mut String,
) -> Result<(), BodyError> {
    let (kind, mut cursor) = Cursor::open(body)?;
    if kind != tags::ASSOCIATION {
        return Err(BodyError::Kind);
    }
    let mut template = Template::new(out, head);
    template.push("<rim:Association");
    template.head_attributes();
    template.attribute("associationType", ends.kind);
    template.attribute("sourceObject", ends.source);
    template.attribute("targetObject", ends.target);
    template.attribute("objectType", ASSOCIATION_TYPE);
    template.push(">");
    template.parts(&mut cursor, &terms::DOCUMENT_ENTRY, "")?;
    template.push("</rim:Association>");
    Ok(())
}

/// Makes room once, and takes back what was written if the body turns out damaged.
pub(crate) fn whole(
    out: &mut String,
    body: &[u8],
    write: impl FnOnce(&mut String) -> Result<(), BodyError>,
) -> Result<(), BodyError> {
    let before = out.len();
    out.reserve(body.len() * 4 + 4096);
    write(out).inspect_err(|_| out.truncate(before))
}

/// `urn:uuid:...` on the stack.
struct Urn([u8; 45]);

impl Urn {
    fn new(uuid: Uuid) -> Self {
        let mut buffer = [0; 45];
        uuid.urn().encode_lower(&mut buffer);
        Self(buffer)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Template<'_, '_> {
    /// All parts of a body. `node` labels a package.
    fn parts(&mut self, cursor: &mut Cursor<'_>, schemes: &Schemes, node: &str) -> Result<(), BodyError> {
        while let Some(tag) = cursor.next()? {
            match tag {
                0..=tags::EXTRA_SLOT => self.slot_part(tag, cursor)?,
                tags::NAME => self.text_part("rim:Name", cursor)?,
                tags::DESCRIPTION => self.text_part("rim:Description", cursor)?,
                tags::VERSION_INFO => self.version_info(),
                tags::AUTHOR => self.author(schemes.author.ok_or(BodyError::Part(tag))?, cursor)?,
                tags::EXTRA_CLASSIFICATION => self.extra_classification(cursor)?,
                tags::LABEL => self.label(node),
                tags::LIMITED_METADATA if self.head.limited_metadata => self.label(schemes.limited_metadata),
                tags::LIMITED_METADATA => {}
                tags::PATIENT_ID => {
                    let id = cursor.byte().and_then(|flags| cursor.nested_id(flags))?;
                    let patient = self.head.patient_id;
                    self.known_identifier(schemes.patient_id, id, patient);
                }
                tags::UNIQUE_ID => self.identifier_part(schemes.unique_id, cursor)?,
                tags::SOURCE_ID => {
                    self.identifier_part(schemes.source_id.ok_or(BodyError::Part(tag))?, cursor)?;
                }
                tags::EXTRA_IDENTIFIER => self.extra_identifier(cursor)?,
                _ => self.coded(tags::coded(tag).ok_or(BodyError::Part(tag))?, cursor)?,
            }
        }
        Ok(())
    }

    fn slot_part(&mut self, tag: u8, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let name = match tag {
            tags::ORIGINAL => {
                self.slot(slot::SUBMISSION_SET_STATUS, "Original");
                return Ok(());
            }
            tags::REFERENCE => {
                self.slot(slot::SUBMISSION_SET_STATUS, "Reference");
                return Ok(());
            }
            tags::LAST_UPDATE_TIME => {
                if let Some(time) = self.head.last_update_time {
                    self.slot(slot::LAST_UPDATE_TIME, time);
                }
                return Ok(());
            }
            tags::PREVIOUS_VERSION | tags::EXTRA_SLOT => return self.whole_slot(cursor),
            tags::SOURCE_PATIENT_INFO => return self.values(slot::SOURCE_PATIENT_INFO, cursor),
            tags::REFERENCE_ID_LIST => return self.values(slot::REFERENCE_ID_LIST, cursor),
            tags::INTENDED_RECIPIENT => return self.values(slot::INTENDED_RECIPIENT, cursor),
            _ => single_slot(tag).ok_or(BodyError::Part(tag))?,
        };
        self.slot(name, cursor.text()?);
        Ok(())
    }

    /// A slot of several values; none if there are none.
    fn values(&mut self, name: &str, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let count = cursor.count()?;
        if count == 0 {
            return Ok(());
        }
        self.push(SLOT);
        self.push(name);
        self.value_list(count, cursor)
    }

    fn value_list(&mut self, count: usize, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        if count == 0 {
            self.push("\"><rim:ValueList/></rim:Slot>");
            return Ok(());
        }
        for index in 0..count {
            self.push(if index == 0 { SLOT_VALUE } else { NEXT_VALUE });
            self.push(cursor.text()?);
        }
        self.push(SLOT_END);
        Ok(())
    }

    fn whole_slot(&mut self, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let flags = cursor.byte()?;
        self.push(SLOT);
        self.push(cursor.text()?);
        if flags & tags::HAS_TYPE != 0 {
            self.push("\" slotType=\"");
            self.push(cursor.text()?);
        }
        let count = cursor.count()?;
        self.value_list(count, cursor)
    }

    fn slots(&mut self, flags: u8, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        if flags & tags::HAS_SLOTS != 0 {
            for _ in 0..cursor.count()? {
                self.whole_slot(cursor)?;
            }
        }
        Ok(())
    }

    fn text_part(&mut self, element: &str, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let count = cursor.count()?;
        for piece in ["<", element, ">"] {
            self.push(piece);
        }
        for _ in 0..count {
            let flags = cursor.byte()?;
            self.push("<rim:LocalizedString");
            if flags & tags::HAS_LANG != 0 {
                self.attribute("xml:lang", cursor.text()?);
            }
            if flags & tags::HAS_CHARSET != 0 {
                self.attribute("charset", cursor.text()?);
            }
            self.attribute("value", cursor.text()?);
            self.push("/>");
        }
        for piece in ["</", element, ">"] {
            self.push(piece);
        }
        Ok(())
    }

    fn name(&mut self, flags: u8, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        if flags & tags::HAS_LONG_NAME != 0 {
            return self.text_part("rim:Name", cursor);
        }
        self.push(NAME);
        self.push(cursor.text()?);
        self.push(NAME_END);
        Ok(())
    }

    fn coded(&mut self, attribute: CodedAttribute, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let flags = cursor.byte()?;
        let id = cursor.nested_id(flags)?;
        self.classification(attribute.scheme(), id);
        self.attribute("nodeRepresentation", cursor.text()?);
        self.push(">");
        self.slot(slot::CODING_SCHEME, cursor.text()?);
        self.slots(flags, cursor)?;
        self.name(flags, cursor)?;
        self.push(CLASSIFICATION_END);
        Ok(())
    }

    fn author(&mut self, scheme: &str, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let flags = cursor.byte()?;
        let id = cursor.nested_id(flags)?;
        self.classification(scheme, id);
        self.push(" nodeRepresentation=\"\">");
        if flags & tags::HAS_PERSON != 0 {
            self.slot(slot::AUTHOR_PERSON, cursor.text()?);
        }
        for name in [
            slot::AUTHOR_INSTITUTION,
            slot::AUTHOR_ROLE,
            slot::AUTHOR_SPECIALTY,
            slot::AUTHOR_TELECOMMUNICATION,
        ] {
            self.values(name, cursor)?;
        }
        self.slots(flags, cursor)?;
        self.push(CLASSIFICATION_END);
        Ok(())
    }

    fn extra_classification(&mut self, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let flags = cursor.byte()?;
        let id = cursor.nested_id(flags)?;
        let mut given = |flag: u8| match flags & flag {
            0 => Ok(None),
            _ => cursor.text().map(Some),
        };
        let (scheme, node) = (given(tags::HAS_SCHEME)?, given(tags::HAS_NODE)?);
        let representation = given(tags::HAS_REPRESENTATION)?;
        self.push("<rim:Classification");
        if let Some(scheme) = scheme {
            self.attribute("classificationScheme", scheme);
        }
        if let Some(node) = node {
            self.attribute("classificationNode", node);
        }
        if let Some(representation) = representation {
            self.attribute("nodeRepresentation", representation);
        }
        self.classified(id);
        self.push(">");
        self.slots(flags, cursor)?;
        self.name(flags, cursor)?;
        self.push(CLASSIFICATION_END);
        Ok(())
    }

    fn known_identifier(&mut self, (scheme, name): (&str, &str), id: Option<Uuid>, value: &str) {
        self.identifier(scheme, id, value);
        self.push(NAME);
        self.push(name);
        self.push(IDENTIFIER_END);
    }

    fn identifier_part(&mut self, scheme: (&str, &str), cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let flags = cursor.byte()?;
        let id = cursor.nested_id(flags)?;
        self.known_identifier(scheme, id, cursor.text()?);
        Ok(())
    }

    fn extra_identifier(&mut self, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        let flags = cursor.byte()?;
        let id = cursor.nested_id(flags)?;
        let scheme = cursor.text()?;
        self.identifier(scheme, id, cursor.text()?);
        self.name(flags, cursor)?;
        self.push("</rim:ExternalIdentifier>");
        Ok(())
    }
}

/// The name of a slot of one value.
fn single_slot(tag: u8) -> Option<&'static str> {
    Some(match tag {
        tags::CREATION_TIME => slot::CREATION_TIME,
        tags::DOCUMENT_AVAILABILITY => slot::DOCUMENT_AVAILABILITY,
        tags::HASH => slot::HASH,
        tags::LANGUAGE_CODE => slot::LANGUAGE_CODE,
        tags::LEGAL_AUTHENTICATOR => slot::LEGAL_AUTHENTICATOR,
        tags::REPOSITORY_UNIQUE_ID => slot::REPOSITORY_UNIQUE_ID,
        tags::SERVICE_START_TIME => slot::SERVICE_START_TIME,
        tags::SERVICE_STOP_TIME => slot::SERVICE_STOP_TIME,
        tags::SIZE => slot::SIZE,
        tags::SOURCE_PATIENT_ID => slot::SOURCE_PATIENT_ID,
        tags::URI => slot::URI,
        tags::SUBMISSION_TIME => slot::SUBMISSION_TIME,
        _ => return None,
    })
}
