//! The generic parts of ebRIM, for what the model has no attribute of its own for.

use uuid::Uuid;

use crate::ident::ObjectId;
use crate::text::Text;

/// A `rim:Slot`: a name and its values in order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slot {
    /// `@name`.
    pub name: String,
    /// `@slotType`, as received.
    pub slot_type: Option<String>,
    /// The text of each `rim:Value`.
    pub values: Vec<String>,
}

impl Slot {
    /// A slot with one value.
    pub fn single(name: &str, value: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            slot_type: None,
            values: vec![value.into()],
        }
    }
}

/// A `rim:Classification` of a scheme the model does not know, kept to be answered as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Classification {
    /// `@id`, when it is a UUID.
    pub id: Option<Uuid>,
    /// `@classificationScheme`.
    pub scheme: Option<String>,
    /// `@classificationNode`.
    pub node: Option<String>,
    /// `@nodeRepresentation`.
    pub representation: Option<String>,
    /// Its slots.
    pub slots: Vec<Slot>,
    /// `rim:Name`.
    pub name: Text,
}

/// A `rim:ExternalIdentifier` of a scheme the model does not know, kept to be answered as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExternalIdentifier {
    /// `@id`, when it is a UUID.
    pub id: Option<Uuid>,
    /// `@identificationScheme`.
    pub scheme: String,
    /// `@value`.
    pub value: String,
    /// `rim:Name`.
    pub name: Text,
}

/// What every registry object may carry beyond its attributes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Extras {
    /// Slots whose name is no attribute of the object, in the order received.
    pub slots: Vec<Slot>,
    /// Classifications of unknown schemes.
    pub classifications: Vec<Classification>,
    /// ExternalIdentifiers of unknown schemes.
    pub identifiers: Vec<ExternalIdentifier>,
}

/// `@id`s of the ExternalIdentifiers of an object that were UUIDs, by attribute, to be answered as received.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct IdentifierIds {
    /// Of patientId.
    pub patient_id: Option<Uuid>,
    /// Of uniqueId.
    pub unique_id: Option<Uuid>,
    /// Of sourceId (SubmissionSet only).
    pub source_id: Option<Uuid>,
}

/// A reference by id to an object, with a place in the request for messages to the submitter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Located {
    /// The object's id as submitted.
    pub id: ObjectId,
    /// Path of element names and positions.
    pub path: String,
}
