//! The messages of the node's own events (ITI TF-2 3.20.4, DICOM PS3.15 A.5.3).

use serde_json::Value;
use xds_audit::{Action, Outcome};

use super::{Scene, detail, objects, participants};
use crate::code::{self, CodedValue};
use crate::message::{
    ActiveParticipant, AuditMessage, AuditSource, EventIdentification, NameOrQuery, ObjectRole, ObjectType,
    ParticipantObject,
};
use crate::source::{UNKNOWN, known};

/// A program that began to serve. Who launched it, if that was a person.
pub(super) fn started(scene: &Scene<'_>) -> Vec<AuditMessage> {
    vec![activity(scene, code::APPLICATION_START)]
}

/// A program that ended in order.
pub(super) fn stopped(scene: &Scene<'_>) -> Vec<AuditMessage> {
    vec![activity(scene, code::APPLICATION_STOP)]
}

fn activity(scene: &Scene<'_>, kind: CodedValue) -> AuditMessage {
    let user = scene.told.event.opening.caller.user.as_ref();
    // The program itself stands as the caller where nobody else is known.
    let launcher = user.filter(|user| user.id != scene.source.source_id).map(|user| {
        let mut launcher = participants::human(user);
        launcher.roles.push(code::APPLICATION_LAUNCHER);
        launcher
    });
    let who = [Some(participants::program(scene)), launcher]
        .into_iter()
        .flatten()
        .collect();
    message(
        scene,
        code::APPLICATION_ACTIVITY,
        vec![kind],
        Action::Execute,
        who,
        Vec::new(),
    )
}

/// Connections refused before HTTP.
pub(super) fn handshake_refused(scene: &Scene<'_>, reason: &str, count: u64) -> Vec<AuditMessage> {
    let text = format!("connection refused: {reason}; {count} times");
    vec![alert(scene, code::NODE_AUTHENTICATION, peer_node(scene, &text))]
}

/// A request of which not even the transaction is known.
pub(super) fn request_refused(scene: &Scene<'_>, reason: &str) -> Vec<AuditMessage> {
    let text = format!("request refused: {reason}");
    vec![alert(
        scene,
        code::USE_OF_RESTRICTED_FUNCTION,
        peer_node(scene, &text),
    )]
}

/// The program that tells, the node that did it and its user; and what it concerns.
fn alert(scene: &Scene<'_>, kind: CodedValue, subject: ParticipantObject) -> AuditMessage {
    let caller = &scene.told.event.opening.caller;
    let is_known = caller.node.is_some() || caller.peer.is_some();
    let peer = is_known.then(|| participants::peer(caller));
    let who = [
        Some(participants::program(scene)),
        peer,
        caller.user.as_ref().map(participants::human),
    ];
    message(
        scene,
        code::SECURITY_ALERT,
        vec![kind],
        Action::Execute,
        who.into_iter().flatten().collect(),
        vec![subject],
    )
}

fn peer_node(scene: &Scene<'_>, text: &str) -> ParticipantObject {
    let caller = &scene.told.event.opening.caller;
    let address = caller.peer.map(|peer| peer.ip().to_string());
    let id = caller.node.as_deref().or(address.as_deref()).unwrap_or(UNKNOWN);
    resource(code::NODE_ID, id).with(detail::ALERT_DESCRIPTION, text)
}

/// A user's assertion that was not good (ITI TF-2 3.40.4.1.3): a log-in that failed.
pub(super) fn assertion_refused(scene: &Scene<'_>, reason: &str) -> Vec<AuditMessage> {
    let opening = &scene.told.event.opening;
    let claimed = opening.caller.user.as_ref().map_or_else(
        || ActiveParticipant {
            is_requestor: true,
            ..ActiveParticipant::of(UNKNOWN)
        },
        participants::human,
    );
    let claimed = ActiveParticipant {
        network: participants::peer(&opening.caller).network,
        ..claimed
    };
    let assertion = opening.objects.assertion.as_deref().unwrap_or(UNKNOWN);
    let object = resource(code::ASSERTION, assertion)
        .with(detail::ALERT_DESCRIPTION, &format!("assertion refused: {reason}"));
    vec![message(
        scene,
        code::USER_AUTHENTICATION,
        vec![code::LOGIN],
        Action::Execute,
        vec![claimed, participants::program(scene)],
        vec![object],
    )]
}

