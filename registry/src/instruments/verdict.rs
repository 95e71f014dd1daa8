//! What an instrument lacks, and why it matters.

use registry_store::{Instrument, InstrumentError, Store};
use serde_json::{Value, json};
use time::OffsetDateTime;
use xds_policy::finding::{self, Finding};
use xds_policy::ledger::Ledger;
use xds_server::lang::Lang;

use super::Refused;

/// What is said of a version.
pub(crate) struct Verdict {
    /// The version.
    pub(crate) instrument: Instrument,
    /// What it lacks.
    pub(crate) findings: Vec<Finding>,
    /// Why it could not be entered, if it is a draft that could not.
    pub(crate) obstacle: Option<Refused>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub(crate) fn is_good(&self) -> bool {
        self.findings.is_empty() && self.obstacle.is_none()
    }

    /// Why it cannot be entered.
    pub(crate) fn obstacle(&self, lang: Lang) -> Option<String> {
        let obstacle = self.obstacle.as_ref().map(Refused::say);
        obstacle.map(|obstacle| lang.pick(&obstacle).to_owned())
    }

    /// The verdict for machines, with texts in a language.
    pub(crate) fn value(&self, lang: Lang) -> Value {
        let finding = |finding: &Finding| {
            json!({
                "code": finding.reason.code(),
                "subject": finding.subject,
                "text": finding_text(finding, lang),
                "why": finding_why(finding, lang),
            })
        };
        json!({
            "instrument": self.instrument.reference(),
            "valid": self.is_good(),
            "cannot_be_entered": self.obstacle(lang),
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
        })
    }
}

/// What is wrong with a version that is kept, as of when it is or will be in force.
pub(crate) async fn of_kept(
    store: &Store,
    instrument: Instrument,
    now: OffsetDateTime,
) -> Result<Verdict, Refused> {
    let ledger = store.load_domain(now).await?;
    let at = now.max(instrument.effective_from());
    Ok(Verdict {
        findings: findings(&ledger, &instrument, at),
        instrument,
        obstacle: None,
    })
}

/// What is wrong with a version that is not entered yet, and whether it could be.
pub(crate) async fn of_draft(
    store: &Store,
    draft: Instrument,
    now: OffsetDateTime,
) -> Result<Verdict, Refused> {
    let obstacle = obstacle(store, &draft).await?;
    let verdict = of_kept(store, draft, now).await?;
    Ok(Verdict { obstacle, ..verdict })
}

/// Why a draft cannot be entered, if it cannot.
pub(super) async fn obstacle(store: &Store, draft: &Instrument) -> Result<Option<Refused>, Refused> {
    match store.judge_instrument(draft).await {
        Ok(_) => Ok(None),
        Err(InstrumentError::Store(error)) => Err(error.into()),
        Err(error) => Ok(Some(error.into())),
    }
}

/// What is known of instruments of each kind. Those that are not named here are judged when they are entered.
pub(crate) fn findings(ledger: &Ledger, instrument: &Instrument, at: OffsetDateTime) -> Vec<Finding> {
    match instrument {
        Instrument::JointUseAgreement(agreement) => finding::of_agreement(ledger, agreement, at),
        Instrument::EntrustmentContract(contract) => finding::of_contract(ledger, contract, at),
        Instrument::Consent(consent) => finding::of_consent(ledger, consent, at),
        Instrument::BreakGlassSession(session) => finding::of_session(ledger.policy(at), session, at),
        _ => Vec::new(),
    }
}

/// What is missing.
pub(crate) fn finding_text(finding: &Finding, lang: Lang) -> &'static str {
    match lang {
        Lang::Ja => finding.reason.ja(),
        Lang::En => finding.reason.en(),
    }
}

/// Why it matters.
pub(crate) fn finding_why(finding: &Finding, lang: Lang) -> &'static str {
    match lang {
        Lang::Ja => finding.why_ja(),
        Lang::En => finding.why_en(),
    }
}
