//! From XML: what receivers get from anybody.
//!
//! Reads the three forms that DICOM had (a code in the attribute `code`, or an AuditSourceTypeCode as text, before
//! 2017c) and RFC 3881 messages. Elements are found by their local name, whatever their namespace and order.
//! What is missing or not understood is noted, and the rest is read: a message with a fault is still evidence.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xds_audit::{Action, Outcome};
use xds_xml::{Document, Element, Limits, XmlError};

use super::{
    ActiveParticipant, AuditMessage, AuditSource, Detail, EventIdentification, NameOrQuery,
    NetworkAccessPoint, NetworkType, ObjectLifeCycle, ObjectRole, ObjectType, ParticipantObject,
};
use crate::code::{CodedValue, DCM};
use crate::source::{UNKNOWN, known_cow};

/// A message that was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReadMessage {
    /// The message.
    pub message: AuditMessage,
    /// What was wrong with it, each fault once.
    pub faults: Vec<ReadFault>,
}

/// Something that is not as it should be, and what was taken in its place.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum ReadFault {
    /// `unknown` was taken.
    #[error("a mandatory value is missing")]
    MissingValue,
    /// The time of receipt was taken.
    #[error("EventDateTime is missing or no date")]
    EventDateTime,
    /// UTC was taken.
    #[error("EventDateTime has no zone")]
    NoZone,
    /// 12 was taken.
    #[error("EventOutcomeIndicator is missing or none of 0, 4, 8, 12")]
    Outcome,
    /// The value was left out.
    #[error("an enumerated value is none of the list")]
    Enumeration,
    /// The bytes were taken as they stand.
    #[error("a value is not base64")]
    Base64,
    /// An element that must stand there does not.
    #[error("an element is missing")]
    MissingElement,
    /// All but the first were left out.
    #[error("an element stands more often than it may")]
    Repeated,
}

/// Why nothing could be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// The XML is not well formed or over a limit.
    #[error("not readable as XML: {0}")]
    Xml(#[from] XmlError),
    /// The root element is another one.
    #[error("the root element is no AuditMessage")]
    NotAuditMessage,
    /// Nothing tells what happened.
    #[error("no EventIdentification with an EventID")]
    NoEvent,
}

/// Bytes of a message, at most.
const BYTES_MAX: usize = 64 << 20;

/// Reads a message. `received` is the time of receipt.
///
/// # Errors
/// [`ReadError`], when it tells nothing.
pub fn read(xml: &[u8], received: OffsetDateTime) -> Result<ReadMessage, ReadError> {
    let document = Document::parse(xml, &limits())?;
    let root = document.root();
    if root.local() != "AuditMessage" {
        return Err(ReadError::NotAuditMessage);
    }
    let mut reading = Reading::default();
    let event = first(root, "EventIdentification").ok_or(ReadError::NoEvent)?;
    let event = reading.event(event, received).ok_or(ReadError::NoEvent)?;
    let participants: Vec<_> = named(root, "ActiveParticipant")
        .map(|element| reading.participant(element))
        .collect();
    if participants.is_empty() {
        reading.note(ReadFault::MissingElement);
    }
    let source = reading.source(root);
    let objects = named(root, "ParticipantObjectIdentification")
        .map(|element| reading.object(element))
        .collect();
    Ok(ReadMessage {
        message: AuditMessage {
            event,
            participants,
            source,
            objects,
        },
        faults: reading.faults,
    })
}

fn limits() -> Limits {
    Limits {
        document_bytes_max: BYTES_MAX,
        depth_max: 16,
        attribute_bytes_max: BYTES_MAX,
        text_bytes_max: BYTES_MAX,
        ..Limits::default()
    }
}

#[derive(Default)]
struct Reading {
    faults: Vec<ReadFault>,
}

