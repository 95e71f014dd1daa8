//! What a repository asks: who is enrolled, what may be released, whether a submission is registered.

use std::collections::BTreeMap;

use actix_web::web::Data;
use registry_core::decisions::Decisions;
use registry_core::view::{Judge, Released, Viewer};
use registry_store::{Retrievable, Submitted};
use xds_audit::{Closing, DocumentReference, Objects, Outcome, Withheld};
use xds_model::PatientId;
use xds_model::exchange::{
    DecisionAnswer, DecisionQuestion, DocumentDecision, NodesAnswer, NodesQuestion, RegisteredAnswer,
    RegisteredDocument, RegisteredQuestion,
};
use xds_server::http::{Answered, Question, Refused};

use super::law::{self, audited};
use crate::app::App;
use crate::disclosure::{Keeper, open_declared, outgoing};

/// `POST /nodes`: the list that a repository authenticates by. Only to a repository itself.
pub(crate) async fn nodes(
    question: Question<'_, NodesQuestion>,
    app: Data<App>,
) -> Result<Answered<NodesAnswer>, Refused> {
    let record = question.open(Objects::default()).await?;
    let nodes = match app.store.enrolled_nodes().await {
        Ok(nodes) => nodes,
        Err(error) => return busy(record, &error).await,
    };
    let allowed = app.domain.current().settings.default_user_allowed;
    let nodes = nodes
        .into_iter()
        // Operators have no business with a repository.
        .filter(|node| !node.transactions.is_empty())
        .map(|mut node| {
            node.rights.clear();
            node.default_user = node.default_user.filter(|_| allowed);
            node
        })
        .collect();
    Answered::new(record, Closing::success(), NodesAnswer { nodes }).await
}

/// `POST /decision`: for each document whether the node that asks may have it.
pub(crate) async fn decision(
    question: Question<'_, DecisionQuestion>,
    app: Data<App>,
) -> Result<Answered<DecisionAnswer>, Refused> {
    let asked = &question.question;
    let reference = |unique_id: &String| DocumentReference {
        unique_id: unique_id.clone(),
        repository_unique_id: asked.repository_unique_id.clone(),
        home: None,
    };
    let documents = asked.documents.iter().map(reference).collect();
    let record = question
        .open(Objects {
            documents,
            ..Objects::default()
        })
        .await?;
    let domain = app.domain.current();
    let viewer = Viewer::retrieving(&question.caller.principal, &domain.ledger, app.clock.now());
    let keeper = app.keeper(&domain.ledger);
    let (repository, documents) = (&asked.repository_unique_id, &asked.documents);
    let mut asked_for = app.store.retrievable(repository, documents).await;
    if let Ok((_, held)) = &asked_for
        && open_declared_of(keeper, &viewer, held).await
    {
        asked_for = app.store.retrievable(repository, documents).await;
    }
    let (persons, held) = match asked_for {
        Ok(found) => found,
        Err(error) => return busy(record, &error).await,
    };
    let judge = viewer.judge(&persons);
    let (mut closing, mut decided) = (Closing::success(), Decisions::default());
    let mut decisions = Vec::with_capacity(asked.documents.len());
    let mut provided = Vec::new();
    for unique_id in &asked.documents {
        decisions.push(match released(&judge, &held, unique_id) {
            Ok((document, released)) => {
                let decision = decided.on(document.entry, &released, app.ids.as_ref());
                match outgoing(document.entry, &released, decision, &document.body) {
                    Ok(outgoing) => provided.extend(outgoing),
                    Err(error) => return busy(record, &error).await,
                }
                let patient = document.patient.to_string();
                (closing.objects.owners).insert(unique_id.clone(), patient.clone());
                closing.objects.patients.push(patient.clone());
                DocumentDecision {
                    unique_id: unique_id.clone(),
                    permitted: true,
                    decision: Some(decision.to_string()),
                    basis: Some(released.permit.basis.code().to_owned()),
                    patient: Some(patient),
                }
            }
            Err(reason) => {
                closing.withheld.push(Withheld {
                    object: unique_id.clone(),
                    reason: reason.to_owned(),
                });
                DocumentDecision::withheld(unique_id)
            }
        });
    }
    closing.decisions = audited(&decided);
    closing.asked = law::asked(viewer.requests(), &decided);
    closing.objects.patients.sort_unstable();
    closing.objects.patients.dedup();
    if closing.objects.patients.len() < 2 {
        closing.objects.owners.clear();
    }
    if let Some(request) = viewer.requests().first()
        && let Err(error) = keeper.keep(request, provided).await
    {
        return busy(record, &error).await;
    }
    Answered::new(record, closing, DecisionAnswer { decisions }).await
}

