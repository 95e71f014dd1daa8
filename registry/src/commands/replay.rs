//! `decide --replay`: a decision that the audit names, worked out again from what is kept of that day.

use std::collections::HashMap;
use std::process::ExitCode;

use registry_core::policy_facts::PolicyFacts;
use registry_core::replay::{Answer, Compared, Given, RestsOn, Verdict, replay};
use registry_core::{Person, Persons};
use registry_store::{Store, StoreError};
use registry_trail::{Found, Page, Question, Trail};
use serde::Serialize;
use uuid::Uuid;
use xds_audit::{Asked, Closing, Decision};
use xds_model::PatientId;
use xds_policy::ledger::PatientInstruments;
use xds_policy::request::Request;
use xds_policy::words::Operation;
use xds_server::lang::{Lang, Say};

use super::Done;
use super::arguments::By;
use super::audit::session::{tell, with_trail};
use super::output::Output;
use crate::config::Config;
use crate::trail::TrailRole;

/// Exit status when the answer is another, and when nothing can be said.
const DIFFERENT: u8 = 1;
const MISSING: u8 = 2;

/// What the journal is told.
const VERB: &str = "decide --replay";

/// Messages that name the decision too: the registry's own event is among them.
const EVENTS_MAX: usize = 100;

/// The reason in the audit of an object that is no document: no decision of the law's engine.
const NO_DOCUMENT: &str = registry_core::answer::LeftOut::TOUCHES;

/// Works out the decision again, and says what it comes to.
pub(super) async fn run(config: &Config, decision: &str, by: &By, output: Output) -> Done {
    with_trail(config, TrailRole::Operator, async |store, trail| {
        let event = event(&trail, decision).await?;
        let patients = event.iter().flat_map(|found| people(&found.told.event.closing));
        tell(&store, by, VERB, decision, patients.collect()).await?;
        let result = match event {
            Some(found) => of_event(&store, &trail, decision, &found).await,
            None => Err(Missing::Event.into()),
        };
        match result {
            Ok(replayed) => Ok(replayed.print(output)),
            Err(Stopped::Missing(missing)) => Ok(missing.print(decision, output)),
            Err(Stopped::Failed(error)) => Err(error),
        }
    })
    .await
}

/// Why there is no comparison.
enum Stopped {
    Missing(Missing),
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl From<Missing> for Stopped {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl From<registry_trail::TrailError> for Stopped {
    fn from(error: registry_trail::TrailError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<StoreError> for Stopped {
    /// A version that is not what its hash says is evidence that is missing, not a fault of the database.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Row { table, .. } if table.ends_with("instrument_version") => {
                Self::Missing(Missing::Instrument)
            }
            error => Self::Failed(error.into()),
        }
    }
}

/// What is needed and not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Missing {
    /// No event names the decision.
    Event,
    /// The event does not tell what was asked: it is of an older release.
    Asked,
    /// What was asked cannot be read: written by another release, or changed.
    Request,
    /// The event does not tell which documents it was about.
    Documents,
    /// Facts of documents are not here any more.
    Facts,
    /// A version of an instrument is not what its hash says.
    Instrument,
}

impl Missing {
    fn say(self) -> Say {
        match self {
            Self::Event => Say::new(
                "この判断を記した監査事象が索引にありません。",
                "no event in the index of the audit trail names this decision",
            ),
            Self::Asked => Say::new(
                "事象に要求の内容がありません(以前の版の記録)。",
                "the event does not tell what was asked: it is of an older release",
            ),
            Self::Request => Say::new(
                "事象にある要求を読み取れません。",
                "what was asked cannot be read from the event",
            ),
            Self::Documents => Say::new(
                "事象に対象の文書がありません。",
                "the event does not tell which documents the decision was about",
            ),
            Self::Facts => Say::new(
                "文書または患者の事実が、もう登録にありません。",
                "facts of a document, or its patient, are not registered any more",
            ),
            Self::Instrument => Say::new(
                "保管された取り決めの内容が、そのハッシュ値と一致しません(改ざんの疑い)。",
                "a version of an instrument in the store is not what its hash says: it was tampered with",
            ),
        }
    }

    fn print(self, decision: &str, output: Output) -> ExitCode {
        let head = Say::new("再現できません", "cannot be replayed");
        let why = self.say();
        let text = format!("{}: {}", output.lang.pick(&head), output.lang.pick(&why));
        let value = serde_json::json!({
            "decision": decision, "answer": "not-replayable", "missing": self, "documents": [],
        });
        output.verdict(&text, &value, false);
        ExitCode::from(MISSING)
    }
}

