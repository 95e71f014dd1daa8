//! What `doctor` says of the audit trail.

use xds_server::doctor::Finding;
use xds_server::lang::Say;

use super::TrailRole;
use crate::database::Database;

const TRAIL: &str = "audit-trail";

/// Whether each role can work with the trail.
pub(crate) async fn examine(database: &Database) -> Vec<Finding> {
    if !database.has_trail() {
        let found = Say::new("監査証跡の索引がありません", "there is no audit trail");
        let repair = Say::new(
            "[database.audit] にロールを書き、`renkei-registry migrate --grant` を実行してください。",
            "name its roles in [database.audit], then run `renkei-registry migrate --grant`",
        );
        return vec![Finding::warning(TRAIL, found, repair)];
    }
    let mut findings = Vec::new();
    for (role, name) in [
        (TrailRole::Indexer, "indexer"),
        (TrailRole::Reader, "reader"),
        (TrailRole::Operator, "operator"),
    ] {
        findings.push(of_role(database, role, name).await);
    }
    findings
}

async fn of_role(database: &Database, role: TrailRole, name: &str) -> Finding {
    let checked = match database.trail(role) {
        Ok(trail) => database.check_trail(&trail).await,
        Err(error) => Err(error),
    };
    match checked {
        Ok(()) => Finding::good(
            TRAIL,
            Say::new(format!("ロール {name}: 使えます"), format!("role {name} works")),
        ),
        Err(error) => Finding::bad(
            TRAIL,
            Say::new(format!("ロール {name}: {error}"), format!("role {name}: {error}")),
            Say::new("上のメッセージに従ってください。", "do as the message says"),
        ),
    }
}
