//! What a record says of a document beyond what policy decides on: read from the object that is stored.

use registry_core::records::Released;
use registry_core::view;
use uuid::Uuid;
use xds_ebxml::stored::{BodyError, EntryColumns, Escaped, decode_document_entry};
use xds_model::{AvailabilityStatus, DocumentEntry};

/// A document on its way out, as records tell of it; none if they tell nothing of such a release. `body` is the object as
/// it is stored.
///
/// # Errors
/// When the stored object is damaged.
pub(crate) fn outgoing(
    entry: Uuid,
    released: &view::Released,
    decision: Uuid,
    body: &[u8],
) -> Result<Option<Released>, BodyError> {
    if !Released::is_told(&released.permit) {
        return Ok(None);
    }
    let mut outgoing = Released::new(
        entry,
        released.document.clone(),
        released.permit.clone(),
        decision,
    );
    describe(&mut outgoing, body)?;
    Ok(Some(outgoing))
}

/// Adds title, hash, the identifier at the author, and how the author acquired it. An empty body, of an answer that has
/// ids alone, adds nothing.
///
/// # Errors
/// When the stored object is damaged.
fn describe(released: &mut Released, body: &[u8]) -> Result<(), BodyError> {
    if body.is_empty() {
        return Ok(());
    }
    let entry = entry(released, body)?;
    released.title = entry.title.first().map(str::to_owned);
    released.hash = entry.hash.as_ref().map(|hash| hash.as_str().to_owned());
    released.acquisition = acquisition(&entry);
    released.source_patient = entry.source_patient_id;
    Ok(())
}

fn entry(released: &Released, body: &[u8]) -> Result<DocumentEntry, BodyError> {
    let patient = released.document.patient.as_ref();
    let patient_id = patient
        .map(|patient| Escaped::new(&patient.0))
        .unwrap_or_default();
    // What can change after registration is not asked for.
    let columns = EntryColumns {
        id: released.entry,
        logical_id: released.entry,
        version: 1,
        status: AvailabilityStatus::Approved,
        home: None,
        patient_id: &patient_id,
    };
    decode_document_entry(body, &columns)
}

fn acquisition(entry: &DocumentEntry) -> Option<String> {
    let mut slots = entry.extras.slots.iter();
    let slot = slots.find(|slot| slot.name == Released::ACQUISITION_SLOT)?;
    slot.values.first().map(|value| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use xds_ebxml::stored::encode_document_entry;
    use xds_model::slot::Slot;
    use xds_model::text::Text;
    use xds_model::{DocumentEntryType, PatientId};
    use xds_policy::basis::Basis;
    use xds_policy::decision::Permit;
    use xds_policy::hash::ContentHash;
    use xds_policy::version::{InstrumentKind, InstrumentRef};

    use super::*;

    const PATIENT: &str = "P0001^^^&1.2.392.200036.9125&ISO";

    fn released(id: Uuid) -> Released {
        let document = serde_json::json!({
            "author_org": "H1", "class_code": "18842-5", "type_code": "11490-0",
            "registered_at": "2026-06-01T00:00:00Z", "patient": PATIENT
        });
        let permit = Permit {
            basis: Basis::Own,
            consent_model: None,
            instrument: std::sync::Arc::new(InstrumentRef {
                kind: InstrumentKind::Organisation,
                id: "H1".into(),
                version: 1,
                hash: ContentHash::of_bytes(b"x"),
            }),
            obligations: Vec::new().into(),
        };
        Released::new(id, serde_json::from_value(document).unwrap(), permit, Uuid::nil())
    }

    #[test]
    fn a_record_is_told_what_the_entry_says() {
        let id = Uuid::from_u128(5);
        let kind = DocumentEntryType::Stable;
        let mut entry =
            DocumentEntry::new(id.into(), kind, "text/plain".to_owned(), "1.2.3".parse().unwrap());
        entry.patient_id = Some(PATIENT.parse::<PatientId>().unwrap());
        entry.title = Text::plain("紹介状 <1>");
        entry.hash = Some("da39a3ee5e6b4b0d3255bfef95601890afd80709".parse().unwrap());
        entry.source_patient_id = Some("77^^^&1.2.3&ISO".to_owned());
        let slot = Slot::single(Released::ACQUISITION_SLOT, " 紹介元から取得 ");
        entry.extras.slots.push(slot);
        let mut released = released(id);
        describe(&mut released, &[]).unwrap();
        assert_eq!(released.title, None);
        describe(&mut released, &encode_document_entry(&entry)).unwrap();
        assert_eq!(released.title.as_deref(), Some("紹介状 <1>"));
        assert_eq!(
            released.hash.as_deref(),
            Some("da39a3ee5e6b4b0d3255bfef95601890afd80709")
        );
        assert_eq!(released.source_patient.as_deref(), Some("77^^^&1.2.3&ISO"));
        assert_eq!(released.acquisition.as_deref(), Some("紹介元から取得"));
        assert!(describe(&mut released, b"damaged").is_err());
    }
}