/// Opens the sessions of a declared emergency for those whose documents are asked for. Whether one was opened.
async fn open_declared_of(keeper: Keeper<'_>, viewer: &Viewer<'_>, held: &[Retrievable]) -> bool {
    if viewer
        .requests()
        .iter()
        .all(|request| request.break_glass.is_none())
    {
        return false;
    }
    let patients: BTreeMap<String, &PatientId> = held
        .iter()
        .map(|document| (document.patient.to_string(), &document.patient))
        .collect();
    let mut opened = false;
    for patient in patients.into_values() {
        opened |= open_declared(keeper, viewer.requests(), patient).await;
    }
    opened
}

/// The first registration of a document that is permitted; or why none is, as a fixed word.
fn released<'a>(
    judge: &Judge<'_>,
    held: &'a [Retrievable],
    unique_id: &str,
) -> Result<(&'a Retrievable, Released), &'static str> {
    let mut reason = "not-registered";
    for document in held.iter().filter(|document| document.unique_id == unique_id) {
        match judge.release(document.policy.clone()) {
            Ok(released) => return Ok((document, released)),
            Err(denial) => reason = denial.code.code(),
        }
    }
    Err(reason)
}

/// `POST /registered`: whether a SubmissionSet is in the registry with exactly these documents.
pub(crate) async fn registered(
    question: Question<'_, RegisteredQuestion>,
    app: Data<App>,
) -> Result<Answered<RegisteredAnswer>, Refused> {
    let submission_set = question.question.submission_set.clone();
    let objects = Objects {
        submission_set: Some(submission_set.clone()),
        ..Objects::default()
    };
    let record = question.open(objects).await?;
    match app.store.submitted(&submission_set).await {
        Ok(found) => {
            let asked = question.question.documents.as_deref();
            let registered = found.is_some_and(|found| asked.is_none_or(|asked| is_same(asked, found)));
            Answered::new(record, Closing::success(), RegisteredAnswer { registered }).await
        }
        Err(error) => busy(record, &error).await,
    }
}

/// Whether each is the other's, one to one.
fn is_same(asked: &[RegisteredDocument], mut found: Vec<Submitted>) -> bool {
    asked.iter().all(|asked| {
        let is_it = |found: &Submitted| {
            found.unique_id == asked.unique_id
                && (asked.hash.as_deref()).is_none_or(|hash| {
                    found
                        .hash
                        .as_ref()
                        .is_some_and(|found| found.as_str().eq_ignore_ascii_case(hash))
                })
        };
        let position = found.iter().position(is_it);
        position.map(|position| found.swap_remove(position)).is_some()
    }) && found.is_empty()
}

async fn busy<A>(
    record: xds_audit::Record,
    error: &(impl std::error::Error + ?Sized),
) -> Result<Answered<A>, Refused> {
    tracing::error!(%error, "a question of a repository failed in the database");
    record
        .close(Closing::failure(Outcome::MajorFailure, ["busy"]))
        .await?;
    Err(Refused::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str, hash: Option<&str>) -> Submitted {
        Submitted {
            unique_id: id.to_owned(),
            hash: hash.map(|hash| hash.parse().unwrap()),
        }
    }

    fn asked(id: &str, hash: Option<&str>) -> RegisteredDocument {
        RegisteredDocument {
            unique_id: id.to_owned(),
            hash: hash.map(str::to_owned),
        }
    }

    #[test]
    fn a_set_is_the_same_with_exactly_its_documents() {
        let [a, b] = [
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e543712c0e10501972de13a5bfcbe826c49feb75",
        ];
        let set = || vec![found("1.1", Some(a)), found("1.2", Some(b))];
        let is_same = |asked: &[RegisteredDocument]| is_same(asked, set());
        assert!(is_same(&[
            asked("1.2", Some(&b.to_uppercase())),
            asked("1.1", Some(a))
        ]));
        assert!(is_same(&[asked("1.1", None), asked("1.2", None)]));
        assert!(!is_same(&[]), "fewer");
        assert!(!is_same(&[asked("1.1", Some(a))]), "fewer");
        assert!(
            !is_same(&[asked("1.1", Some(a)), asked("1.1", Some(a))]),
            "one twice"
        );
        assert!(
            !is_same(&[asked("1.1", Some(a)), asked("1.2", Some(a))]),
            "another hash"
        );
        assert!(
            !is_same(&[asked("1.1", Some(a)), asked("1.3", Some(b))]),
            "another document"
        );
        assert!(
            !is_same(&[asked("1.1", None), asked("1.2", None), asked("1.3", None)]),
            "more"
        );
        assert!(!super::is_same(
            &[asked("1.1", Some(a))],
            vec![found("1.1", None)]
        ));
        assert!(super::is_same(&[], Vec::new()));
    }
}
