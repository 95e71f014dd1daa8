//! What an acknowledgement says in its CDA header: for whom, which policies, from when to when (ITI TF-3 5.1.2.2).

use xds_xml::{Event, Limits, Reader, Start};

use super::head::Head;

const HL7: &str = "urn:hl7-org:v3";
/// templateId of a serviceEvent that acknowledges a policy.
const ACKNOWLEDGES: &str = "1.3.6.1.4.1.19376.1.5.3.1.2.6";
/// serviceEvents and ids of the patient at most.
const LIST_MAX: usize = 1_000;

/// The header, as far as it matters.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Cda {
    /// Ids of the patient: root and extension.
    pub(super) patient_ids: Vec<(String, String)>,
    /// The policies that are acknowledged.
    pub(super) acknowledged: Vec<Acknowledged>,
}

/// One serviceEvent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Acknowledged {
    pub(super) policy: String,
    pub(super) low: Option<String>,
    pub(super) high: Option<String>,
    acknowledges: bool,
}

/// It is no CDA document that can be looked into.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unreadable {
    /// It is no well-formed XML of a kind that is read here.
    Xml,
    /// Its root is no ClinicalDocument.
    NoClinicalDocument,
    /// It has too much of something, or its header does not end in the bytes that are looked at.
    TooLong,
}

impl Unreadable {
    /// What is said of it to the sender.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Xml => "document: no XML that is accepted",
            Self::NoClinicalDocument => "document: no ClinicalDocument",
            Self::TooLong => "document: its header is too long",
        }
    }
}

impl Cda {
    /// Reads a document to its end, or, when these are its first bytes only, its header.
    pub(super) fn read(bytes: &[u8], is_whole: bool) -> Result<Self, Unreadable> {
        let bytes = if is_whole { bytes } else { whole_characters(bytes) };
        let limits = Limits {
            document_bytes_max: Head::BYTES_MAX,
            ..Limits::default()
        };
        let mut reader = Reader::new(bytes, &limits).map_err(|_| Unreadable::Xml)?;
        let mut walk = Walk::default();
        loop {
            match reader.read() {
                Ok(Event::Start(start)) => walk.enter(&start)?,
                Ok(Event::End) => walk.leave(),
                Ok(Event::Text(_)) => {}
                Ok(Event::Eof) => return Ok(walk.cda()),
                // What is cut off cannot be well formed; what was read before the body is the header.
                Err(_) if !is_whole && walk.header_ended => return Ok(walk.cda()),
                Err(_) if !is_whole => return Err(Unreadable::TooLong),
                Err(_) => return Err(Unreadable::Xml),
            }
            if walk.header_ended && !is_whole {
                return Ok(walk.cda());
            }
        }
    }
}

/// Without a character that is cut at the end.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.get(..error.valid_up_to()).unwrap_or_default(),
        _ => bytes,
    }
}

/// Where in the document it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Document,
    RecordTarget,
    PatientRole,
    DocumentationOf,
    ServiceEvent,
    EffectiveTime,
    Elsewhere,
}

#[derive(Default)]
struct Walk {
    places: Vec<Place>,
    found: Cda,
    header_ended: bool,
}

