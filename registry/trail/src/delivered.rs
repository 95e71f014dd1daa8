//! Audit messages that others deliver (ITI-20): from the DICOM form back to an event.
//!
//! Only what is told of a transaction, of a start or stop, of a refused node or of a look into an audit log is
//! read: other messages have no place among our kinds of events.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::digest::{SHA256, digest};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use xds_atna::{
    ActiveParticipant, AuditMessage, CodedValue, NameOrQuery, ObjectRole, ParticipantObject, detail, read,
};
use xds_audit::{
    AuditUser, Caller, Closing, Coded, Decision, DocumentReference, Event, EventId, EventKind, Instrument,
    Objects, Opening, QueryText, Stamp, Told,
};
use xds_model::Transaction;

/// A message as it was delivered.
#[derive(Clone, Copy)]
pub struct Delivered<'a> {
    /// The AuditMessage.
    pub xml: &'a [u8],
    /// The enrolled node that delivered it.
    pub from: &'a str,
    /// When it came.
    pub received: OffsetDateTime,
}

/// Names the node only.
impl std::fmt::Debug for Delivered<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Delivered({})", self.from)
    }
}

/// What became of messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Taken {
    /// Added now.
    pub new: u64,
    /// Not understood, or of no kind that the trail knows: kept as they came.
    pub unread: u64,
}

impl<'a> Delivered<'a> {
    /// The event, the number of its part and the message's text.
    pub(crate) fn read(&self) -> Option<(Told, i32, &'a str)> {
        let text = std::str::from_utf8(self.xml).ok()?;
        let message = read(self.xml, self.received).ok()?.message;
        let (id, part) = self.name(&message);
        let own = message.own_object();
        let ended = own
            .and_then(|own| own.detail(detail::ENDED))
            .and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok())
            .unwrap_or(message.event.at);
        let stamp = |at| Stamp { at, up_us: 0 };
        let told = Told {
            id,
            began: stamp(self.placed(message.event.at)),
            ended: stamp(self.placed(ended)),
            event: event(&message)?,
        };
        Some((told, part, text))
    }

    /// A time that cannot be goes to the place of wrong clocks: a sender must not have us make months at will. What
    /// it said stands in the message.
    fn placed(&self, at: OffsetDateTime) -> OffsetDateTime {
        let age = self.received - at;
        let can_be = (-Duration::days(31)..=Duration::days(3_660)).contains(&age);
        if can_be { at } else { OffsetDateTime::UNIX_EPOCH }
    }

    /// The name is that of the journal as this node tells it: nobody can take the place of another's event by
    /// delivering one under its name. A message without a name gets one from its bytes.
    fn name(&self, message: &AuditMessage) -> (EventId, i32) {
        let from = self.from.as_bytes();
        if let Some(name) = message.name()
            && i64::try_from(name.event.sequence).is_ok()
            && let Ok(part) = i32::try_from(name.part)
        {
            let journal = Uuid::new_v5(&name.event.journal, from);
            let sequence = name.event.sequence;
            return (EventId { journal, sequence }, part);
        }
        let hash = digest(&SHA256, self.xml);
        let number = hash
            .as_ref()
            .iter()
            .take(8)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let journal = Uuid::new_v5(&Uuid::NAMESPACE_URL, from);
        let sequence = number & (u64::MAX >> 1);
        (EventId { journal, sequence }, 1)
    }
}

fn event(message: &AuditMessage) -> Option<Event> {
    let kind = kind(message)?;
    let own = message.own_object();
    let own_text = |kind: &str| own.and_then(|own| own.detail(kind)).map(str::to_owned);
    let (client, server) = ends(message, &kind);
    let client = client.or_else(|| unnamed(message, true));
    let errors = message.event.outcome_description.iter();
    Some(Event {
        opening: Opening {
            caller: Caller {
                node: own_text(detail::NODE),
                organisation: own_text(detail::ORGANISATION),
                via: own_text(detail::VIA),
                user: unnamed(message, false).map(|human| user(message, human)),
                peer: client
                    .and_then(|client| client.network.as_ref()?.id.parse().ok())
                    .map(|address: IpAddr| SocketAddr::new(address, 0)),
                certificate: own_text(detail::CERTIFICATE),
                ..Caller::default()
            },
            kind,
            endpoint: server.map(|server| server.user_id.clone()).unwrap_or_default(),
            correlation: own_text(detail::CORRELATION).unwrap_or_default(),
            objects: objects(message),
        },
        closing: Closing {
            outcome: message.event.outcome,
            errors: errors
                .flat_map(|text| text.split([' ', ',', ';']))
                .filter(|code| !code.is_empty())
                .map(str::to_owned)
                .collect(),
            decisions: own.map(decisions).unwrap_or_default(),
            results: own_text(detail::RESULTS).and_then(|text| text.parse().ok()),
            note: own_text(detail::NOTE),
            ..Closing::default()
        },
    })
}

