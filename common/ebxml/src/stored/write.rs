//! Body and columns to an element of an answer.

use uuid::Uuid;
use xds_model::DocumentEntryType;
use xds_model::ident::HomeCommunityId;

use super::columns::{AssociationColumns, EntryColumns, FolderColumns, SetColumns};
use super::cursor::{BodyError, Cursor};
use super::tags;
use super::template::{Head, Nested, Template, push_urn};
use crate::terms::{self, ASSOCIATION_TYPE, PACKAGE_TYPE, Schemes};

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
