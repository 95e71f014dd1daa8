//! Assertions about users over both programs: the user, and what for, stand in both journals.

use std::time::Duration;

use renkei_network::{Draft, ISSUER, Network, Node, Options, Paper, Program, Recorded};
use xds_audit::EventKind;
use xds_model::Transaction;

use crate::soap::{self, Answered};
use crate::support::{assert_errors, assert_success, patient, published, start, until};

/// A network whose programs believe the assertion provider.
fn believing() -> Network {
    start(&Options {
        xua: true,
        ..Options::default()
    })
}

/// A network whose programs ask every node but the hospital for an assertion.
fn requiring() -> Network {
    let section = "[xua]\nrequired = true\nexempt_nodes = [\"h1\"]\n".to_owned();
    start(&Options {
        xua: true,
        registry: section.clone(),
        repository: section,
        ..Options::default()
    })
}

/// A clinic with an assertion about this user.
fn clinic(network: &Network, user: &str) -> Node {
    let c1 = network.node("c1").unwrap();
    let assertion = network.provider().unwrap().assertion(&c1.organisation, user);
    c1.with_assertion(assertion.unwrap())
}

/// The kind of each event that names this user, with the purpose, in order of the names.
fn told_of(network: &Network, program: Program, user: &str) -> Vec<String> {
    let (events, _) = network.events(program, 0).unwrap();
    let mut told: Vec<String> = events
        .iter()
        .filter_map(|event| {
            let named = event.opening.caller.user.as_ref()?;
            (named.id == user).then(|| {
                assert_eq!(named.issuer.as_deref(), Some(ISSUER));
                assert_eq!(named.roles[0].code, "physician");
                let sent = matches!(event.opening.kind, EventKind::Sent { .. });
                let direction = if sent { "sent " } else { "" };
                format!("{direction}{} {}", event.summary(), named.purposes[0].code)
            })
        })
        .collect();
    told.sort_unstable();
    told
}

fn refused(network: &Network, program: Program) -> Vec<(String, Option<String>)> {
    let reason = |event: &Recorded| match &event.opening.kind {
        EventKind::AssertionRefused { reason } => Some((reason.clone(), event.opening.caller.node.clone())),
        _ => None,
    };
    let (events, _) = network.events(program, 0).unwrap();
    events.iter().filter_map(reason).collect()
}

#[tokio::test]
async fn xua_20_both_journals_name_the_user_of_a_clinic_and_the_purpose() {
    let network = believing();
    let patient = patient(&network).await;
    let c1 = clinic(&network, "sato@c1.example");
    let published = published(&c1, &patient, "紹介状").await;
    let found = c1.find(&patient).await.unwrap();
    assert_eq!(found, published.entries);
    let (response, documents) = c1.retrieve(&[published.unique_id()]).await.unwrap();
    assert_success(&response);
    assert_eq!(documents[0].1, "紹介状".as_bytes());

    let decision = Transaction::Decision.name();
    let at_registry = [
        format!("{decision} 0 TREAT"),
        "ITI-18 0 TREAT".to_owned(),
        "ITI-18 0 TREAT".to_owned(),
        "ITI-42 0 TREAT".to_owned(),
    ];
    let at_repository = [
        "ITI-41 0 TREAT".to_owned(),
        "ITI-43 0 TREAT".to_owned(),
        format!("sent {decision} 0 TREAT"),
        "sent ITI-42 0 TREAT".to_owned(),
    ];
    for (program, mut expected) in [
        (Program::Registry, at_registry),
        (Program::Repository, at_repository),
    ] {
        expected.sort_unstable();
        until(
            "both journals name the user",
            Duration::from_secs(20),
            async || told_of(&network, program, "sato@c1.example") == expected,
        )
        .await;
    }
    // The journal of the registry says by whom it was passed on, and that the client is the clinic.
    let (events, _) = network.events(Program::Registry, 0).unwrap();
    let passed_on = events
        .iter()
        .filter(|event| event.opening.caller.via.is_some() && event.opening.caller.user.is_some())
        .all(|event| event.opening.caller.node.as_deref() == Some("c1"));
    assert!(passed_on);
    for program in [Program::Registry, Program::Repository] {
        let log = network.server(program).log();
        assert!(
            !log.contains("sato@c1.example") && !log.contains("saml2:"),
            "{log}"
        );
    }
}

