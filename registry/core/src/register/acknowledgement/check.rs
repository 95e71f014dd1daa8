//! Rules about the metadata of acknowledgements (ITI TF-3 5.1.2.1).

use time::OffsetDateTime;
use xds_model::acknowledgement::SHA256_SLOT;
use xds_model::{Fault, RuleId};
use xds_policy::instruments::acknowledgement::{ConsentForm, PrivacyPolicy};
use xds_policy::instruments::consent::TextRef;
use xds_policy::ledger::Ledger;

use super::super::Context;
use super::super::request::{ENTRY, Faults, Request, at};
use super::reading::Reading;

/// Every rule that can be judged from the metadata and what the domain declares.
pub(in crate::register) fn check(request: &Request<'_>, context: &Context<'_>, faults: &mut Faults) {
    for entry in &request.received.entries {
        if entry.is_acknowledgement() {
            let reading = Reading::of(entry, context.ledger, context.now);
            Check { reading, faults }.all(context.ledger, context.now);
        }
    }
}

struct Check<'a, 'f> {
    reading: Reading<'a>,
    faults: &'f mut Faults,
}

impl Check<'_, '_> {
    fn all(&mut self, ledger: &Ledger, now: OffsetDateTime) {
        self.policies();
        self.lifts();
        self.texts(ledger, now);
        let entry = self.reading.entry;
        if !entry.is_classed_as_acknowledgement() {
            let class = entry.class_code.as_ref();
            let found = class.map_or_else(String::new, |class| class.code.code.clone());
            self.lacks(RuleId::AcknowledgementClass, "classCode", &found);
        }
        if entry.service_start_time.is_none() {
            self.lacks(RuleId::AcknowledgementStart, "Slot[serviceStartTime]", "");
        }
        if self.reading.is_over(now) {
            let stop = entry
                .service_stop_time
                .map_or_else(String::new, |stop| stop.to_string());
            self.lacks(RuleId::AcknowledgementOver, "Slot[serviceStopTime]", &stop);
        }
        if self.reading.sha256().is_none() {
            let slot = format!("Slot[{SHA256_SLOT}]");
            self.lacks(RuleId::AcknowledgementEvidence, &slot, "");
        }
    }

    fn policies(&mut self) {
        if self.reading.policies.is_empty() && self.reading.unknown.is_empty() {
            self.fault(RuleId::AcknowledgementPolicy, "eventCodeList", "");
        }
        for code in self.reading.unknown.clone() {
            self.fault(RuleId::AcknowledgementUnknown, "eventCodeList", code);
        }
    }

    fn lifts(&mut self) {
        for (id, policy) in self.reading.policies.clone() {
            let PrivacyPolicy::Lift(form) = policy else {
                continue;
            };
            for lifted in &form.policies {
                if self.reading.policies.contains_key(lifted) {
                    let found = format!("{id} lifts {lifted}");
                    self.fault(RuleId::AcknowledgementContradiction, "eventCodeList", &found);
                }
            }
        }
        if self.reading.lifts() && self.reading.entry.service_stop_time.is_some() {
            self.fault(RuleId::LiftWithoutEnd, "Slot[serviceStopTime]", "");
        }
    }

    /// C4: a consent to a text that was not in force when it was signed gives nothing.
    fn texts(&mut self, ledger: &Ledger, now: OffsetDateTime) {
        let signed = self.reading.signed_at(now);
        for (id, policy) in self.reading.policies.clone() {
            let PrivacyPolicy::Consent(form) = policy else {
                continue;
            };
            if text_of(form, ledger, signed, now).is_none() {
                self.fault(RuleId::AcknowledgementText, "eventCodeList", id.as_str());
            }
        }
    }

    fn fault(&mut self, rule: RuleId, attribute: &str, found: &str) {
        let location = at(ENTRY, &self.reading.entry.id, attribute);
        self.faults.add(rule, location, found);
    }

    /// What a refusal may lack.
    fn lacks(&mut self, rule: RuleId, attribute: &str, found: &str) {
        let location = at(ENTRY, &self.reading.entry.id, attribute);
        self.faults.push(if self.reading.only_refuses() {
            Fault::warning(rule, location, found)
        } else {
            Fault::new(rule, location, found)
        });
    }
}

/// The text that a policy stands for, as it was in force when it was signed.
pub(super) fn text_of(
    form: &ConsentForm,
    ledger: &Ledger,
    signed: OffsetDateTime,
    now: OffsetDateTime,
) -> Option<TextRef> {
    let text = ledger.text_in_force(&form.text, signed, now)?;
    Some(TextRef {
        id: form.text.id.clone(),
        version: form.text.version,
        hash: Some(text.reference().hash),
    })
}
