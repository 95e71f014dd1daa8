//! Certificates and revocation lists.

use time::OffsetDateTime;
use xds_tls::{CrlCondition, Material, MaterialPaths};

use super::Finding;
use crate::lang::Say;

const PART: &str = "certificates";
/// Days before the end of a certificate from which on somebody should renew it.
const DAYS_EARLY: i64 = 30;

/// Loads the material as `serve` would and looks at its dates.
pub fn certificates(paths: &MaterialPaths, now: OffsetDateTime) -> Vec<Finding> {
    let material = match Material::load(paths, now) {
        Ok(material) => material,
        Err(error) => {
            let found = Say::new(
                format!("証明書を読み込めません: {error}"),
                format!("certificates cannot be used: {error}"),
            );
            let repair = Say::new(
                "[clinical.tls] のファイルを確かめてください。",
                "check the files named in [clinical.tls]",
            );
            return vec![Finding::bad(PART, found, repair)];
        }
    };
    let mut findings = vec![own_certificate(&material, now)];
    findings.extend(revocation(&material, now));
    findings
}

fn own_certificate(material: &Material, now: OffsetDateTime) -> Finding {
    let own = material.own();
    let days = (own.not_after - now).whole_days();
    let found = Say::new(
        format!("サーバー証明書の残り {days} 日 ({})", own.subject),
        format!(
            "the server certificate is valid for {days} more days ({})",
            own.subject
        ),
    );
    if days < DAYS_EARLY {
        let repair = Say::new(
            "新しい証明書を取得し、同じファイルに置いてください。再起動は要りません。",
            "get a new certificate and put it in the same file; no restart is needed",
        );
        return Finding::warning(PART, found, repair);
    }
    Finding::good(PART, found)
}

fn revocation(material: &Material, now: OffsetDateTime) -> Vec<Finding> {
    let health = material.crl_health(now);
    let mut findings: Vec<Finding> = health
        .roots_without_list
        .iter()
        .map(|root| {
            let found = Say::new(format!("失効リストがありません: {root}"), format!("no revocation list for {root}"));
            let repair = Say::new(
                "認証局の CRL を入手して [clinical.tls] crls に加えてください。それまでこの認証局の証明書は拒否されます。",
                "get the CA's CRL and add it to [clinical.tls] crls; until then its certificates are refused",
            );
            Finding::bad(PART, found, repair)
        })
        .collect();
    for list in &health.lists {
        let found = Say::new(
            format!(
                "失効リストの次回更新 {} ({})",
                list.next_update.date(),
                list.issuer
            ),
            format!(
                "revocation list due {} ({})",
                list.next_update.date(),
                list.issuer
            ),
        );
        let repair = Say::new(
            "認証局の新しい CRL を同じファイルに置いてください。",
            "put the CA's new CRL in the same file",
        );
        findings.push(match list.condition {
            CrlCondition::Fresh => Finding::good(PART, found),
            CrlCondition::Overdue => Finding::warning(PART, found, repair),
            CrlCondition::Refusing => Finding::bad(PART, found, repair),
        });
    }
    findings
}
