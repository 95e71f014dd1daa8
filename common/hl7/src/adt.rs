//! The ADT messages of the Patient Identity Feed (ITI TF-2, 3.8.4), as typed values.
//!
//! Strict about what makes an identity (type, version, identifiers, one patient for each message), tolerant
//! about the rest: EVN and PV1 may be absent, MSH-9.3 is not looked at, unknown segments and fields are passed over.

use std::collections::BTreeMap;
use std::fmt;

use time::{OffsetDateTime, UtcOffset};
use xds_model::time::Dtm;
use xds_model::{Oid, PatientId};

use crate::er7::{Er7Error, Field, Message, Segment};
use crate::identifier::{self, Cx};
use crate::name::PersonName;
use crate::refusal::{Condition, Place, Refusal};
use crate::timestamp::Timestamp;

/// What a feed is known for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FeedSettings {
    /// CX.4.1 to OID: what a namespace stands for. An OID may have several names.
    pub namespaces: BTreeMap<String, Oid>,
    /// The zone of times that are sent without one.
    pub zone: UtcOffset,
}

/// No namespaces, and UTC.
impl Default for FeedSettings {
    fn default() -> Self {
        Self {
            namespaces: BTreeMap::new(),
            zone: UtcOffset::UTC,
        }
    }
}

/// MSH-9.2, the events of ITI-8.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Trigger {
    /// Admission of an in-patient.
    A01,
    /// Registration of an out-patient.
    A04,
    /// Pre-admission.
    A05,
    /// Update of demographics.
    A08,
    /// Merge: the identifier in MRG-1 is given up for the one in PID-3.
    A40,
}

impl Trigger {
    /// Every event.
    pub const ALL: [Self; 5] = [Self::A01, Self::A04, Self::A05, Self::A08, Self::A40];

    /// The code as written.
    pub fn code(self) -> &'static str {
        match self {
            Self::A01 => "A01",
            Self::A04 => "A04",
            Self::A05 => "A05",
            Self::A08 => "A08",
            Self::A40 => "A40",
        }
    }
}

/// PID-8 (HL7 table 0001).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Sex {
    /// `F`.
    Female,
    /// `M`.
    Male,
    /// `O`.
    Other,
    /// `U`.
    Unknown,
    /// `A`.
    Ambiguous,
    /// `N`.
    NotApplicable,
}

impl Sex {
    const ALL: [Self; 6] = [
        Self::Female,
        Self::Male,
        Self::Other,
        Self::Unknown,
        Self::Ambiguous,
        Self::NotApplicable,
    ];

    /// The code as written.
    pub fn code(self) -> &'static str {
        match self {
            Self::Female => "F",
            Self::Male => "M",
            Self::Other => "O",
            Self::Unknown => "U",
            Self::Ambiguous => "A",
            Self::NotApplicable => "N",
        }
    }
}

/// An ADT message. `Debug` shows no patient data.
#[derive(Clone, Eq, PartialEq)]
pub struct AdtMessage {
    /// MSH-10, with escapes decoded.
    pub control_id: String,
    /// MSH-9.2.
    pub trigger: Trigger,
    /// MSH-12.1.
    pub version: String,
    /// MSH-3 as sent (HD in ER7).
    pub sending_application: String,
    /// MSH-4 as sent (HD in ER7).
    pub sending_facility: String,
    /// MSH-5 as sent (HD in ER7).
    pub receiving_application: String,
    /// MSH-6 as sent (HD in ER7).
    pub receiving_facility: String,
    /// MSH-7.
    pub message_time: Option<OffsetDateTime>,
    /// PID-3, in the order sent.
    pub identifiers: Vec<Cx>,
    /// PID-5, in the order sent: up to three forms of the name and more. Null and empty ones left out.
    pub names: Vec<PersonName>,
    /// PID-7: a day, month or year, never moved by a zone. Null counts as absent.
    pub birth_date: Option<Dtm>,
    /// PID-8. Null counts as absent.
    pub sex: Option<Sex>,
    /// MRG-1, in the order sent; there for A40 only.
    pub merged: Option<Vec<Cx>>,
}