/// The event of this registry in which the decision was made. Others that only name it do not tell what was asked.
async fn event(trail: &Trail, decision: &str) -> Result<Option<Found>, registry_trail::TrailError> {
    let question = Question {
        decision: Some(decision.to_owned()),
        ..Question::default()
    };
    let mut found = trail.search(&question, Page::first(EVENTS_MAX)).await?;
    let tells = |found: &Found| found.told.event.closing.asked.is_some();
    let place = found.iter().position(tells).unwrap_or_default();
    Ok((place < found.len()).then(|| found.swap_remove(place)))
}

fn people(closing: &Closing) -> impl Iterator<Item = String> {
    let asked = closing.asked.iter();
    asked.flat_map(|asked| asked.people.iter().map(|person| person.patient.clone()))
}

/// What a replay found.
#[derive(Serialize)]
struct Replayed {
    decision: String,
    event: String,
    #[serde(with = "time::serde::rfc3339")]
    at: time::OffsetDateTime,
    answer: Verdict,
    documents: Vec<Compared>,
}

async fn of_event(store: &Store, trail: &Trail, decision: &str, found: &Found) -> Result<Replayed, Stopped> {
    let closing = &found.told.event.closing;
    let asked = closing.asked.as_ref().ok_or(Missing::Asked)?;
    let requests = requests(asked).ok_or(Missing::Request)?;
    let at = requests.first().ok_or(Missing::Request)?.at;
    let made = closing.decisions.iter().find(|made| made.id == decision);
    let mut given = permits(made.ok_or(Missing::Event)?).ok_or(Missing::Documents)?;
    if given.is_empty() {
        return Err(Missing::Documents.into());
    }
    let ledger = store.law().await?;
    let people = persons(store, asked, requests.first()).await?;
    let documents = facts(store, &mut given, trail.withheld(found.told.id).await?, &people).await?;
    let documents = replay(requests, &ledger, &people, &documents, given);
    Ok(Replayed {
        decision: decision.to_owned(),
        event: found.told.id.to_string(),
        at,
        answer: Verdict::of(&documents),
        documents,
    })
}

fn requests(asked: &Asked) -> Option<Vec<Request>> {
    let requests = asked.requests.iter().cloned();
    requests
        .map(|request| serde_json::from_value(request).ok())
        .collect()
}

/// The documents of a decision. None if one of them, or the instrument, is not told.
fn permits(decision: &Decision) -> Option<Vec<Given>> {
    let rests_on = decision.instrument.as_ref()?;
    let answer = Answer::Permit {
        basis: decision.basis.clone(),
        instrument: RestsOn {
            id: rests_on.id.clone(),
            version: rests_on.version,
            hash: rests_on.sha256.clone(),
        },
    };
    let documents = decision.documents.iter().map(|entry| {
        Some(Given {
            entry: entry.parse().ok()?,
            answer: answer.clone(),
        })
    });
    documents.collect()
}

/// The people as they were known, with their instruments: who publishes rests on nothing that a patient said.
async fn persons(store: &Store, asked: &Asked, request: Option<&Request>) -> Result<Persons, Stopped> {
    let publishes = request.is_some_and(|request| request.op == Operation::Register);
    let mut persons = Persons::default();
    for person in &asked.people {
        let patient: PatientId = person.patient.parse().map_err(|_| Missing::Request)?;
        let keys: Result<Vec<Uuid>, _> = person.keys.iter().map(|key| key.parse()).collect();
        let keys = keys.map_err(|_| Missing::Request)?;
        let instruments = match publishes {
            true => PatientInstruments::default(),
            false => store.instruments_under(&keys).await?,
        };
        persons.add(Person::new(&patient, instruments), keys);
    }
    Ok(persons)
}

/// The facts of all documents. Those that the same event tells to have been withheld are decided on again too, where
/// they are documents of these people.
async fn facts(
    store: &Store,
    given: &mut Vec<Given>,
    withheld: Vec<registry_trail::WithheldObject>,
    people: &Persons,
) -> Result<HashMap<Uuid, PolicyFacts>, Stopped> {
    let denied: Vec<Given> = withheld
        .into_iter()
        .filter(|object| object.reason != NO_DOCUMENT)
        .filter_map(|object| {
            Some(Given {
                entry: object.object.strip_prefix("urn:uuid:")?.parse().ok()?,
                answer: Answer::Deny { code: object.reason },
            })
        })
        .collect();
    let all: Vec<Uuid> = given.iter().chain(&denied).map(|given| given.entry).collect();
    let found = store.facts_of_entries(&all).await?;
    let is_theirs = |given: &Given| {
        let facts = found.get(&given.entry);
        facts.is_some_and(|facts| people.knows(facts.stored_under))
    };
    given.extend(denied.into_iter().filter(is_theirs));
    Ok(found)
}

