//! Dropping months.

use registry_trail::RetentionError;
use time::macros::{date, datetime};

use crate::db::Db;
use crate::fixture::{AT, P1, retrieve, told};

#[tokio::test]
async fn only_the_owner_drops_a_month_and_only_an_old_one() {
    let db = Db::new().await;
    let old = told(1, 1, datetime!(2019-03-05 0:00 UTC), retrieve(P1, "1.2.1"));
    let young = told(1, 2, AT, retrieve(P1, "1.2.1"));
    db.indexer.index(&[old, young]).await.unwrap();
    let count = async || db.count("SELECT count(*) FROM audit.event").await;

    for role in [&db.indexer, &db.reader, &db.operator] {
        let refused = role.drop_month(date!(2019 - 03 - 01), AT).await.unwrap_err();
        let RetentionError::Trail(refused) = refused else {
            panic!("{refused}")
        };
        assert_eq!(refused.sqlstate(), Some("42501"));
    }
    let refused = db.owner.drop_month(AT.date(), AT).await;
    assert!(matches!(refused, Err(RetentionError::TooYoung)));
    assert_eq!(count().await, 2);

    db.owner.drop_month(date!(2019 - 03 - 31), AT).await.unwrap();
    assert_eq!(count().await, 1);
    assert_eq!(db.count("SELECT count(*) FROM audit.event_patient").await, 1);
}