impl AdtMessage {
    /// Characters in the longest MSH-10 (HL7 v2.7; 20 in the versions before it).
    pub const CONTROL_ID_CHARS_MAX: usize = 199;
    /// Repetitions of PID-3, PID-5 or MRG-1.
    pub const REPETITIONS_MAX: usize = 100;

    /// Reads a message from its decoded text.
    ///
    /// # Errors
    /// With the first fault found; the header is looked at first.
    pub fn parse(text: &str, settings: &FeedSettings) -> Result<Self, AdtError> {
        let message = Message::parse(text)?;
        let header = *message.segments().first().ok_or(Er7Error::NoHeader)?;
        let trigger = trigger(header)?;
        check_header(header)?;
        let control_id = control_id(header)?;
        let pid = only(&message, "PID")?;
        check_event(&message, trigger)?;
        let raw = |number| header.field(number).raw().to_owned();
        Ok(Self {
            control_id,
            trigger,
            version: header.field(12).first().component(1).raw().to_owned(),
            sending_application: raw(3),
            sending_facility: raw(4),
            receiving_application: raw(5),
            receiving_facility: raw(6),
            message_time: message_time(header, settings.zone)?,
            identifiers: identifiers(pid.field(3), Place::field("PID", 3), settings)?,
            names: names(pid.field(5))?,
            birth_date: birth_date(pid.field(7))?,
            sex: sex(pid.field(8))?,
            merged: merged(&message, trigger, settings)?,
        })
    }

    /// The identifier that the affinity domain's authority gave to the patient: the one repetition of PID-3
    /// with it. Identifiers of other authorities are passed over (ITI TF-1, 10.6).
    ///
    /// # Errors
    /// When there are two different ones, or the one there is has no usable id.
    pub fn domain_identifier(&self, domain: &Oid) -> Result<Option<PatientId>, AdtError> {
        identifier::of_domain(&self.identifiers, domain)
    }

    /// The identifier of the affinity domain that is given up, from MRG-1.
    ///
    /// # Errors
    /// As for [`Self::domain_identifier`].
    pub fn merged_identifier(&self, domain: &Oid) -> Result<Option<PatientId>, AdtError> {
        identifier::of_domain(self.merged.as_deref().unwrap_or_default(), domain)
    }
}

fn trigger(header: Segment<'_>) -> Result<Trigger, AdtError> {
    let message_type = header.field(9).first();
    if message_type.component(1).raw() != "ADT" {
        return Err(AdtError::MessageType);
    }
    let code = message_type.component(2).raw();
    Trigger::ALL
        .into_iter()
        .find(|trigger| trigger.code() == code)
        .ok_or(AdtError::Trigger)
}

fn check_header(header: Segment<'_>) -> Result<(), AdtError> {
    match header.field(12).first().component(1).raw() {
        "2.3.1" | "2.4" | "2.5" | "2.5.1" => {}
        _ => return Err(AdtError::Version),
    }
    match header.field(11).first().component(1).raw() {
        "P" | "T" | "D" => Ok(()),
        _ => Err(AdtError::ProcessingId),
    }
}

fn control_id(header: Segment<'_>) -> Result<String, AdtError> {
    let place = Place::field("MSH", 10);
    let field = header.field(10);
    if field.is_empty() || field.is_null() {
        return Err(AdtError::FieldMissing { place });
    }
    let id = field
        .first()
        .component(1)
        .text()
        .map_err(|_| AdtError::Malformed { place })?;
    let fits = id.chars().count() <= AdtMessage::CONTROL_ID_CHARS_MAX && !id.chars().any(char::is_control);
    // The whole field is the id: what looks like components would be lost from the answer's MSA-2.
    if fits && field.raw() == field.first().component(1).raw() {
        Ok(id.into_owned())
    } else {
        Err(AdtError::Malformed { place })
    }
}

fn only<'a>(message: &Message<'a>, id: &'static str) -> Result<Segment<'a>, AdtError> {
    let mut segments = message.named(id);
    let first = segments.next().ok_or(AdtError::SegmentMissing { segment: id })?;
    match segments.next() {
        None => Ok(first),
        Some(_) => Err(AdtError::SegmentRepeated { segment: id }),
    }
}

