//! What `doctor` says of tasks after disclosures.

use registry_core::records::TaskKind;
use registry_store::Store;
use time::OffsetDateTime;
use xds_server::doctor::Finding;
use xds_server::lang::Say;

const PART: &str = "emergency";

/// Whether reviews of emergencies are late, and what else is to be done.
pub(crate) async fn examine(store: &Store, now: OffsetDateTime) -> Vec<Finding> {
    let mut open = 0;
    let mut late = 0;
    for kind in TaskKind::ALL {
        match store.task_count(kind, now).await {
            Ok(count) => {
                open += count.open;
                late += count.late;
            }
            // That the database fails, or has no such table yet, is told above.
            Err(_) => return Vec::new(),
        }
    }
    vec![finding(open, late)]
}

fn finding(open: u64, late: u64) -> Finding {
    let repair = || {
        Say::new(
            "`renkei-registry emergency list` で確かめ、`emergency review`・`emergency notified` で登録してください。",
            "see `renkei-registry emergency list`; enter them with `emergency review` and `emergency notified`",
        )
    };
    if late > 0 {
        let found = Say::new(
            format!("緊急時アクセスの点検が {late} 件、期限を過ぎています"),
            format!("{late} reviews of break-glass sessions are overdue"),
        );
        return Finding::bad(PART, found, repair());
    }
    if open > 0 {
        let found = Say::new(
            format!("緊急時アクセス等の通知・点検が {open} 件残っています"),
            format!("{open} notices and reviews are to be done"),
        );
        return Finding::warning(PART, found, repair());
    }
    Finding::good(
        PART,
        Say::new(
            "残っている通知・点検はありません",
            "no notices or reviews are to be done",
        ),
    )
}
