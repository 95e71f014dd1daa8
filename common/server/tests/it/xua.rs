//! Assertions about users at the door: ITI-40, and the rows XUA-13, 19 and 20.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use xds_audit::Outcome;
use xds_model::principal::{NodeName, OrganisationId};
use xds_model::time::System;
use xds_model::{Principal, Transaction};
use xds_server::authenticate::Caller;
use xds_server::config::{IssuerSection, VouchingSection, XuaSection};
use xds_server::doctor::{self, Gravity};
use xds_server::xua::{NodeKind, NotAsserted, Xua};
use xds_testkit::pki::write_public;
use xds_testkit::xua::{AssertionProvider, AssertionSpec, SignatureAlgorithm};
use xds_xml::{Document, Limits};

use crate::client::{Client, Reply};
use crate::message::{CANARY, QUERY, SIMPLE, envelope, fresh_id, good, headers, post, post_with, query_body};
use crate::watch;
use crate::world::{Folder, Now, Told, World, node};

const ISSUER: &str = "https://idp.org.example/saml";
const AUDIENCE: &str = "urn:oid:1.2.392.200270.1";
const ORGANISATION_ID: &str = "urn:oid:1.2.392.200270.1.1";
const SYSTEM: &str = "2.16.840.1.113883.6.96";
const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

fn provider() -> AssertionProvider {
    AssertionProvider::generate(ISSUER, SignatureAlgorithm::EcdsaP256Sha256, OffsetDateTime::now()).unwrap()
}

/// A domain with one provider, that vouches for the organisation of `h1` and `h2`.
fn section(folder: &Folder, providers: &[&AssertionProvider]) -> XuaSection {
    trust(folder, providers);
    let text = format!("audiences = [\"{AUDIENCE}\"]\n");
    XuaSection {
        issuer: vec![IssuerSection {
            entity_id: ISSUER.to_owned(),
            certificates: vec![folder.path("idp.pem")],
            organisation: vec![VouchingSection {
                id: OrganisationId("org".to_owned()),
                organization_ids: [ORGANISATION_ID.to_owned()].into(),
                nodes: None,
            }],
        }],
        ..toml_of(&text)
    }
}

fn toml_of(text: &str) -> XuaSection {
    toml::from_str(text).unwrap()
}

fn trust(folder: &Folder, providers: &[&AssertionProvider]) {
    let text: String = providers
        .iter()
        .map(|provider| provider.certificate_pem())
        .collect();
    write_public(&folder.path("idp.pem"), text.as_bytes()).unwrap();
}

/// A good assertion about a user whose name must be seen nowhere but in the journal.
fn spec(id: &str) -> AssertionSpec {
    AssertionSpec::new(id, OffsetDateTime::now() - Duration::SECOND, AUDIENCE, CANARY)
        .with_text(
            "urn:oasis:names:tc:xspa:1.0:subject:organization-id",
            ORGANISATION_ID,
        )
        .with_code(
            "urn:oasis:names:tc:xacml:2.0:subject:role",
            "Role",
            "physician",
            SYSTEM,
        )
        .with_code(
            "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse",
            "PurposeOfUse",
            "TREAT",
            SYSTEM,
        )
}

fn security(content: &str) -> String {
    format!("<wsse:Security xmlns:wsse=\"{WSSE}\" soap12:mustUnderstand=\"1\">{content}</wsse:Security>")
}

fn message(message_id: &str, security: &str, mode: &str) -> Vec<u8> {
    let envelope = envelope(
        &format!("{}{security}", headers(QUERY, message_id)),
        &query_body(mode),
    );
    post("/registry", SIMPLE, envelope.as_bytes())
}

fn asked(assertion: &str) -> Vec<u8> {
    message(&fresh_id(), &security(assertion), "echo")
}

/// A world that believes one provider.
async fn world() -> (World, AssertionProvider) {
    world_with(|_| ()).await
}

async fn world_with(change: impl FnOnce(&mut XuaSection)) -> (World, AssertionProvider) {
    let (folder, provider) = (Folder::new(), provider());
    let mut section = section(&folder, &[&provider]);
    change(&mut section);
    assert_eq!(section.complaints(), [] as [&str; 0]);
    (World::with_xua(folder, &section).await, provider)
}

impl World {
    async fn accepted(&self, client: &mut Client, bytes: &[u8]) -> Told {
        let reply = client.ask(bytes).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        self.events_of("ITI-18").pop().unwrap()
    }

