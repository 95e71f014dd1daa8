//! The same as a FHIR R4 AuditEvent, field by field (ITI TF-2 3.20.7 with FHIR's own mapping to DICOM).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::code::{self, CodedValue};
use crate::message::{
    ActiveParticipant, AuditMessage, Detail, NameOrQuery, NetworkType, ObjectRole, ObjectType,
    ParticipantObject, action_code, date_time,
};

/// The code system of DICOM.
pub const DCM_SYSTEM: &str = "http://dicom.nema.org/resources/ontology/DCM";
/// The code system of IHE's transactions.
pub const TRANSACTION_SYSTEM: &str = "urn:ihe:event-type-code";
/// The code system of our own codes, which are of no transaction of IHE.
pub const OWN_SYSTEM: &str = "urn:renkei:audit";

const SOURCE_TYPE_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/security-source-type";
const ENTITY_TYPE_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const OBJECT_ROLE_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const LIFE_CYCLE_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/dicom-audit-lifecycle";

/// The resource. Its `id` is the message's name with points for the slashes, if one of ours wrote it.
pub fn audit_event(message: &AuditMessage) -> Value {
    let event = &message.event;
    let mut resource = Fields::default();
    resource.set("resourceType", json!("AuditEvent"));
    resource.set(
        "id",
        message
            .name()
            .map(|name| json!(name.to_string().replace('/', "."))),
    );
    resource.set("type", coding(&event.id));
    resource.list("subtype", event.types.iter().map(coding));
    resource.set("action", event.action.map(|action| json!(action_code(action))));
    resource.set("recorded", json!(date_time(event.at)));
    resource.set("outcome", json!(event.outcome.code().to_string()));
    resource.text("outcomeDesc", event.outcome_description.as_deref());
    resource.list("purposeOfEvent", event.purposes.iter().map(concept));
    resource.list("agent", message.participants.iter().map(agent));
    resource.set("source", source(message));
    resource.list("entity", message.objects.iter().map(entity));
    resource.into()
}

/// An object that takes no empty values: FHIR has none.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, name: &str, value: impl Into<Option<Value>>) {
        if let Some(value) = value.into() {
            self.0.insert(name.to_owned(), value);
        }
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        self.set(
            name,
            text.map(clean).filter(|text| !text.is_empty()).map(Value::String),
        );
    }

    fn list(&mut self, name: &str, values: impl Iterator<Item = Value>) {
        let values: Vec<Value> = values.collect();
        self.set(name, (!values.is_empty()).then_some(Value::Array(values)));
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Value::Object(fields.0)
    }
}

/// FHIR's strings hold no control characters but tab, CR and LF, and no white space around.
fn clean(text: &str) -> String {
    let allowed = |char: char| !char.is_control() || matches!(char, '\t' | '\r' | '\n');
    text.trim()
        .chars()
        .map(|char| if allowed(char) { char } else { '\u{FFFD}' })
        .collect()
}