/// What an operator changed. `states`: before and after.
pub(super) fn configuration_changed(
    scene: &Scene<'_>,
    verb: &str,
    object: &str,
    states: [Option<&Value>; 2],
) -> Vec<AuditMessage> {
    let change = Change::of(verb);
    let mut item = resource(change.id_type, object).with(detail::ALERT_DESCRIPTION, verb);
    for (kind, state) in [detail::BEFORE, detail::AFTER].into_iter().zip(states) {
        if let Some(state) = state {
            item = item.with(kind, &state.to_string());
        }
    }
    let who = vec![operator(scene), participants::program(scene)];
    for_patients(
        scene,
        message(scene, change.id, change.types, change.action, who, vec![item]),
    )
}

/// What a verb of the command line comes to.
struct Change {
    id: CodedValue,
    types: Vec<CodedValue>,
    action: Action,
    id_type: CodedValue,
}

impl Change {
    fn of(verb: &str) -> Self {
        let mut words = verb.split_whitespace();
        let noun = words.next().unwrap_or_default();
        let alert = |kind| Self {
            id: code::SECURITY_ALERT,
            types: vec![kind],
            action: Action::Execute,
            id_type: code::CONFIGURATION_ITEM,
        };
        match noun {
            "patient" => Self {
                id: code::PATIENT_RECORD,
                types: Vec::new(),
                action: action_of(words.next().unwrap_or_default()),
                id_type: code::CONFIGURATION_ITEM,
            },
            "node" => Self {
                id_type: code::NODE_ID,
                ..alert(code::SECURITY_CONFIGURATION)
            },
            "network" | "destination" | "listener" => alert(code::NETWORK_CONFIGURATION),
            "code" | "codes" | "setting" | "settings" | "domain" => alert(code::SOFTWARE_CONFIGURATION),
            "consent" | "agreement" | "policy" => alert(code::OBJECT_SECURITY_ATTRIBUTES_CHANGED),
            "role" | "roles" => alert(code::SECURITY_ROLES_CHANGED),
            "user" | "users" | "operator" => alert(code::USER_SECURITY_ATTRIBUTES_CHANGED),
            _ => alert(code::SECURITY_CONFIGURATION),
        }
    }
}

fn action_of(verb: &str) -> Action {
    match verb {
        "add" | "new" | "import" | "feed" => Action::Create,
        "show" | "list" | "find" | "search" | "export" => Action::Read,
        "remove" | "delete" | "merge" => Action::Delete,
        _ => Action::Update,
    }
}

/// The audit trail was read.
pub(super) fn audit_log_read(scene: &Scene<'_>, uri: &str) -> Vec<AuditMessage> {
    let mut log = resource(code::URI, uri);
    log.name_or_query = Some(NameOrQuery::Name("Security Audit Log".to_owned()));
    let draft = message(
        scene,
        code::AUDIT_LOG_USED,
        Vec::new(),
        Action::Read,
        readers(scene),
        vec![log],
    );
    for_patients(scene, draft)
}

/// The user and the node that asked, whichever are known.
fn readers(scene: &Scene<'_>) -> Vec<ActiveParticipant> {
    let caller = &scene.told.event.opening.caller;
    let node = caller.node.as_ref().map(|_| ActiveParticipant {
        is_requestor: true,
        ..participants::peer(caller)
    });
    if node.is_none() {
        return vec![operator(scene)];
    }
    let human = caller.user.as_ref().map(participants::human);
    human.into_iter().chain(node).collect()
}

/// Data left other than by a transaction.
pub(super) fn exported(scene: &Scene<'_>, what: &str) -> Vec<AuditMessage> {
    let mut exporter = operator(scene);
    exporter.roles.push(code::SOURCE);
    let mut program = participants::program(scene);
    program.roles = vec![code::SOURCE];
    let media = ActiveParticipant {
        roles: vec![code::DESTINATION_MEDIA],
        ..ActiveParticipant::of(known(what))
    };
    let object = ParticipantObject::new(
        ObjectType::SystemObject,
        ObjectRole::Resource,
        code::URI,
        known(what),
    );
    let draft = message(
        scene,
        code::EXPORT,
        Vec::new(),
        Action::Read,
        vec![exporter, program, media],
        vec![object],
    );
    for_patients(scene, draft)
}