    /// A fault with this subcode and this rule, one event that says so, and nothing else happens.
    async fn assertion_refused(&self, what: &str, bytes: &[u8], subcode: &str, code: &str) -> Reply {
        let (reached, before) = (self.reached(), self.events().len());
        let mut client = self.client().await;
        let reply = client.ask(bytes).await;
        let text = reply.text();
        assert_eq!(reply.status, 400, "{what}: {text}");
        assert!(
            text.contains(&format!("<soap12:Value>wsse:{subcode}</soap12:Value>")),
            "{what}: {text}"
        );
        assert!(text.contains(&format!("{code}: ")), "{what}: {text}");
        assert!(!text.contains(CANARY), "{what}: {text}");
        assert_eq!(self.reached(), reached, "{what}: a handler was reached");
        let told = self.events();
        assert_eq!(told.len(), before + 1, "{what}");
        let last = told.last().unwrap();
        assert_eq!(
            (last.kind.as_str(), last.reason.as_str(), last.outcome),
            ("assertion-refused", code, Some(Outcome::SeriousFailure)),
            "{what}"
        );
        assert_eq!(last.node.as_deref(), Some("h1"), "{what}");
        assert_eq!(last.user, None, "{what}: what it says is not believed");
        assert!(reply.element("wsa:RelatesTo").is_some(), "{what}");
        watch::assert_clean(CANARY);
        reply
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn xua_20_user_role_and_purpose_stand_in_the_journal_and_nowhere_else() {
    let (world, provider) = world().await;
    let assertion = provider.issue(&spec("_a1")).unwrap();
    let told = world
        .accepted(&mut world.client().await, &asked(&assertion))
        .await;
    let code = |code: &str| serde_json::json!([{ "code": code, "system": SYSTEM, "text": code }]);
    assert_eq!(
        told.user,
        Some(serde_json::json!({
            "id": CANARY,
            "issuer": ISSUER,
            "roles": code("physician"),
            "purposes": code("TREAT"),
            "two_factor": true,
            "by_default": false,
        }))
    );
    assert!(!told.repeat);

    let several = spec("_a2").with_code(
        "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse",
        "PurposeOfUse",
        "ETREAT",
        SYSTEM,
    );
    let assertion = provider.issue(&several).unwrap();
    let told = world
        .accepted(&mut world.client().await, &asked(&assertion))
        .await;
    let user = told.user.unwrap();
    assert_eq!(user["roles"].as_array().unwrap().len(), 1, "{user}");
    let purposes: Vec<_> = user["purposes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|purpose| purpose["code"].as_str().unwrap())
        .collect();
    assert_eq!(purposes, ["TREAT", "ETREAT"]);
    watch::assert_clean(CANARY);
    assert!(
        !watch::log_holds("saml2:Assertion"),
        "the raw assertion is logged"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_assertion_is_told_and_nothing_is_done() {
    let (world, provider) = world().await;
    let now = OffsetDateTime::now();
    let signed = |spec: &AssertionSpec| provider.issue(spec).unwrap();
    let good = signed(&spec("_a1"));
    let expired = AssertionSpec {
        issued: now - Duration::hours(3),
        not_on_or_after: now - Duration::hours(2),
        ..spec("_a2")
    };
    let early = AssertionSpec {
        issued: now + Duration::hours(1),
        not_on_or_after: now + Duration::hours(2),
        ..spec("_a3")
    };
    let elsewhere = AssertionSpec {
        audiences: vec!["urn:oid:1.2.3".to_owned()],
        ..spec("_a4")
    };
    let mut foreign = spec("_a5");
    foreign.attributes.remove(0);
    let foreign = foreign.with_text(
        "urn:oasis:names:tc:xspa:1.0:subject:organization-id",
        "urn:oid:1.2.392.200270.1.2",
    );
    let stranger = AssertionProvider::generate(ISSUER, SignatureAlgorithm::EcdsaP256Sha256, now).unwrap();
    let unknown =
        AssertionProvider::generate("https://idp.x.example", SignatureAlgorithm::EcdsaP256Sha256, now)
            .unwrap();
    let twice = format!("{}{}", security(&good), security(&good));
    for (what, security, subcode, code) in [
        (
            "expired",
            security(&signed(&expired)),
            "InvalidSecurityToken",
            "XUA-T03",
        ),
        (
            "not valid yet",
            security(&signed(&early)),
            "InvalidSecurityToken",
            "XUA-T04",
        ),
        (
            "another audience",
            security(&signed(&elsewhere)),
            "InvalidSecurityToken",
            "XUA-C02",
        ),
        (
            "another organisation",
            security(&signed(&foreign)),
            "FailedAuthentication",
            "XUA-O04",
        ),
        (
            "unsigned",
            security(&provider.write(&spec("_a6"))),
            "FailedCheck",
            "XUA-S01",
        ),
        (
            "another key",
            security(&stranger.issue(&spec("_a7")).unwrap()),
            "FailedCheck",
            "XUA-S16",
        ),
        (
            "another issuer",
            security(&unknown.issue(&spec("_a8")).unwrap()),
            "InvalidSecurityToken",
            "XUA-S18",
        ),
        (
            "tampered",
            security(&good.replace("\"TREAT\"", "\"ETREAT\"")),
            "FailedCheck",
            "XUA-S17",
        ),
        ("two headers", twice, "InvalidSecurity", "XUA-H07"),
        (
            "two assertions",
            security(&format!("{good}{good}")),
            "InvalidSecurity",
            "XUA-H03",
        ),
    ] {
        let bytes = message(&fresh_id(), &security, "echo");
        world.assertion_refused(what, &bytes, subcode, code).await;
    }
    world.assert_lives().await;
    let reply = world.client().await.ask(&asked(&good)).await;
    assert_eq!(reply.status, 200, "refusals used nothing up");
}

#[tokio::test(flavor = "multi_thread")]
async fn xua_13_replay_and_honest_retries() {
    let (world, provider) = world().await;
    let once = AssertionSpec {
        one_time_use: true,
        ..spec("_once")
    };
    let (once, often) = (
        provider.issue(&once).unwrap(),
        provider.issue(&spec("_often")).unwrap(),
    );
    let mut h1 = world.client().await;

    // With new MessageIDs inside its validity.
    for _ in 0..3 {
        let told = world.accepted(&mut h1, &asked(&often)).await;
        assert!(!told.repeat);
    }
    // The same message, byte for byte: a retry, even of a message whose assertion is for one use.
    for assertion in [&often, &once] {
        let bytes = asked(assertion);
        assert!(!world.accepted(&mut h1, &bytes).await.repeat);
        let told = world.accepted(&mut h1, &bytes).await;
        assert!(told.repeat && told.user.is_some(), "{told:?}");
    }
    // The same MessageID before another body.
    let id = fresh_id();
    world
        .accepted(&mut h1, &message(&id, &security(&often), "echo"))
        .await;
    let other = message(&id, &security(&often), "large-3");
    world
        .assertion_refused("another body", &other, "InvalidSecurity", "XUA-R05")
        .await;
    // OneTimeUse in another message.
    world
        .assertion_refused("twice", &asked(&once), "FailedAuthentication", "XUA-R02")
        .await;
    // Another node of the same organisation. It may use a MessageID that h1 used.
    let mut h2 = world.h2.connect(world.address).await.unwrap();
    let reply = h2.ask(&asked(&often)).await;
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("XUA-R01"), "{}", reply.text());
    let own = provider.issue(&spec("_own")).unwrap();
    let told = world
        .accepted(&mut h2, &message(&id, &security(&own), "echo"))
        .await;
    assert_eq!(told.node.as_deref(), Some("h2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn xua_13_a_restart_forgets_nothing() {
    let (folder, provider) = (Folder::new(), provider());
    let section = section(&folder, &[&provider]);
    let open = || Xua::open(&section, "https://x", folder.path("used"), Arc::new(System)).unwrap();
    let ca = xds_testkit::pki::TestCa::new("CA", OffsetDateTime::now()).unwrap();
    let caller = |name: &str| {
        let leaf = ca.leaf(&xds_testkit::pki::LeafSpec::node(name)).unwrap();
        let principal = Principal::authenticated(node(name, &leaf));
        Caller::new(principal, ([127, 0, 0, 1], 1).into())
    };
    let (h1, h2) = (caller("h1"), caller("h2"));
    let admit = |xua: &Xua, caller: &Caller, assertion: &str, id: &str, digest: &str| {
        let text = security(assertion).replace(" soap12:mustUnderstand=\"1\"", "");
        let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
        let message = || (id.to_owned(), digest.to_owned());
        match xua.admit(Some(document.root()), caller, message) {
            Ok(caller) => Ok(caller.unwrap().repeat),
            Err(NotAsserted::Refused(refused)) => Err(refused.code()),
            Err(NotAsserted::Unavailable) => panic!("unavailable"),
        }
    };
    let once = AssertionSpec {
        one_time_use: true,
        ..spec("_once")
    };
    let (once, often) = (
        provider.issue(&once).unwrap(),
        provider.issue(&spec("_often")).unwrap(),
    );
    {
        let xua = open();
        assert_eq!(admit(&xua, &h1, &once, "m1", "d1"), Ok(false));
        assert_eq!(admit(&xua, &h1, &often, "m2", "d2"), Ok(false));
    }
    for _ in 0..2 {
        let xua = open();
        assert_eq!(admit(&xua, &h1, &once, "m1", "d1"), Ok(true));
        assert_eq!(admit(&xua, &h1, &once, "m3", "d3"), Err("XUA-R02"));
        assert_eq!(admit(&xua, &h1, &often, "m2", "other"), Err("XUA-R05"));
        assert_eq!(admit(&xua, &h2, &often, "m2", "d2"), Err("XUA-R01"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_required_only_the_exempt_come_without() {
    let (mut world, provider) = world_with(|section| {
        section.required = true;
        section.exempt_kinds = [NodeKind::DocumentSource].into();
        section.exempt_nodes = [NodeName("h2".to_owned())].into();
    })
    .await;
    world
        .assertion_refused("no header", &good(), "SecurityTokenUnavailable", "XUA-H01")
        .await;
    let empty = message(&fresh_id(), &security(""), "echo");
    world
        .assertion_refused("no assertion", &empty, "SecurityTokenUnavailable", "XUA-H02")
        .await;
    // h2 is exempt by name.
    world.assert_lives().await;
    // What an exempt node sends all the same is judged.
    let mut h2 = world.h2.connect(world.address).await.unwrap();
    let reply = h2.ask(&asked(&provider.write(&spec("_a1")))).await;
    assert!(reply.text().contains("XUA-S01"), "{}", reply.text());
    let assertion = provider.issue(&spec("_a2")).unwrap();
    let told = world
        .accepted(&mut world.client().await, &asked(&assertion))
        .await;
    assert!(told.user.is_some());

    world.enrol("h1", |node| {
        node.transactions = [Transaction::Iti42].into();
        true
    });
    let register = envelope(
        &headers(crate::message::REGISTER, &fresh_id()),
        &crate::message::register_body(),
    );
    let bytes = post("/registry", SIMPLE, register.as_bytes());
    let reply = world.client().await.ask(&bytes).await;
    assert_eq!(
        reply.status,
        200,
        "a device that only publishes: {}",
        reply.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_section_assertions_are_passed_over() {
    let world = World::new().await;
    let reply = world
        .client()
        .await
        .ask(&asked(
            "<saml2:Assertion xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>",
        ))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(world.events_of("ITI-18").pop().unwrap().user, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn xua_19_a_providers_key_is_rolled_over_under_way() {
    let (world, old) = world().await;
    let new = provider();
    let watching = tokio::spawn(world.foundation.clone().watch());
    let answer = async |assertion: &str| world.client().await.ask(&asked(assertion)).await;
    let fresh = |provider: &AssertionProvider, number: usize| {
        let id = format!("_a{number}");
        provider.issue(&spec(&id)).unwrap()
    };
    assert!(answer(&fresh(&new, 1)).await.text().contains("XUA-S16"));

    // A file that is no certificate changes nothing.
    write_public(&world.folder.path("idp.pem"), b"-----BEGIN NOTHING-----\n").unwrap();
    assert!(world.foundation.xua.as_ref().unwrap().reload().is_err());
    assert_eq!(answer(&fresh(&old, 2)).await.status, 200);

    trust(&world.folder, &[&old, &new]);
    let mut number = 3;
    let began = std::time::Instant::now();
    while answer(&fresh(&new, number)).await.status != 200 {
        assert!(began.elapsed() < std::time::Duration::from_secs(20));
        number += 1;
    }
    assert_eq!(
        answer(&fresh(&old, number + 1)).await.status,
        200,
        "both are good"
    );

    trust(&world.folder, &[&new]);
    number += 2;
    let began = std::time::Instant::now();
    while answer(&fresh(&old, number)).await.status == 200 {
        assert!(began.elapsed() < std::time::Duration::from_secs(20));
        assert_eq!(
            answer(&fresh(&new, number + 1)).await.status,
            200,
            "no good one fails"
        );
        number += 2;
    }
    assert!(answer(&fresh(&old, number + 2)).await.text().contains("XUA-S16"));
    watching.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_passes_an_assertion_on_for_the_node_that_it_names() {
    let (mut world, provider) = world().await;
    let ca_leaf = world
        .ca
        .leaf(&xds_testkit::pki::LeafSpec::node("repository"))
        .unwrap();
    let mut repository = node("repository", &ca_leaf);
    repository.acts_for_others = true;
    repository.organisation = OrganisationId("network".to_owned());
    world.add(repository);
    let identity = crate::client::Identity::new(world.ca.cert_der(), &ca_leaf);
    let mut client = identity.connect(world.address).await.unwrap();
    let asking = |request: &str, assertion: &str, document: &str| {
        let body = serde_json::json!({
            "operation": "retrieve",
            "repository_unique_id": "1.2",
            "documents": [document],
            "assertion": { "request": request, "xml": assertion },
        });
        post_with(
            "/decision",
            "application/json",
            "renkei-submitting-node: h1\r\n",
            body.to_string().as_bytes(),
        )
    };
    let once = AssertionSpec {
        one_time_use: true,
        ..spec("_once")
    };
    let once = provider.issue(&once).unwrap();
    // Sent again by a repository whose connection broke.
    for repeat in [false, true] {
        let reply = client.ask(&asking("r1", &once, "1.1")).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, "[\"TREAT\"]"));
        let told = world.events().pop().unwrap();
        assert_eq!(told.repeat, repeat);
        assert_eq!(told.user.unwrap()["id"], CANARY);
    }
    let tampered = once.replace("physician", "nurse");
    for (what, bytes, code) in [
        ("another question", asking("r2", &once, "1.1"), "XUA-R02"),
        ("another body", asking("r1", &once, "1.2"), "XUA-R05"),
        ("tampered", asking("r3", &tampered, "1.1"), "XUA-S17"),
        ("no XML", asking("r4", "</forwarded:Security>", "1.1"), "XUA-M01"),
    ] {
        let reached = world.reached();
        let reply = client.ask(&bytes).await;
        assert_eq!(reply.status, 422, "{what}: {}", reply.text());
        assert!(reply.text().contains(code), "{what}: {}", reply.text());
        assert_eq!(world.reached(), reached, "{what}");
        let told = world.events_of("assertion-refused").pop().unwrap();
        assert_eq!(
            (told.reason.as_str(), told.node.as_deref()),
            (code, Some("h1")),
            "{what}"
        );
    }
    // The user itself may go on with it at the registry, unless it was for one use.
    let often = provider.issue(&spec("_often")).unwrap();
    assert_eq!(client.ask(&asking("r5", &often, "1.1")).await.status, 200);
    let told = world.accepted(&mut world.client().await, &asked(&often)).await;
    assert!(told.user.is_some());
    watch::assert_clean(CANARY);
}

#[test]
fn the_section_and_what_doctor_says_of_it() {
    let folder = Folder::new();
    let provider = provider();
    let good = section(&folder, &[&provider]);
    let now = OffsetDateTime::now();
    let gravity = |section: Option<&XuaSection>, now: OffsetDateTime| {
        let findings = doctor::assertions(section, now);
        findings.into_iter().map(|finding| finding.gravity).max().unwrap()
    };
    assert_eq!(gravity(Some(&good), now), Gravity::Good);
    assert_eq!(gravity(None, now), Gravity::Warning);
    assert_eq!(gravity(Some(&good), now + Duration::days(3640)), Gravity::Warning);
    assert_eq!(gravity(Some(&good), now + Duration::days(3660)), Gravity::Bad);
    std::fs::write(folder.path("idp.pem"), "nothing").unwrap();
    assert_eq!(gravity(Some(&good), now), Gravity::Bad);

    let complains = |text: &str, what: &str| {
        let complaints = toml_of(text).complaints().join("; ");
        assert!(complaints.contains(what), "{text}: {complaints}");
    };
    complains("audiences = []", "xua.audiences");
    complains("audiences = [\"a\"]", "[[xua.issuer]]");
    complains(
        "audiences = [\"a\"]\nexempt_nodes = [\"n\"]",
        "exempt from nothing",
    );
    complains(
        "audiences = [\"a\"]\nclock_skew_seconds = 301",
        "clock_skew_seconds",
    );
    complains(
        "audiences = [\"a\"]\nlifetime_hours_max = 0",
        "lifetime_hours_max",
    );
    complains(
        "audiences = [\"a\"]\nassertions_per_issuer_max = 0",
        "assertions_per_issuer_max",
    );
    let issuer = "[[issuer]]\nentity_id = \"i\"\ncertificates = []\norganisation = []\n";
    complains(
        &format!("audiences = [\"a\"]\n{issuer}"),
        "certificates names no file",
    );
    complains(&format!("audiences = [\"a\"]\n{issuer}"), "nobody may use it");
    complains(&format!("audiences = [\"a\"]\n{issuer}{issuer}"), "given twice");
}