/// FHIR's codes hold single spaces at most.
fn token(code: &str) -> String {
    code.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn coding(value: &CodedValue) -> Value {
    let mut fields = Fields::default();
    fields.text("system", system(&value.system).as_deref());
    fields.text("code", Some(&token(&value.code)));
    fields.text("display", Some(value.display.as_deref().unwrap_or(&value.text)));
    fields.into()
}

fn concept(value: &CodedValue) -> Value {
    let mut fields = Fields::default();
    fields.set("coding", json!([coding(value)]));
    fields.text("text", Some(&value.text));
    fields.into()
}

/// FHIR names systems by URI: those that we know, OIDs, and URIs; other names have no system.
fn system(name: &str) -> Option<String> {
    match name {
        code::DCM => Some(DCM_SYSTEM.to_owned()),
        code::IHE_TRANSACTIONS => Some(TRANSACTION_SYSTEM.to_owned()),
        code::IHE_XDS_METADATA => Some("urn:ihe:xds:metadata".to_owned()),
        code::RFC_3881 => Some("http://terminology.hl7.org/CodeSystem/rfc-3881".to_owned()),
        code::OURS => Some(OWN_SYSTEM.to_owned()),
        name if is_oid(name) => Some(format!("urn:oid:{name}")),
        name if is_uri(name) => Some(name.to_owned()),
        _ => None,
    }
}

fn is_oid(text: &str) -> bool {
    text.contains('.')
        && text
            .split('.')
            .all(|arc| !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_uri(text: &str) -> bool {
    let is_graphic = text.bytes().all(|byte| byte.is_ascii_graphic());
    is_graphic
        && ["http://", "https://", "urn:"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
}

fn agent(participant: &ActiveParticipant) -> Value {
    let (ends, roles): (Vec<_>, Vec<_>) = participant
        .roles
        .iter()
        .partition(|role| role.system.eq_ignore_ascii_case(code::DCM));
    let mut fields = Fields::default();
    fields.set("type", ends.first().map(|end| concept(end)));
    fields.list(
        "role",
        ends.iter().skip(1).chain(&roles).map(|role| concept(role)),
    );
    fields.set("who", reference(&participant.user_id));
    fields.text("altId", participant.alternative_user_id.as_deref());
    fields.text("name", participant.user_name.as_deref());
    fields.set("requestor", json!(participant.is_requestor));
    fields.set("media", participant.media_type.as_ref().map(coding));
    if let Some(network) = &participant.network {
        let mut point = Fields::default();
        point.text("address", Some(&network.id));
        point.text("type", network.kind.map(NetworkType::code));
        fields.set("network", Value::from(point));
    }
    fields.into()
}

fn reference(id: &str) -> Option<Value> {
    let id = clean(id);
    (!id.is_empty()).then(|| json!({ "identifier": { "value": id } }))
}

fn source(message: &AuditMessage) -> Value {
    let source = &message.source;
    let mut fields = Fields::default();
    fields.text("site", source.site.as_deref());
    fields.set("observer", reference(&source.id));
    fields.list("type", source.types.iter().map(source_type));
    fields.into()
}

/// The numbers 1 to 9 are a system of their own in FHIR.
fn source_type(value: &CodedValue) -> Value {
    let is_number = matches!(value.code.as_bytes(), [b'1'..=b'9']);
    if !is_number {
        return coding(value);
    }
    let mut fields = Fields::default();
    fields.text("system", Some(SOURCE_TYPE_SYSTEM));
    fields.text("code", Some(&value.code));
    fields.text("display", Some(&value.text));
    fields.into()
}

fn entity(object: &ParticipantObject) -> Value {
    let mut fields = Fields::default();
    fields.set(
        "what",
        object
            .id
            .as_deref()
            .map(|id| json!({ "identifier": identifier(object, id) })),
    );
    let numbered = |system: &str, code: &str| json!({ "system": system, "code": code });
    fields.set(
        "type",
        object.kind.map(|kind| numbered(ENTITY_TYPE_SYSTEM, kind.code())),
    );
    fields.set(
        "role",
        object.role.map(|role| numbered(OBJECT_ROLE_SYSTEM, role.code())),
    );
    fields.set(
        "lifecycle",
        object
            .life_cycle
            .map(|stage| numbered(LIFE_CYCLE_SYSTEM, stage.code())),
    );
    let label = object
        .sensitivity
        .as_deref()
        .map(clean)
        .filter(|label| !label.is_empty());
    fields.set("securityLabel", label.map(|label| json!([{ "code": label }])));
    match &object.name_or_query {
        Some(NameOrQuery::Name(name)) => fields.text("name", Some(name)),
        Some(NameOrQuery::Query(query)) if !query.is_empty() => {
            fields.set("query", json!(STANDARD.encode(query)));
        }
        _ => {}
    }
    fields.list("detail", object.details.iter().filter_map(detail));
    fields.into()
}

/// A patient's id is split into its authority and its value, so that it is found by `patient.identifier`.
fn identifier(object: &ParticipantObject, id: &str) -> Value {
    let mut fields = Fields::default();
    fields.set("type", concept(&object.id_type));
    let is_patient = object.kind == Some(ObjectType::Person) && object.role == Some(ObjectRole::Patient);
    match split_cx(id).filter(|_| is_patient) {
        Some((value, oid)) => {
            fields.set("system", json!(format!("urn:oid:{oid}")));
            fields.text("value", Some(value));
        }
        None => fields.text("value", Some(id)),
    }
    fields.into()
}

/// `id^^^&oid&ISO`
fn split_cx(cx: &str) -> Option<(&str, &str)> {
    let mut components = cx.split('^');
    let id = components.next().filter(|id| !id.trim().is_empty())?;
    let authority = components.nth(2)?;
    let mut parts = authority.split('&');
    let oid = parts.nth(1).filter(|oid| is_oid(oid))?;
    (parts.next() == Some("ISO")).then_some((id, oid))
}

/// As text if FHIR's strings can hold it, else as the bytes in base64.
fn detail(detail: &Detail) -> Option<Value> {
    let kind = clean(&detail.kind);
    if kind.is_empty() || detail.value.is_empty() {
        return None;
    }
    Some(match detail.as_text().filter(|text| clean(text) == *text) {
        Some(text) => json!({ "type": kind, "valueString": text }),
        None => json!({ "type": kind, "valueBase64Binary": STANDARD.encode(&detail.value) }),
    })
}
