//! What a request concerns: patients, a submission, documents, a query.

use std::collections::BTreeMap;
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
    /// Patients whose identifier a merge took away (MRG-1, priorRegistrationRole), as CX; the surviving one is in
    /// [`Objects::patients`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subsumed: Vec<String>,
    /// Whose a document or registry object is, by uniqueId or entryUUID: so that with several patients each
    /// message names only what is that patient's. Not needed with one patient. Never of what was withheld: messages
    /// leave the house.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub owners: BTreeMap<String, String>,
    /// homeCommunityId that the request is for, beside that of the query and the documents (ITI-92).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Id of the user's assertion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assertion: Option<String>,
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
        extend(&mut self.subsumed, later.subsumed);
        self.owners.extend(later.owners);
        self.home = later.home.or(self.home);
        self.assertion = later.assertion.or(self.assertion);
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
            subsumed: vec!["OLD".to_owned()],
            owners: BTreeMap::from([("1.2.3".to_owned(), "A".to_owned())]),
            home: Some("urn:oid:1.2".to_owned()),
            assertion: Some("_1".to_owned()),
            ..patient()
        };
        let both = patient().merged(later.clone());
        assert_eq!(both.patients.len(), 1);
        assert!(both == later && later.clone().merged(patient()) == later);
    }

    #[test]
    fn what_older_journals_hold_is_read_and_what_is_not_known_takes_no_room() {
        assert!(serde_json::from_str::<Objects>("{}").unwrap() == Objects::default());
        assert_eq!(serde_json::to_string(&Objects::default()).unwrap(), "{}");
    }
}
