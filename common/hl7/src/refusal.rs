//! What an acknowledgment says about a message that is not accepted: MSA-1 and the ERR segment
//! (ITI TF-2, Appendix C.2.3).

/// MSA-1 of a refusal (HL7 table 0008, original mode).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AckCode {
    /// AE: the content is wrong; not to be sent again as it is.
    Error,
    /// AR: the header is not supported, or we are unavailable for now; in the second case it may be sent again.
    Reject,
}

impl AckCode {
    /// The code as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "AE",
            Self::Reject => "AR",
        }
    }
}

/// ERR-3: a message error condition (HL7 table 0357).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    /// 100: segments in the wrong order, or a required one is missing.
    SegmentSequence,
    /// 101: a required field is missing.
    RequiredFieldMissing,
    /// 102: the content has not the type of the field.
    DataType,
    /// 103: a coded value that its table does not have.
    TableValueNotFound,
    /// 200: MSH-9.1 is not supported.
    UnsupportedMessageType,
    /// 201: MSH-9.2 is not supported.
    UnsupportedTriggerEvent,
    /// 202: MSH-11 is not supported.
    UnsupportedProcessingId,
    /// 203: MSH-12 is not supported.
    UnsupportedVersion,
    /// 204: the patient is not known.
    UnknownKey,
    /// 205: the patient exists already, or the message id was used for another message.
    DuplicateKey,
    /// 206: the record is locked for now.
    RecordLocked,
    /// 207: anything else that went wrong inside.
    Internal,
}

impl Condition {
    /// ERR-3.1 and ERR-3.2: the code and its text.
    pub fn code_and_text(self) -> (&'static str, &'static str) {
        match self {
            Self::SegmentSequence => ("100", "Segment sequence error"),
            Self::RequiredFieldMissing => ("101", "Required field missing"),
            Self::DataType => ("102", "Data type error"),
            Self::TableValueNotFound => ("103", "Table value not found"),
            Self::UnsupportedMessageType => ("200", "Unsupported message type"),
            Self::UnsupportedTriggerEvent => ("201", "Unsupported trigger event"),
            Self::UnsupportedProcessingId => ("202", "Unsupported processing id"),
            Self::UnsupportedVersion => ("203", "Unsupported version id"),
            Self::UnknownKey => ("204", "Unknown key identifier"),
            Self::DuplicateKey => ("205", "Duplicate key identifier"),
            Self::RecordLocked => ("206", "Application record locked"),
            Self::Internal => ("207", "Application internal error"),
        }
    }
}

/// ERR-2: where the fault is, as precisely as it is known. All numbers count from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    segment: &'static str,
    sequence: usize,
    // Field, its repetition, component, subcomponent; an absent one ends the place.
    path: [Option<usize>; 4],
}

impl Place {
    /// The segment with this name; `sequence` tells it from others of the name.
    pub const fn segment(segment: &'static str, sequence: usize) -> Self {
        Self {
            segment,
            sequence,
            path: [None; 4],
        }
    }

    /// A field of the only segment with this name.
    pub const fn field(segment: &'static str, field: usize) -> Self {
        Self {
            segment,
            sequence: 1,
            path: [Some(field), None, None, None],
        }
    }

    /// A repetition of this field.
    pub const fn repetition(self, repetition: usize) -> Self {
        let [field, ..] = self.path;
        Self {
            path: [field, Some(repetition), None, None],
            ..self
        }
    }

    /// A component of this field, in its first repetition if none is named yet.
    pub const fn component(self, component: usize) -> Self {
        let [field, repetition, ..] = self.path;
        let repetition = if repetition.is_some() { repetition } else { Some(1) };
        Self {
            path: [field, repetition, Some(component), None],
            ..self
        }
    }

    /// A subcomponent of this component.
    pub const fn subcomponent(self, subcomponent: usize) -> Self {
        let [field, repetition, component, _] = self.path;
        Self {
            path: [field, repetition, component, Some(subcomponent)],
            ..self
        }
    }
}

/// `PID^1^3^2^4^1`, as ERR-2 has it.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}^{}", self.segment, self.sequence)?;
        self.path
            .iter()
            .map_while(|step| *step)
            .try_for_each(|step| write!(f, "^{step}"))
    }
}

/// A negative acknowledgment. Holds no content of the message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// MSA-1.
    pub code: AckCode,
    /// ERR-3.
    pub condition: Condition,
    /// ERR-2; absent when the fault lies in no field.
    pub place: Option<Place>,
}

impl Refusal {
    /// AE: the content is wrong.
    pub const fn error(condition: Condition, place: Place) -> Self {
        Self {
            code: AckCode::Error,
            condition,
            place: Some(place),
        }
    }

    /// AR because of a value in the header.
    pub const fn reject(condition: Condition, place: Place) -> Self {
        Self {
            code: AckCode::Reject,
            condition,
            place: Some(place),
        }
    }

    /// AR because the message cannot be worked on now; the sender may send it again.
    pub const fn unavailable() -> Self {
        Self {
            code: AckCode::Reject,
            condition: Condition::Internal,
            place: None,
        }
    }

    /// AR because the trigger event in MSH-9.2 is not served here.
    pub const fn unsupported_trigger() -> Self {
        Self::reject(
            Condition::UnsupportedTriggerEvent,
            Place::field("MSH", 9).component(2),
        )
    }
}