/// EVN-1 is optional, but where it is there it names the same event (ITI TF-2, Appendix C.2.4).
fn check_event(message: &Message<'_>, trigger: Trigger) -> Result<(), AdtError> {
    let event = message
        .named("EVN")
        .next()
        .map(|evn| evn.field(1).raw())
        .unwrap_or_default();
    if event.is_empty() || event == trigger.code() {
        Ok(())
    } else {
        Err(AdtError::Malformed {
            place: Place::field("EVN", 1),
        })
    }
}

fn message_time(header: Segment<'_>, zone: UtcOffset) -> Result<Option<OffsetDateTime>, AdtError> {
    let malformed = AdtError::Malformed {
        place: Place::field("MSH", 7),
    };
    let time = timestamp(header.field(7), malformed.clone())?;
    time.map(|time| time.instant(zone).ok_or(malformed)).transpose()
}

fn birth_date(field: Field<'_>) -> Result<Option<Dtm>, AdtError> {
    let time = timestamp(
        field,
        AdtError::Malformed {
            place: Place::field("PID", 7),
        },
    )?;
    Ok(time.map(|time| time.date()))
}

fn timestamp(field: Field<'_>, malformed: AdtError) -> Result<Option<Timestamp>, AdtError> {
    if field.is_empty() || field.is_null() {
        return Ok(None);
    }
    Timestamp::parse(field.first().component(1).raw())
        .ok_or(malformed)
        .map(Some)
}

fn sex(field: Field<'_>) -> Result<Option<Sex>, AdtError> {
    if field.is_empty() || field.is_null() {
        return Ok(None);
    }
    let code = field.first().component(1).raw();
    let known = Sex::ALL.into_iter().find(|sex| sex.code() == code);
    known
        .ok_or(AdtError::TableValue {
            place: Place::field("PID", 8),
        })
        .map(Some)
}

fn identifiers(field: Field<'_>, place: Place, settings: &FeedSettings) -> Result<Vec<Cx>, AdtError> {
    check_repetitions(field, place)?;
    let given = (1..).zip(field.repetitions()).filter(|(_, cx)| !cx.is_empty());
    let identifiers: Result<Vec<_>, _> = given
        .map(|(n, cx)| Cx::parse(cx, place.repetition(n), &settings.namespaces))
        .collect();
    match identifiers {
        Ok(identifiers) if identifiers.is_empty() => Err(AdtError::FieldMissing { place }),
        identifiers => identifiers,
    }
}

fn names(field: Field<'_>) -> Result<Vec<PersonName>, AdtError> {
    let place = Place::field("PID", 5);
    check_repetitions(field, place)?;
    let given = (1..)
        .zip(field.repetitions())
        .filter(|(_, name)| !matches!(name.raw(), "" | "\"\""));
    given
        .map(|(n, name)| {
            PersonName::parse(name).map_err(|_| AdtError::Malformed {
                place: place.repetition(n),
            })
        })
        .collect()
}

fn check_repetitions(field: Field<'_>, place: Place) -> Result<(), AdtError> {
    if field.repetitions().nth(AdtMessage::REPETITIONS_MAX).is_some() {
        return Err(AdtError::TooManyRepetitions { place });
    }
    Ok(())
}

/// MRG, which A40 requires and the other events do not have: there it is passed over.
fn merged(
    message: &Message<'_>,
    trigger: Trigger,
    settings: &FeedSettings,
) -> Result<Option<Vec<Cx>>, AdtError> {
    if trigger != Trigger::A40 {
        return Ok(None);
    }
    let mrg = only(message, "MRG")?;
    let position = |id| message.segments().iter().position(|segment| segment.id() == id);
    if position("MRG") < position("PID") {
        return Err(AdtError::SegmentOrder { segment: "MRG" });
    }
    identifiers(mrg.field(1), Place::field("MRG", 1), settings).map(Some)
}

impl fmt::Debug for AdtMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdtMessage")
            .field("control_id", &self.control_id)
            .field("trigger", &self.trigger)
            .field("version", &self.version)
            .field("identifiers", &self.identifiers.len())
            .field("names", &self.names.len())
            .finish_non_exhaustive()
    }
}