impl Walk {
    fn enter(&mut self, start: &Start<'_>) -> Result<(), Unreadable> {
        let parent = self.places.last().copied();
        let name = if start.namespace() == HL7 {
            start.local()
        } else {
            ""
        };
        let place = match (parent, name) {
            (None, "ClinicalDocument") => Place::Document,
            (None, _) => return Err(Unreadable::NoClinicalDocument),
            (Some(Place::Document), "recordTarget") => Place::RecordTarget,
            (Some(Place::RecordTarget), "patientRole") => Place::PatientRole,
            (Some(Place::Document), "documentationOf") => Place::DocumentationOf,
            (Some(Place::DocumentationOf), "serviceEvent") => {
                self.found.acknowledged.push(Acknowledged::default());
                Place::ServiceEvent
            }
            (Some(Place::ServiceEvent), "effectiveTime") => Place::EffectiveTime,
            (Some(Place::Document), "component") => {
                self.header_ended = true;
                Place::Elsewhere
            }
            (Some(parent), name) => {
                self.take(parent, name, start);
                Place::Elsewhere
            }
        };
        self.places.push(place);
        if self.found.acknowledged.len() > LIST_MAX || self.found.patient_ids.len() > LIST_MAX {
            return Err(Unreadable::TooLong);
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.places.pop();
    }

    /// Takes what an element without content says.
    fn take(&mut self, parent: Place, name: &str, start: &Start<'_>) {
        let attribute = |name| start.attribute(name).map(str::to_owned);
        if (parent, name) == (Place::PatientRole, "id") {
            let id = attribute("root").zip(attribute("extension"));
            self.found.patient_ids.extend(id);
            return;
        }
        let Some(event) = self.found.acknowledged.last_mut() else {
            return;
        };
        match (parent, name) {
            (Place::ServiceEvent, "templateId") => {
                event.acknowledges |= start.attribute("root") == Some(ACKNOWLEDGES);
            }
            (Place::ServiceEvent, "code") => event.policy = attribute("code").unwrap_or_default(),
            (Place::EffectiveTime, "low") => event.low = attribute("value"),
            (Place::EffectiveTime, "high") => event.high = attribute("value"),
            _ => {}
        }
    }

    fn cda(mut self) -> Cda {
        self.found.acknowledged.retain(|event| event.acknowledges);
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(events: &str, body: &str) -> String {
        format!(
            "<ClinicalDocument xmlns='urn:hl7-org:v3'><recordTarget><patientRole>\
             <id root='1.2.3' extension='P1'/><id nullFlavor='UNK'/></patientRole></recordTarget>{events}\
             <component>{body}</component></ClinicalDocument>"
        )
    }

    const EVENT: &str = "<documentationOf><serviceEvent><templateId root='1.3.6.1.4.1.19376.1.5.3.1.2.6'/>\
        <id root='1.9'/><code code='1.2.4'/><effectiveTime><low value='20261124'/><high value='2027'/></effectiveTime>\
        </serviceEvent></documentationOf>";

    #[test]
    fn a_header_is_read() {
        let other = "<documentationOf><serviceEvent><code code='9.9'/></serviceEvent></documentationOf>";
        let text = document(&format!("{EVENT}{other}"), "<nonXMLBody/>");
        let cda = Cda::read(text.as_bytes(), true).unwrap();
        assert_eq!(cda.patient_ids, [("1.2.3".to_owned(), "P1".to_owned())]);
        let [event] = cda.acknowledged.as_slice() else {
            panic!("one acknowledgement, the other event is of another kind")
        };
        assert_eq!(event.policy, "1.2.4");
        assert_eq!(
            (event.low.as_deref(), event.high.as_deref()),
            (Some("20261124"), Some("2027"))
        );
    }

    #[test]
    fn what_stands_in_the_body_says_nothing() {
        let text = document("", EVENT);
        assert!(Cda::read(text.as_bytes(), true).unwrap().acknowledged.is_empty());
    }

    #[test]
    fn a_long_document_is_read_to_its_body() {
        let text = document(EVENT, &"写".repeat(100));
        let whole = Cda::read(text.as_bytes(), true).unwrap();
        let body = text.find("<component>").unwrap() + "<component>".len();
        for end in [body, body + 1, body + 2, body + 3] {
            assert_eq!(
                Cda::read(&text.as_bytes()[..end], false),
                Ok(whole.clone()),
                "{end}"
            );
        }
        assert_eq!(
            Cda::read(&text.as_bytes()[..body - 1], false),
            Err(Unreadable::TooLong)
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for (text, why) in [
            ("hello", Unreadable::Xml),
            ("<ClinicalDocument xmlns='urn:hl7-org:v3'>", Unreadable::Xml),
            (
                "<!DOCTYPE x><ClinicalDocument xmlns='urn:hl7-org:v3'/>",
                Unreadable::Xml,
            ),
            ("<ClinicalDocument/>", Unreadable::NoClinicalDocument),
        ] {
            assert_eq!(Cda::read(text.as_bytes(), true), Err(why), "{text}");
        }
        let many = EVENT.repeat(LIST_MAX + 1);
        assert_eq!(
            Cda::read(document(&many, "").as_bytes(), true),
            Err(Unreadable::TooLong)
        );
    }
}