fn kind(message: &AuditMessage) -> Option<EventKind> {
    if let Some(transaction) = message.transaction() {
        let action = message.event.action;
        return Some(if is_sent(message, transaction) {
            EventKind::Sent { transaction, action }
        } else {
            EventKind::Received { transaction, action }
        });
    }
    let typed = |code: &str| message.event.types.iter().any(|kind| kind.code == code);
    match &*message.event.id.code {
        "110100" if typed("110120") => Some(EventKind::NodeStart),
        "110100" if typed("110121") => Some(EventKind::NodeStop),
        "110113" if typed("110126") => Some(EventKind::HandshakeRefused {
            reason: message
                .own_object()
                .and_then(|own| own.detail(detail::REASON))
                .unwrap_or("node-authentication")
                .to_owned(),
            count: 1,
        }),
        "110101" => Some(EventKind::AuditLogRead {
            uri: message
                .objects
                .iter()
                .find_map(|object| object.id.clone())
                .unwrap_or_default(),
        }),
        _ => None,
    }
}

/// Whether the writer is the client (ITI TF-2, the audit tables): who exports a submission or imports a document;
/// elsewhere it is the side that gives its process id.
fn is_sent(message: &AuditMessage, transaction: Transaction) -> bool {
    match (&*message.event.id.code, transaction) {
        ("110106", Transaction::Iti43) => false,
        ("110106", _) | ("110107", Transaction::Iti43) => true,
        ("110107", _) => false,
        _ => {
            let has_process =
                |end: Option<&ActiveParticipant>| end.is_some_and(|end| end.alternative_user_id.is_some());
            has_process(message.sender()) && !has_process(message.receiver())
        }
    }
}

/// Client and server: documents flow from the server, everything else from the client.
fn ends<'m>(
    message: &'m AuditMessage,
    kind: &EventKind,
) -> (Option<&'m ActiveParticipant>, Option<&'m ActiveParticipant>) {
    let ends = (message.sender(), message.receiver());
    match kind {
        EventKind::Received { transaction, .. } | EventKind::Sent { transaction, .. }
            if *transaction == Transaction::Iti43 =>
        {
            (ends.1, ends.0)
        }
        _ => ends,
    }
}

/// The first participant without a role of the machinery: a person, or a node that was refused. In messages of ours
/// only the node has an address; what others send names persons only, as far as can be told.
fn unnamed(message: &AuditMessage, is_node: bool) -> Option<&ActiveParticipant> {
    let is_ours = message.own_object().is_some();
    message
        .humans()
        .find(|participant| (is_ours && participant.network.is_some()) == is_node)
}

fn user(message: &AuditMessage, human: &ActiveParticipant) -> AuditUser {
    let flag = |kind: &str| {
        let own = message.own_object().and_then(|own| own.detail(kind));
        own == Some("true")
    };
    AuditUser {
        id: human.user_id.clone(),
        issuer: human
            .user_name
            .as_deref()
            .and_then(|name| issuer(name, &human.user_id)),
        alias: None,
        roles: human.roles.iter().map(coded).collect(),
        purposes: message.event.purposes.iter().map(coded).collect(),
        two_factor: flag(detail::TWO_FACTOR),
        by_default: flag(detail::USER_BY_DEFAULT),
    }
}

/// `alias<user@issuer>` (ITI TF-2 3.40.4.2)
fn issuer(name: &str, user: &str) -> Option<String> {
    let inner = name.split_once('<')?.1.strip_suffix('>')?;
    let issuer = match inner.strip_prefix(user) {
        Some(rest) => rest.strip_prefix('@')?,
        None => inner.rsplit_once('@')?.1,
    };
    (!issuer.is_empty()).then(|| issuer.to_owned())
}

fn coded(value: &CodedValue) -> Coded {
    let known = |text: &str| (text != "unknown").then(|| text.to_owned());
    Coded {
        code: value.code.to_string(),
        system: known(&value.system),
        text: known(&value.text).filter(|text| *text != *value.code),
    }
}

fn objects(message: &AuditMessage) -> Objects {
    let mut objects = Objects {
        patients: message.patients().map(str::to_owned).collect(),
        submission_set: message.submission_set().map(str::to_owned),
        query: message.objects.iter().find_map(query),
        ..Objects::default()
    };
    for report in message.reports() {
        let Some(id) = report.id.clone() else { continue };
        match report.detail("Repository Unique ID") {
            Some(repository) => objects.documents.push(DocumentReference {
                unique_id: id,
                repository_unique_id: repository.to_owned(),
                home: report.detail(detail::HOME_OF_DOCUMENT).map(str::to_owned),
            }),
            None => objects.registry_objects.push(id),
        }
    }
    objects
}