#[tokio::test]
async fn a_tampered_assertion_is_refused_by_both_and_both_live() {
    let network = believing();
    let patient = patient(&network).await;
    let c1 = network.node("c1").unwrap();
    let provider = network.provider().unwrap();
    let good = provider.assertion(&c1.organisation, "sato@c1.example").unwrap();
    let tampered = good.replace("sato@", "suzuki@");
    let security = format!(
        "<wsse:Security xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\" \
         soap12:mustUnderstand=\"1\">{tampered}</wsse:Security>"
    );
    let text = patient.to_string().replace('&', "&amp;");
    let query = soap::envelope(
        &format!("{}{security}", soap::headers(soap::QUERY)),
        &soap::find_documents(&text),
    );
    let request = soap::simple(Program::Registry, query.as_bytes());
    let (answered, text) = soap::send(&c1, Program::Registry, &request).await;
    assert_eq!(answered, Answered::fault("Sender"), "{text}");
    assert!(
        text.contains("wsse:FailedCheck") && text.contains("XUA-S17: "),
        "{text}"
    );
    assert!(!text.contains("suzuki"), "{text}");

    let spoilt = c1.with_assertion(tampered);
    let draft = Draft::new(&c1.organisation, &patient, &[Paper::new("x")]);
    assert!(spoilt.provide(&draft).await.is_err());
    assert!(spoilt.retrieve(&["1.2.3"]).await.is_err());

    let told = ("XUA-S17".to_owned(), Some("c1".to_owned()));
    assert_eq!(refused(&network, Program::Registry), std::slice::from_ref(&told));
    assert_eq!(refused(&network, Program::Repository), [told.clone(), told]);
    let honest = c1.with_assertion(good);
    published(&honest, &patient, "y").await;
    assert_eq!(
        honest.find(&patient).await.unwrap().len(),
        1,
        "nothing was stored before"
    );
}

/// What the repository alone lets pass, the registry judges again: there nothing is stored, released or left behind.
#[tokio::test]
async fn the_registry_judges_again_what_a_repository_passes_on() {
    let network = start(&Options {
        xua: true,
        registry: "[xua]\naudiences = [\"urn:oid:1.2.3\"]\n".to_owned(),
        ..Options::default()
    });
    let patient = patient(&network).await;
    let c1 = clinic(&network, "sato@c1.example");
    let draft = Draft::new(&c1.organisation, &patient, &[Paper::new("x")]);
    let response = c1.provide(&draft).await.unwrap();
    assert_errors(&response, &["XDSRepositoryError"]);

    let plain = network.node("c1").unwrap();
    let published = published(&plain, &patient, "y").await;
    let (response, documents) = c1.retrieve(&[published.unique_id()]).await.unwrap();
    assert!(
        !response.errors.is_empty() && documents.is_empty(),
        "{response:?}"
    );

    let told = ("XUA-C02".to_owned(), Some("c1".to_owned()));
    assert_eq!(refused(&network, Program::Registry), [told.clone(), told]);
    assert_eq!(refused(&network, Program::Repository), []);
    assert_eq!(plain.find(&patient).await.unwrap().len(), 1);
}

#[tokio::test]
async fn where_the_domain_requires_it_only_the_exempt_come_without() {
    let network = requiring();
    let patient = patient(&network).await;
    let h1 = network.node("h1").unwrap();
    let document = published(&h1, &patient, "紹介状").await;

    let bare = network.node("c1").unwrap();
    assert!(bare.find(&patient).await.is_err());
    assert!(bare.retrieve(&[document.unique_id()]).await.is_err());
    let absent = ("XUA-H01".to_owned(), Some("c1".to_owned()));
    assert_eq!(
        refused(&network, Program::Registry),
        std::slice::from_ref(&absent)
    );
    assert_eq!(refused(&network, Program::Repository), [absent]);

    let c1 = clinic(&network, "sato@c1.example");
    assert_eq!(c1.find(&patient).await.unwrap(), document.entries);
    let (response, documents) = c1.retrieve(&[document.unique_id()]).await.unwrap();
    assert_success(&response);
    assert_eq!(documents.len(), 1);
    // And one for a single use: once at the registry, once by way of the repository.
    let provider = network.provider().unwrap();
    let once = || {
        let mut spec = provider.spec(&c1.organisation, "sato@c1.example");
        spec.one_time_use = true;
        bare.with_assertion(provider.key().issue(&spec).unwrap())
    };
    let (response, _) = once().retrieve(&[document.unique_id()]).await.unwrap();
    assert_success(&response);
    let asking = once();
    assert_eq!(asking.find(&patient).await.unwrap(), document.entries);
    assert!(asking.find(&patient).await.is_err(), "a second use");
}