/// The wall clock was set.
pub(super) fn clock_stepped(scene: &Scene<'_>, milliseconds: i64) -> Vec<AuditMessage> {
    let text = format!("the wall clock was set by {milliseconds} ms");
    let clock = resource(code::CONFIGURATION_ITEM, "clock").with(detail::ALERT_DESCRIPTION, &text);
    vec![alert(scene, code::SECURITY_CONFIGURATION, clock)]
}

/// The end of the journal was incomplete and was set aside: recording goes on after a break.
pub(super) fn journal_recovered(
    scene: &Scene<'_>,
    bytes: u64,
    sha256: &str,
    file: &str,
) -> Vec<AuditMessage> {
    let journal = resource(code::URI, file)
        .with(
            detail::ALERT_DESCRIPTION,
            "the end of the audit journal was incomplete and was set aside",
        )
        .with(detail::BYTES, &bytes.to_string())
        .with(detail::SHA256, sha256);
    vec![alert(scene, code::AUDIT_RECORDING_STARTED, journal)]
}

/// The operator who did it.
fn operator(scene: &Scene<'_>) -> ActiveParticipant {
    let user = scene.told.event.opening.caller.user.as_ref();
    user.map_or_else(
        || ActiveParticipant {
            is_requestor: true,
            ..ActiveParticipant::of(UNKNOWN)
        },
        participants::human,
    )
}

/// A message for each patient that the event names, or the one without.
fn for_patients(scene: &Scene<'_>, draft: AuditMessage) -> Vec<AuditMessage> {
    let event = &scene.told.event;
    let objects = event
        .opening
        .objects
        .clone()
        .merged(event.closing.objects.clone());
    if objects.patients.is_empty() {
        return vec![draft];
    }
    let with = |patient: &String| {
        let mut message = draft.clone();
        message.objects.insert(0, objects::patient(patient));
        message
    };
    objects.patients.iter().map(with).collect()
}

fn resource(id_type: CodedValue, id: &str) -> ParticipantObject {
    ParticipantObject::new(
        ObjectType::SystemObject,
        ObjectRole::SecurityResource,
        id_type,
        known(id),
    )
}

fn message(
    scene: &Scene<'_>,
    id: CodedValue,
    types: Vec<CodedValue>,
    action: Action,
    participants: Vec<ActiveParticipant>,
    objects: Vec<ParticipantObject>,
) -> AuditMessage {
    let closing = &scene.told.event.closing;
    AuditMessage {
        event: identification(scene, id, types, action).ended(closing.outcome, &closing.errors),
        participants,
        source: audit_source(scene),
        objects,
    }
}

/// EventIdentification, as if it had ended well.
pub(super) fn identification(
    scene: &Scene<'_>,
    id: CodedValue,
    types: Vec<CodedValue>,
    action: Action,
) -> EventIdentification {
    let user = scene.told.event.opening.caller.user.as_ref();
    EventIdentification {
        action: Some(action),
        at: scene.told.began.at,
        outcome: Outcome::Success,
        id,
        types,
        outcome_description: None,
        purposes: user
            .into_iter()
            .flat_map(|user| user.purposes.iter().map(participants::coded))
            .collect(),
    }
}

impl EventIdentification {
    /// How it ended; the error codes become EventOutcomeDescription.
    pub(super) fn ended(mut self, outcome: Outcome, errors: &[String]) -> Self {
        self.outcome = outcome;
        self.outcome_description = (!errors.is_empty()).then(|| errors.join(", "));
        self
    }
}

/// AuditSourceIdentification.
pub(super) fn audit_source(scene: &Scene<'_>) -> AuditSource {
    let source = scene.source;
    AuditSource {
        id: known(&source.source_id).to_owned(),
        site: source.enterprise_site_id.clone(),
        types: source.source_types.clone(),
    }
}