fn query(object: &ParticipantObject) -> Option<QueryText> {
    match &object.name_or_query {
        Some(NameOrQuery::Query(bytes)) if object.role == Some(ObjectRole::Query) => Some(QueryText {
            id: object.id.clone().unwrap_or_default(),
            text: String::from_utf8_lossy(bytes).into_owned(),
            home: object.detail(detail::HOME_OF_QUERY).map(str::to_owned),
        }),
        _ => None,
    }
}

/// Each detail `decision` begins a group.
fn decisions(own: &ParticipantObject) -> Vec<Decision> {
    let mut decisions: Vec<Decision> = Vec::new();
    for (kind, text) in own
        .details
        .iter()
        .filter_map(|detail| Some((detail.kind.as_str(), detail.as_text()?)))
    {
        if kind == detail::DECISION {
            decisions.push(Decision {
                id: text.to_owned(),
                basis: String::new(),
                instrument: None,
                documents: Vec::new(),
            });
            continue;
        }
        let Some(last) = decisions.last_mut() else {
            continue;
        };
        match kind {
            detail::BASIS => text.clone_into(&mut last.basis),
            detail::INSTRUMENT => {
                last.instrument = Some(Instrument {
                    id: text.to_owned(),
                    version: 0,
                    sha256: String::new(),
                });
            }
            detail::INSTRUMENT_VERSION => {
                if let (Some(instrument), Ok(version)) = (&mut last.instrument, text.parse()) {
                    instrument.version = version;
                }
            }
            detail::INSTRUMENT_SHA256 => {
                if let Some(instrument) = &mut last.instrument {
                    text.clone_into(&mut instrument.sha256);
                }
            }
            _ => {}
        }
    }
    decisions
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const FOREIGN: &str = r#"<AuditMessage><EventIdentification EventActionCode="E" EventDateTime="2026-01-01T10:00:00Z" EventOutcomeIndicator="0"><EventID csd-code="110112" codeSystemName="DCM" originalText="Query"/><EventTypeCode csd-code="ITI-18" codeSystemName="IHE Transactions" originalText="Registry Stored Query"/></EventIdentification><ActiveParticipant UserID="drsmith" UserName="&lt;drsmith@https://idp.example&gt;" UserIsRequestor="true"/><AuditSourceIdentification AuditSourceID="x"/><ParticipantObjectIdentification ParticipantObjectID="P1^^^&amp;1.2.3&amp;ISO" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1"><ParticipantObjectIDTypeCode csd-code="2" codeSystemName="RFC-3881" originalText="Patient Number"/></ParticipantObjectIdentification></AuditMessage>"#;

    fn delivered<'a>(xml: &'a str, from: &'a str) -> Delivered<'a> {
        Delivered {
            xml: xml.as_bytes(),
            from,
            received: datetime!(2026-11-24 0:00 UTC),
        }
    }

    #[test]
    fn a_message_of_somebody_else_is_read_and_named_by_its_bytes() {
        let (told, part, _) = delivered(FOREIGN, "h2").read().unwrap();
        assert_eq!(told.event.opening.objects.patients, ["P1^^^&1.2.3&ISO"]);
        assert_eq!(told.event.opening.kind.name(), "ITI-18");
        let user = told.event.opening.caller.user.clone().unwrap();
        assert_eq!(
            (user.id.as_str(), user.issuer.as_deref()),
            ("drsmith", Some("https://idp.example"))
        );
        let again = delivered(FOREIGN, "h2").read().unwrap();
        assert_eq!((again.0.id, again.1), (told.id, part));
        assert!(delivered(FOREIGN, "h3").read().unwrap().0.id != told.id);
        let other = FOREIGN.replace("10:00:00", "10:00:01");
        assert!(delivered(&other, "h2").read().unwrap().0.id != told.id);
    }

    #[test]
    fn a_time_that_cannot_be_makes_no_month() {
        for (year, kept) in [("2017", true), ("2015", false), ("2027", false), ("1900", false)] {
            let xml = FOREIGN.replace("2026-01", &format!("{year}-01"));
            let at = delivered(&xml, "h2").read().unwrap().0.began.at;
            assert_eq!(at != OffsetDateTime::UNIX_EPOCH, kept, "{year}");
        }
    }

    #[test]
    fn what_is_no_message_or_of_no_kind_is_not_read() {
        assert!(delivered("<AuditMessage>", "h2").read().is_none());
        let login = FOREIGN.replace("110112", "110114").replace("ITI-18", "110122");
        assert!(delivered(&login, "h2").read().is_none());
    }
}