/// Why a text is no ADT message of ITI-8. Holds places, never content.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AdtError {
    /// It is no message in ER7.
    #[error(transparent)]
    Er7(#[from] Er7Error),
    /// MSH-9.1 is not ADT.
    #[error("the message type (MSH-9.1) is not ADT")]
    MessageType,
    /// MSH-9.2 is no event of ITI-8.
    #[error("the trigger event (MSH-9.2) is not A01, A04, A05, A08 or A40")]
    Trigger,
    /// MSH-12 is not supported.
    #[error("the version (MSH-12) is not 2.3.1, 2.4, 2.5 or 2.5.1")]
    Version,
    /// MSH-11 is not supported.
    #[error("the processing id (MSH-11) is not P, T or D")]
    ProcessingId,
    /// A required segment is absent.
    #[error("segment {segment} is missing")]
    SegmentMissing {
        /// Its name.
        segment: &'static str,
    },
    /// A segment that may be there once is there again.
    #[error("segment {segment} is there more than once")]
    SegmentRepeated {
        /// Its name.
        segment: &'static str,
    },
    /// A segment stands in the wrong place.
    #[error("segment {segment} is out of order")]
    SegmentOrder {
        /// Its name.
        segment: &'static str,
    },
    /// A required field or component is empty or null.
    #[error("{place} is required and has no value")]
    FieldMissing {
        /// Where.
        place: Place,
    },
    /// Content that has not the form of its type.
    #[error("{place} has not the form that its data type requires")]
    Malformed {
        /// Where.
        place: Place,
    },
    /// A code that its table does not have.
    #[error("{place} has a code that is not in its table")]
    TableValue {
        /// Where.
        place: Place,
    },
    /// Namespace and universal id of an authority are configured for different ones.
    #[error("{place}: namespace and universal id name different assigning authorities")]
    DisagreeingAuthority {
        /// Where.
        place: Place,
    },
    /// A second, different identifier of the affinity domain.
    #[error("{place} is a second, different identifier of the affinity domain")]
    AmbiguousIdentifier {
        /// Where.
        place: Place,
    },
    /// More than [`AdtMessage::REPETITIONS_MAX`].
    #[error("{place} has more than 100 repetitions")]
    TooManyRepetitions {
        /// Where.
        place: Place,
    },
}

impl AdtError {
    /// What to answer. The only place where a fault of a message meets its code.
    pub fn refusal(&self) -> Refusal {
        const MSH_9: Place = Place::field("MSH", 9);
        match self {
            Self::Er7(error) => Refusal::error(er7_condition(*error), er7_place(*error)),
            Self::MessageType => Refusal::reject(Condition::UnsupportedMessageType, MSH_9.component(1)),
            Self::Trigger => Refusal::unsupported_trigger(),
            Self::Version => Refusal::reject(Condition::UnsupportedVersion, Place::field("MSH", 12)),
            Self::ProcessingId => {
                Refusal::reject(Condition::UnsupportedProcessingId, Place::field("MSH", 11))
            }
            Self::SegmentMissing { segment } | Self::SegmentOrder { segment } => {
                Refusal::error(Condition::SegmentSequence, Place::segment(segment, 1))
            }
            Self::SegmentRepeated { segment } => {
                Refusal::error(Condition::SegmentSequence, Place::segment(segment, 2))
            }
            Self::FieldMissing { place } => Refusal::error(Condition::RequiredFieldMissing, *place),
            Self::TableValue { place } => Refusal::error(Condition::TableValueNotFound, *place),
            Self::Malformed { place }
            | Self::DisagreeingAuthority { place }
            | Self::AmbiguousIdentifier { place }
            | Self::TooManyRepetitions { place } => Refusal::error(Condition::DataType, *place),
        }
    }
}

fn er7_condition(error: Er7Error) -> Condition {
    match error {
        Er7Error::NoHeader | Er7Error::Segment { .. } | Er7Error::TooManySegments => {
            Condition::SegmentSequence
        }
        Er7Error::Delimiters | Er7Error::Control | Er7Error::LineFeed => Condition::DataType,
    }
}

fn er7_place(error: Er7Error) -> Place {
    match error {
        Er7Error::Delimiters => Place::field("MSH", 2),
        Er7Error::NoHeader
        | Er7Error::Control
        | Er7Error::LineFeed
        | Er7Error::Segment { .. }
        | Er7Error::TooManySegments => Place::segment("MSH", 1),
    }
}
