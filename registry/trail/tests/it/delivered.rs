//! Messages that others deliver.

use registry_trail::{Delivered, Page, Question, Taken};
use time::Duration;
use xds_atna::{Source, messages};
use xds_audit::{Caller, EventKind, Outcome};

use crate::db::Db;
use crate::fixture::{AT, P1, retrieve, told, told_to_all};

#[tokio::test]
async fn a_delivered_event_is_found_as_it_was_told_and_once() {
    let db = Db::new().await;
    let event = told(1, 5, AT, retrieve(P1, "1.2.1"));
    let source = Source::new(
        "repository-1",
        "renkei-repository",
        "4711",
        "repository.example.jp",
    );
    let xml = messages(&event, &source).remove(0).to_xml();
    let delivered = |from| Delivered {
        xml: xml.as_bytes(),
        from,
        received: AT + Duration::minutes(1),
    };
    let broken = Delivered {
        xml: b"<AuditMessage>",
        ..delivered("repo-1")
    };
    let taken = |new, unread| Taken { new, unread };
    let first = db
        .indexer
        .index_messages(&[delivered("repo-1"), broken, delivered("repo-1")])
        .await;
    assert_eq!(first.unwrap(), taken(1, 1));
    let again = db.indexer.index_messages(&[delivered("repo-1")]).await;
    assert_eq!(again.unwrap(), taken(0, 0));

    let question = Question {
        patient: Some(P1.to_owned()),
        document: Some("1.2.1".to_owned()),
        user: Some("dr.sato".to_owned()),
        basis: Some("SHARED_WITH_ALL".to_owned()),
        correlation: Some("c-1".to_owned()),
        outcomes: vec![Outcome::Success],
        ..Question::default()
    };
    let found = db.reader.search(&question, Page::first(10)).await.unwrap();
    assert_eq!((found.len(), found[0].part), (1, 1));
    let (read, mut sent) = (&found[0].told.event, told_to_all(&event).event);
    assert!(read.closing == sent.closing);
    assert!(read.opening.objects == sent.opening.objects);
    // A message has the address without its port.
    sent.opening.caller.peer = sent.opening.caller.peer.map(|peer| (peer.ip(), 0).into());
    assert!(read.opening.caller == sent.opening.caller);
    assert_eq!(read.opening.endpoint, sent.opening.endpoint);

    // The event itself, from its journal or from another node, is another copy and takes nobody's place.
    let other = db.indexer.index_messages(&[delivered("repo-2")]).await;
    assert_eq!(other.unwrap(), taken(1, 0));
    assert_eq!(db.indexer.index(std::slice::from_ref(&event)).await.unwrap(), 1);
    assert_eq!(db.reader.show(event.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_refused_connection_has_an_address_and_no_user() {
    let db = Db::new().await;
    let mut refused = retrieve(P1, "1.2.1");
    refused.opening.kind = EventKind::HandshakeRefused {
        reason: "not_enrolled".to_owned(),
        count: 1,
    };
    refused.opening.caller = Caller::stranger("192.0.2.7:40000".parse().unwrap());
    let source = Source::new(
        "repository-1",
        "renkei-repository",
        "4711",
        "repository.example.jp",
    );
    let xml = messages(&told(1, 5, AT, refused), &source).remove(0).to_xml();
    let delivered = Delivered {
        xml: xml.as_bytes(),
        from: "repo-1",
        received: AT,
    };
    db.indexer.index_messages(&[delivered]).await.unwrap();
    let found = db
        .reader
        .search(&Question::default(), Page::first(2))
        .await
        .unwrap();
    let caller = &found[0].told.event.opening.caller;
    assert!(caller.user.is_none());
    assert_eq!(caller.peer, Some("192.0.2.7:0".parse().unwrap()));
    assert_eq!(found[0].message.as_deref(), Some(xml.as_str()), "as it came");
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_once_as_it_came_and_for_the_operator() {
    let db = Db::new().await;
    let login = b"<AuditMessage><!-- a login --></AuditMessage>".as_slice();
    let noise = b"\x00\xff no XML".as_slice();
    let delivered = |xml, from| Delivered {
        xml,
        from,
        received: AT,
    };
    let messages = [
        delivered(login, "h1"),
        delivered(noise, "h1"),
        delivered(login, "h2"),
        delivered(login, "h1"),
    ];
    let taken = db.indexer.index_messages(&messages).await.unwrap();
    assert_eq!(taken, Taken { new: 0, unread: 4 });
    db.indexer.index_messages(&messages).await.unwrap();

    let client = db.client().await;
    let select = "SELECT node, message FROM audit.unread ORDER BY number";
    let as_role = async |role: &str| {
        client.batch_execute(&format!("SET ROLE {role}")).await.unwrap();
        let rows = client.query(select, &[]).await;
        client.batch_execute("RESET ROLE").await.unwrap();
        rows
    };
    let kept: Vec<(String, Vec<u8>)> = as_role(&db.roles.operator)
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    let expected = [("h1", login), ("h1", noise), ("h2", login)];
    assert_eq!(kept, expected.map(|(node, xml)| (node.to_owned(), xml.to_vec())));
    for role in [&db.roles.reader, &db.roles.indexer] {
        assert!(as_role(role).await.is_err(), "{role}");
    }
}