impl Replayed {
    fn print(&self, output: Output) -> ExitCode {
        let text = self.text(output.lang);
        output.verdict(&text, self, self.answer == Verdict::Same);
        match self.answer {
            Verdict::Same => ExitCode::SUCCESS,
            Verdict::Different => ExitCode::from(DIFFERENT),
            Verdict::Missing => ExitCode::from(MISSING),
        }
    }

    fn text(&self, lang: Lang) -> String {
        let count = self.documents.len();
        let head = match self.answer {
            Verdict::Same => Say::new(
                format!("同じ答えです({count} 文書)。"),
                format!("the same answer ({count} documents)"),
            ),
            Verdict::Different => Say::new("答えが異なります。", "another answer"),
            Verdict::Missing => Say::new(
                format!("再現できません: {}", Missing::Facts.say().ja),
                format!("cannot be replayed: {}", Missing::Facts.say().en),
            ),
        };
        let (was, is) = match lang {
            Lang::Ja => ("当時", "現在"),
            Lang::En => ("was", "is"),
        };
        let mut lines = vec![lang.pick(&head).to_owned()];
        for one in &self.documents {
            let now = one.is.as_ref();
            if now != Some(&one.was) {
                lines.push(format!("  urn:uuid:{}", one.entry));
                lines.push(format!("    {was}: {}", shown(Some(&one.was))));
                lines.push(format!("    {is}: {}", shown(now)));
            }
        }
        if let (Verdict::Same, Some(first)) = (self.answer, self.documents.first()) {
            lines.push(format!("  {}", shown(Some(&first.was))));
        }
        lines.join("\n")
    }
}

fn shown(answer: Option<&Answer>) -> String {
    match answer {
        Some(Answer::Permit { basis, instrument }) => {
            let RestsOn { id, version, hash } = instrument;
            format!("permit {basis}: {id} v{version} (sha256 {hash})")
        }
        Some(Answer::Deny { code }) => format!("deny {code}"),
        None => "—".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(documents: &[&str]) -> Decision {
        serde_json::from_value(serde_json::json!({
            "id": "d-1", "basis": "JOINT",
            "instrument": { "id": "JA-1", "version": 1, "sha256": "ab" },
            "documents": documents,
        }))
        .unwrap()
    }

    #[test]
    fn a_decision_without_its_documents_or_instrument_is_not_replayed() {
        let entry = Uuid::from_u128(1);
        let known = permits(&made(&[&entry.to_string()])).unwrap();
        assert_eq!(known.len(), 1);
        assert_eq!(known[0].entry, entry);
        assert!(permits(&made(&["no uuid"])).is_none());
        let bare = Decision {
            instrument: None,
            ..made(&[])
        };
        assert!(permits(&bare).is_none());
    }

    #[test]
    fn what_differs_is_said_of_each_document() {
        let [was, is] = ["1", "2"].map(|hash| Answer::Permit {
            basis: "JOINT".to_owned(),
            instrument: RestsOn {
                id: "JA-1".to_owned(),
                version: 1,
                hash: hash.to_owned(),
            },
        });
        let compared = |is: Option<&Answer>| Compared {
            entry: Uuid::from_u128(7),
            was: was.clone(),
            is: is.cloned(),
        };
        let of = |documents: Vec<Compared>| Replayed {
            decision: "d-1".to_owned(),
            event: "j/1".to_owned(),
            at: time::macros::datetime!(2026-11-24 03:00 UTC),
            answer: Verdict::of(&documents),
            documents,
        };
        let same = of(vec![compared(Some(&was))]);
        assert!(same.answer == Verdict::Same && same.text(Lang::Ja).contains("同じ答え"));
        let other = of(vec![compared(Some(&was)), compared(None), compared(Some(&is))]);
        assert_eq!(other.answer, Verdict::Different);
        let text = other.text(Lang::En);
        assert!(
            text.contains("(sha256 1)") && text.contains("(sha256 2)"),
            "{text}"
        );
        let gone = of(vec![compared(Some(&was)), compared(None)]);
        assert_eq!(gone.answer, Verdict::Missing);
        assert!(gone.text(Lang::En).contains("cannot be replayed"));
    }
}