impl Reading {
    fn note(&mut self, fault: ReadFault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn event(&mut self, element: Element<'_>, received: OffsetDateTime) -> Option<EventIdentification> {
        let id = first(element, "EventID")?;
        Some(EventIdentification {
            action: self.enumerated(element, "EventActionCode", action),
            at: self.at(element.attribute("EventDateTime"), received),
            outcome: self.outcome(element.attribute("EventOutcomeIndicator")),
            id: self.coded(id),
            types: self.all_coded(element, "EventTypeCode"),
            outcome_description: first(element, "EventOutcomeDescription")
                .and_then(|description| description.text().ok())
                .map(str::to_owned),
            purposes: self.all_coded(element, "PurposeOfUse"),
        })
    }

    fn at(&mut self, text: Option<&str>, received: OffsetDateTime) -> OffsetDateTime {
        let text = text.unwrap_or_default().trim();
        if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
            return at;
        }
        let in_utc = OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339);
        self.note(if in_utc.is_ok() {
            ReadFault::NoZone
        } else {
            ReadFault::EventDateTime
        });
        in_utc.unwrap_or(received)
    }

    fn outcome(&mut self, text: Option<&str>) -> Outcome {
        match text.map(str::trim) {
            Some("0") => Outcome::Success,
            Some("4") => Outcome::MinorFailure,
            Some("8") => Outcome::SeriousFailure,
            Some("12") => Outcome::MajorFailure,
            _ => {
                self.note(ReadFault::Outcome);
                Outcome::MajorFailure
            }
        }
    }

    fn participant(&mut self, element: Element<'_>) -> ActiveParticipant {
        let attribute = |name| element.attribute(name).map(str::to_owned);
        let media_type = first(element, "MediaIdentifier").and_then(|media| first(media, "MediaType"));
        ActiveParticipant {
            user_id: self.mandatory(element, "UserID"),
            alternative_user_id: attribute("AlternativeUserID"),
            user_name: attribute("UserName"),
            // RFC 3881 has `true` in place of a missing one.
            is_requestor: !matches!(
                element.attribute("UserIsRequestor").map(str::trim),
                Some("false" | "0")
            ),
            network: attribute("NetworkAccessPointID").map(|id| NetworkAccessPoint {
                id,
                kind: self.enumerated(element, "NetworkAccessPointTypeCode", NetworkType::from_code),
            }),
            roles: self.all_coded(element, "RoleIDCode"),
            media_type: media_type.map(|kind| self.coded(kind)),
        }
    }

    fn source(&mut self, root: Element<'_>) -> AuditSource {
        let mut sources = named(root, "AuditSourceIdentification");
        let Some(element) = sources.next() else {
            self.note(ReadFault::MissingElement);
            return AuditSource {
                id: UNKNOWN.to_owned(),
                site: None,
                types: Vec::new(),
            };
        };
        if sources.next().is_some() {
            self.note(ReadFault::Repeated);
        }
        AuditSource {
            id: self.mandatory(element, "AuditSourceID"),
            site: element.attribute("AuditEnterpriseSiteID").map(str::to_owned),
            types: named(element, "AuditSourceTypeCode").map(source_type).collect(),
        }
    }

    fn object(&mut self, element: Element<'_>) -> ParticipantObject {
        let id_type = match first(element, "ParticipantObjectIDTypeCode") {
            Some(id_type) => self.coded(id_type),
            None => {
                self.note(ReadFault::MissingElement);
                CodedValue::fixed(UNKNOWN, UNKNOWN, UNKNOWN)
            }
        };
        ParticipantObject {
            id: element.attribute("ParticipantObjectID").map(str::to_owned),
            kind: self.enumerated(element, "ParticipantObjectTypeCode", ObjectType::from_code),
            role: self.enumerated(element, "ParticipantObjectTypeCodeRole", ObjectRole::from_code),
            life_cycle: self.enumerated(
                element,
                "ParticipantObjectDataLifeCycle",
                ObjectLifeCycle::from_code,
            ),
            sensitivity: element
                .attribute("ParticipantObjectSensitivity")
                .map(str::to_owned),
            id_type,
            name_or_query: self.name_or_query(element),
            details: named(element, "ParticipantObjectDetail")
                .map(|detail| Detail {
                    kind: self.mandatory(detail, "type"),
                    value: self.bytes(detail.attribute("value").unwrap_or_default()),
                })
                .collect(),
        }
    }

    /// The query, if both stand there: it says more.
    fn name_or_query(&mut self, element: Element<'_>) -> Option<NameOrQuery> {
        let text = |name| first(element, name).and_then(|found| found.text().ok());
        let query = text("ParticipantObjectQuery").map(|query| NameOrQuery::Query(self.bytes(query)));
        query.or_else(|| text("ParticipantObjectName").map(|name| NameOrQuery::Name(name.to_owned())))
    }

    fn bytes(&mut self, text: &str) -> Vec<u8> {
        let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        BASE64.decode(compact).unwrap_or_else(|_| {
            self.note(ReadFault::Base64);
            text.as_bytes().to_vec()
        })
    }

    fn all_coded(&mut self, parent: Element<'_>, name: &str) -> Vec<CodedValue> {
        named(parent, name).map(|element| self.coded(element)).collect()
    }

    fn coded(&mut self, element: Element<'_>) -> CodedValue {
        let value = coded(element);
        if [&value.code, &value.system, &value.text]
            .into_iter()
            .any(|part| part == UNKNOWN)
        {
            self.note(ReadFault::MissingValue);
        }
        value
    }

    fn mandatory(&mut self, element: Element<'_>, name: &str) -> String {
        match element.attribute(name).filter(|value| !value.trim().is_empty()) {
            Some(value) => value.to_owned(),
            None => {
                self.note(ReadFault::MissingValue);
                UNKNOWN.to_owned()
            }
        }
    }

    fn enumerated<T>(
        &mut self,
        element: Element<'_>,
        name: &str,
        of: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = element.attribute(name)?.trim();
        let value = of(text);
        if value.is_none() {
            self.note(ReadFault::Enumeration);
        }
        value
    }
}

/// Whatever the sender's padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// `csd-code` of DICOM or `code` of RFC 3881, `codeSystemName` or `codeSystem`; a text from whichever attribute has one.
fn coded(element: Element<'_>) -> CodedValue {
    let attribute = |name| element.attribute(name).filter(|value| !value.trim().is_empty());
    let display = attribute("displayName");
    CodedValue {
        code: known_cow(attribute("csd-code").or_else(|| attribute("code"))),
        system: known_cow(attribute("codeSystemName").or_else(|| attribute("codeSystem"))),
        text: known_cow(attribute("originalText").or(display)),
        display: display.map(str::to_owned),
    }
}

/// AuditSourceTypeCode: also a bare number as text (DICOM 2016a) or as an attribute without a system.
fn source_type(element: Element<'_>) -> CodedValue {
    let mut value = coded(element);
    if value.code == UNKNOWN {
        value.code = known_cow(element.text().ok().map(str::trim));
    }
    if value.system == UNKNOWN {
        value.system = Cow::Borrowed(DCM);
    }
    if value.text == UNKNOWN {
        value.text = value.code.clone();
    }
    value
}

fn action(code: &str) -> Option<Action> {
    Some(match code {
        "C" => Action::Create,
        "R" => Action::Read,
        "U" => Action::Update,
        "D" => Action::Delete,
        "E" => Action::Execute,
        _ => return None,
    })
}

fn first<'d>(parent: Element<'d>, name: &str) -> Option<Element<'d>> {
    named(parent, name).next()
}

fn named<'d>(parent: Element<'d>, name: &str) -> impl Iterator<Item = Element<'d>> {
    parent.children().filter(move |child| child.local() == name)
}
