//! Assertion providers.

use time::OffsetDateTime;

use super::Finding;
use crate::config::XuaSection;
use crate::lang::Say;
use crate::xua::look;

const PART: &str = "xua";
/// Days before the end of a provider's certificate from which on somebody should ask for the next one.
const DAYS_EARLY: i64 = 30;

/// Whether assertions are believed, and until when each provider's certificates are good.
pub fn assertions(section: Option<&XuaSection>, now: OffsetDateTime) -> Vec<Finding> {
    let Some(section) = section else {
        return vec![absent()];
    };
    let mut findings = vec![requirement(section)];
    for file in look(section) {
        findings.push(match file.not_after {
            Ok(not_after) => issuer(&file.issuer, (not_after - now).whole_days()),
            Err(error) => {
                let found = Say::new(
                    format!("アサーション発行者 {} の証明書を使えません: {error}", file.issuer),
                    format!(
                        "the certificate of assertion provider {} cannot be used: {error}",
                        file.issuer
                    ),
                );
                let repair = Say::new(
                    "[[xua.issuer]] certificates のファイルを確かめてください。",
                    "check the files named in [[xua.issuer]] certificates",
                );
                Finding::bad(PART, found, repair)
            }
        });
    }
    findings
}

fn absent() -> Finding {
    let found = Say::new(
        "[xua] がありません: 利用者のアサーションは無視され、要求はノードだけで判断されます",
        "there is no [xua]: assertions about users are passed over, requests are decided by their node alone",
    );
    let repair = Say::new(
        "アサーション発行者がある場合は [xua] を設定してください。",
        "enter [xua] where the domain has assertion providers",
    );
    Finding::warning(PART, found, repair)
}

fn requirement(section: &XuaSection) -> Finding {
    if section.required {
        let found = Say::new(
            "アサーションは必須です",
            "requests without an assertion are refused",
        );
        return Finding::good(PART, found);
    }
    let found = Say::new(
        "アサーションは任意です: ない要求はノードだけで判断されます",
        "assertions are optional: requests without one are decided by their node alone",
    );
    Finding::good(PART, found)
}

fn issuer(name: &str, days: i64) -> Finding {
    let found = Say::new(
        format!("アサーション発行者の証明書の残り {days} 日 ({name})"),
        format!("the certificate of an assertion provider is valid for {days} more days ({name})"),
    );
    let repair = Say::new(
        "発行者から新しい証明書を受け取り、同じファイルに加えてください。再起動は要りません。",
        "get the provider's new certificate and add it to the same file; no restart is needed",
    );
    match days {
        ..0 => Finding::bad(PART, found, repair),
        0..DAYS_EARLY => Finding::warning(PART, found, repair),
        _ => Finding::good(PART, found),
    }
}
