//! To XML, in the attribute form of DICOM 2017c (`csd-code` everywhere).
//!
//! The same message always gives the same bytes: no white space between elements, attributes in a fixed order.
//! Characters that XML cannot hold become U+FFFD.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::{OffsetDateTime, UtcOffset};
use xds_audit::Action;
use xds_xml::write::Writer;

use super::{
    ActiveParticipant, AuditMessage, AuditSource, EventIdentification, NameOrQuery, NetworkType,
    ParticipantObject,
};
use crate::code::CodedValue;
use crate::source::known;

impl AuditMessage {
    /// The message as XML, without a declaration.
    pub fn to_xml(&self) -> String {
        let mut writer = Writer::with_capacity(self.bytes_guess());
        writer.open("AuditMessage");
        event(&mut writer, &self.event);
        for participant in &self.participants {
            active_participant(&mut writer, participant);
        }
        audit_source(&mut writer, &self.source);
        for object in &self.objects {
            participant_object(&mut writer, object);
        }
        writer.finish()
    }

    fn bytes_guess(&self) -> usize {
        let object = |object: &ParticipantObject| {
            let query = match &object.name_or_query {
                Some(NameOrQuery::Query(query)) => query.len() / 3 * 4,
                _ => 0,
            };
            query + 400 + object.details.len() * 160
        };
        1024 + self.participants.len() * 400 + self.objects.iter().map(object).sum::<usize>()
    }
}

/// `2026-01-01T10:00:00.000000Z`. Years that xs:dateTime does not have are cut to those it has.
pub(crate) fn date_time(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        at.year().clamp(1, 9999),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.microsecond()
    )
}

/// EventActionCode.
pub(crate) fn action_code(action: Action) -> &'static str {
    match action {
        Action::Create => "C",
        Action::Read => "R",
        Action::Update => "U",
        Action::Delete => "D",
        Action::Execute => "E",
    }
}

fn event(writer: &mut Writer, event: &EventIdentification) {
    writer.open("EventIdentification");
    optional(writer, "EventActionCode", event.action.map(action_code));
    writer
        .attribute("EventDateTime", &date_time(event.at))
        .attribute("EventOutcomeIndicator", &event.outcome.code().to_string());
    coded(writer, "EventID", &event.id);
    for kind in &event.types {
        coded(writer, "EventTypeCode", kind);
    }
    if let Some(description) = &event.outcome_description {
        writer.text_element("EventOutcomeDescription", description);
    }
    for purpose in &event.purposes {
        coded(writer, "PurposeOfUse", purpose);
    }
    writer.close();
}

fn active_participant(writer: &mut Writer, participant: &ActiveParticipant) {
    writer
        .open("ActiveParticipant")
        .attribute("UserID", known(&participant.user_id));
    optional(
        writer,
        "AlternativeUserID",
        participant.alternative_user_id.as_deref(),
    );
    optional(writer, "UserName", participant.user_name.as_deref());
    writer.attribute(
        "UserIsRequestor",
        if participant.is_requestor { "true" } else { "false" },
    );
    if let Some(network) = &participant.network {
        writer.attribute("NetworkAccessPointID", known(&network.id));
        optional(
            writer,
            "NetworkAccessPointTypeCode",
            network.kind.map(NetworkType::code),
        );
    }
    for role in &participant.roles {
        coded(writer, "RoleIDCode", role);
    }
    if let Some(media_type) = &participant.media_type {
        writer.open("MediaIdentifier");
        coded(writer, "MediaType", media_type);
        writer.close();
    }
    writer.close();
}

fn audit_source(writer: &mut Writer, source: &AuditSource) {
    writer
        .open("AuditSourceIdentification")
        .attribute("AuditSourceID", known(&source.id));
    optional(writer, "AuditEnterpriseSiteID", source.site.as_deref());
    for kind in &source.types {
        coded(writer, "AuditSourceTypeCode", kind);
    }
    writer.close();
}

fn participant_object(writer: &mut Writer, object: &ParticipantObject) {
    writer.open("ParticipantObjectIdentification");
    optional(writer, "ParticipantObjectID", object.id.as_deref().map(known));
    optional(
        writer,
        "ParticipantObjectTypeCode",
        object.kind.map(|kind| kind.code()),
    );
    optional(
        writer,
        "ParticipantObjectTypeCodeRole",
        object.role.map(|role| role.code()),
    );
    optional(
        writer,
        "ParticipantObjectDataLifeCycle",
        object.life_cycle.map(|stage| stage.code()),
    );
    optional(
        writer,
        "ParticipantObjectSensitivity",
        object.sensitivity.as_deref(),
    );
    coded(writer, "ParticipantObjectIDTypeCode", &object.id_type);
    match &object.name_or_query {
        Some(NameOrQuery::Name(name)) => {
            writer.text_element("ParticipantObjectName", name);
        }
        Some(NameOrQuery::Query(query)) => {
            writer.text_element("ParticipantObjectQuery", &STANDARD.encode(query));
        }
        None => {}
    }
    for detail in &object.details {
        writer
            .open("ParticipantObjectDetail")
            .attribute("type", known(&detail.kind))
            .attribute("value", &STANDARD.encode(&detail.value))
            .close();
    }
    writer.close();
}

fn coded(writer: &mut Writer, element: &'static str, value: &CodedValue) {
    writer
        .open(element)
        .attribute("csd-code", known(&value.code))
        .attribute("codeSystemName", known(&value.system));
    optional(writer, "displayName", value.display.as_deref());
    writer.attribute("originalText", known(&value.text)).close();
}

fn optional(writer: &mut Writer, name: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        writer.attribute(name, value);
    }
}
