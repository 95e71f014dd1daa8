//! What a request concerns: patients, a submission, documents, a query.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a request concerns.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Objects {
    /// Patients, as CX `id^^^&oid&ISO`. The wire has one message per patient (ITI TF-2 3.20.7.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<String>,
    /// SubmissionSet.uniqueId.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission_set: Option<String>,
    /// Documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentReference>,
    /// Registry objects, by entryUUID.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registry_objects: Vec<String>,
    /// The stored query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<QueryText>,
    /// Message control id: MSH-10, or message.id of HL7 v3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_control_id: Option<String>,
}

impl Objects {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// One patient, or none.
    pub fn of_patient(patient: impl Into<Option<String>>) -> Self {
        Self {
            patients: patient.into().into_iter().collect(),
            ..Self::default()
        }
    }

    /// What both parts of a record say together: lists are joined without repetition, the later
    /// single value wins.
    pub fn merged(mut self, later: Self) -> Self {
        extend(&mut self.patients, later.patients);
        extend(&mut self.documents, later.documents);
        extend(&mut self.registry_objects, later.registry_objects);
        self.submission_set = later.submission_set.or(self.submission_set);
        self.query = later.query.or(self.query);
        self.message_control_id = later.message_control_id.or(self.message_control_id);
        self
    }
}

fn extend<T: PartialEq>(list: &mut Vec<T>, later: Vec<T>) {
    for item in later {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}

/// One document of a repository.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct DocumentReference {
    /// DocumentEntry.uniqueId.
    pub unique_id: String,
    /// repositoryUniqueId.
    pub repository_unique_id: String,
    /// homeCommunityId, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
}

/// A stored query as it was sent.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct QueryText {
    /// AdhocQuery/@id.
    pub id: String,
    /// The `AdhocQueryRequest` element, as text.
    pub text: String,
    /// homeCommunityId in the query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects")
            .field("patients", &self.patients.len())
            .field("documents", &self.documents.len())
            .field("registry_objects", &self.registry_objects.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patient() -> Objects {
        Objects::of_patient("CANARY^^^&1.2.3&ISO".to_owned())
    }

    #[test]
    fn aud_15_debug_names_no_patient() {
        assert!(!format!("{:?}", patient()).contains("CANARY"));
    }

    #[test]
    fn the_two_parts_say_everything_once() {
        let later = Objects {
            submission_set: Some("1.2".to_owned()),
            ..patient()
        };
        let both = patient().merged(later);
        assert_eq!(both.patients.len(), 1);
        assert_eq!(both.submission_set.as_deref(), Some("1.2"));
    }
}
