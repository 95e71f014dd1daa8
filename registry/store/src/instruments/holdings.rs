//! Documents as a change of instruments would reach them.

use registry_core::object::scope_from_number;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;
use xds_model::principal::OrganisationId;
use xds_policy::document::Document;
use xds_policy::words::{ClassCode, Confidentiality, PatientRef, SensitivityCode, TypeCode};

use crate::error::StoreError;
use crate::facts::patient;
use crate::pool::Store;
use crate::row::read;
use crate::sql;

const TABLE: &str = "document_entry";

/// Documents of whole patients that are gathered before they are handed on.
const BATCH: usize = 10_000;

/// HL7 Confidentiality, and what is less confidential than normal there.
const HL7: &str = "2.16.840.1.113883.5.25";

impl Store {
    /// Goes through the approved documents of some organisations. `each` gets them in batches that part no patient, so
    /// that patients can be counted batch by batch; one who was merged counts for each identifier that documents are
    /// kept under.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn holdings(
        &self,
        organisations: &[OrganisationId],
        mut each: impl FnMut(&[Document]),
    ) -> Result<(), StoreError> {
        let names: Vec<&str> = organisations
            .iter()
            .map(|organisation| organisation.0.as_str())
            .collect();
        let connection = self.connection().await?;
        let session = self.session(&connection);
        let mut after = (Uuid::nil(), Uuid::nil());
        let mut gathered: Vec<Document> = Vec::new();
        loop {
            let rows = session
                .query(&sql::HOLDINGS, &[&after.0, &after.1, &names])
                .await?;
            if rows.is_empty() {
                each(&gathered);
                return Ok(());
            }
            for row in &rows {
                let place: (Uuid, Uuid) = (read(row, 0, TABLE, "patient")?, read(row, 1, TABLE, "id")?);
                if place.0 != after.0 && gathered.len() >= BATCH {
                    each(&gathered);
                    gathered.clear();
                }
                after = place;
                if read(row, 2, TABLE, "organisation")? {
                    gathered.push(document(row)?);
                }
            }
        }
    }
}

fn document(row: &Row) -> Result<Document, StoreError> {
    let id: &str = read(row, 3, "patient", "id")?;
    let authority: &str = read(row, 4, "patient", "authority")?;
    let class: Option<&str> = read(row, 6, TABLE, "class_code")?;
    let type_code: Option<&str> = read(row, 7, TABLE, "type_code")?;
    let codes: Option<Vec<&str>> = read(row, 8, TABLE, "confidentiality_codes")?;
    let registered_at: OffsetDateTime = read(row, 10, TABLE, "registered_at")?;
    let (confidentiality, sensitivity) = confidentiality(&codes.unwrap_or_default());
    Ok(Document {
        id: None,
        patient: Some(PatientRef(patient(id, authority)?.to_string())),
        author_org: OrganisationId(read(row, 5, TABLE, "organisation")?),
        class_code: ClassCode(code(class.unwrap_or_default()).to_owned()),
        type_code: TypeCode(code(type_code.unwrap_or_default()).to_owned()),
        confidentiality,
        sensitivity,
        scope: scope_from_number(read(row, 9, TABLE, "scope")?).ok_or(StoreError::row(TABLE, "scope"))?,
        registered_at,
        stored_by: None,
        addressed_to: std::collections::BTreeSet::new(),
    })
}

/// The code of code^^scheme.
fn code(text: &str) -> &str {
    text.split_once("^^").map_or(text, |(code, _)| code)
}

/// The highest confidentiality among codes, and the codes that are none: sensitive information. A document without
/// any is taken for very restricted.
fn confidentiality(codes: &[&str]) -> (Confidentiality, Vec<SensitivityCode>) {
    let mut highest = codes.is_empty().then_some(Confidentiality::V);
    let mut sensitivity = Vec::new();
    for text in codes {
        let level = match text.split_once("^^") {
            Some(("U" | "L" | "M" | "N", HL7)) => Confidentiality::N,
            Some(("R", HL7)) => Confidentiality::R,
            Some(("V", HL7)) => Confidentiality::V,
            _ => {
                let sensitive = SensitivityCode(code(text).to_owned());
                if !sensitivity.contains(&sensitive) {
                    sensitivity.push(sensitive);
                }
                continue;
            }
        };
        highest = highest.max(Some(level));
    }
    (highest.unwrap_or_default(), sensitivity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_level_counts_and_other_codes_are_sensitive() {
        let of = |codes: &[&str]| confidentiality(codes);
        let hiv = || vec![SensitivityCode::from("HIV")];
        assert_eq!(of(&["N^^2.16.840.1.113883.5.25"]), (Confidentiality::N, vec![]));
        assert_eq!(
            of(&["V^^2.16.840.1.113883.5.25", "R^^2.16.840.1.113883.5.25"]),
            (Confidentiality::V, vec![])
        );
        assert_eq!(
            of(&["R^^2.16.840.1.113883.5.25", "HIV^^1.2", "HIV^^1.3"]),
            (Confidentiality::R, hiv())
        );
        assert_eq!(of(&["HIV"]), (Confidentiality::N, hiv()));
        assert_eq!(of(&["N^^1.2.3"]).1, [SensitivityCode::from("N")]);
        assert_eq!(of(&[]), (Confidentiality::V, vec![]));
    }
}
