//! Contracts: what each says of E1 to E9.

use xds_policy::finding;
use xds_policy::instruments::contract::{Analysis, EntrustmentContract, Subcontracting};
use xds_policy::reasons::Reason;
use xds_policy::version::Version;

use super::Sheet;
use crate::legal::contract_kind;
use crate::local::term;
use crate::paper::{Weight, undecided};

impl Sheet<'_> {
    pub(super) fn contracts(&mut self) {
        self.heading("委託契約", "Entrustment contracts");
        let contracts = self.material.contracts(self.at);
        if contracts.is_empty() {
            self.gaps.note(
                "contract",
                None,
                ["効力のある委託契約", "an entrustment contract in force"],
            );
        }
        let rows = contracts
            .into_iter()
            .map(|contract| self.contract(contract))
            .collect();
        self.table(
            [
                "契約",
                "委託元 → 委託先",
                "業務と範囲 (E1, E2)",
                "期間と終了時 (E3)",
                "保存期間 (E4)",
                "監督 (E5)",
                "再委託・分析 (E6, E7)",
                "安全管理 (E8)",
            ],
            [
                "Contract",
                "Entruster → contractor",
                "Task, scope (E1, E2)",
                "Term, end (E3)",
                "Retention (E4)",
                "Supervision (E5)",
                "Subcontracting, analysis (E6, E7)",
                "Safeguards (E8)",
            ],
            rows,
        );
    }

    fn contract(&mut self, contract: &Version<EntrustmentContract>) -> Vec<String> {
        let (id, terms) = (contract.id.as_str(), &contract.terms);
        let lacking = finding::of_contract(&self.material.ledger, contract, self.at);
        for found in &lacking {
            self.gaps.finding(found, Some(id), Weight::Text);
        }
        let lacks = |reason| lacking.iter().any(|found| found.reason == reason);
        let unless = |reason: Reason, text: String| {
            if lacks(reason) || text.trim().is_empty() {
                undecided(self.language)
            } else {
                text
            }
        };
        let entruster = self.material.entity_name(&terms.entruster, self.at);
        let contractor = self.material.organisation(&terms.contractor, self.at);
        let classes = self.material.names.of_set(&terms.scope.classes, self.language);
        let scope = unless(Reason::E2, classes);
        let task = unless(Reason::E1, terms.task.clone());
        vec![
            format!("{} ({id})", contract_kind(terms.kind, self.language)),
            format!("{entruster} → {}", unless(Reason::E9, contractor)),
            self.language.pick(
                format!("{task}。範囲: {scope}"),
                format!("{task}; scope: {scope}"),
            ),
            unless(Reason::E3, self.end(contract)),
            unless(Reason::E4, self.retention(terms)),
            unless(
                Reason::E5,
                self.say(
                    "委託元が選び、改善を指示し、報告を受ける",
                    "selected by the entruster, who may instruct and gets reports",
                ),
            ),
            format!(
                "{} / {}",
                unless(Reason::E6, self.subcontracting(&terms.subcontracting)),
                unless(Reason::E7, self.analysis(&terms.analysis)),
            ),
            unless(
                Reason::E8,
                self.say(
                    "漏えい・改ざんの防止、事故または疑いがあれば直ちに委託先が報告",
                    "against leakage and tampering; the contractor reports on suspicion, at once",
                ),
            ),
        ]
    }

    fn end(&self, contract: &Version<EntrustmentContract>) -> String {
        let end = &contract.terms.end_of_term;
        let deeds = [
            (end.returned, ["返却", "returned"]),
            (end.erased, ["消去", "erased"]),
            (end.certificate, ["証明書", "with a certificate"]),
        ];
        let deeds = deeds.into_iter().filter(|(done, _)| *done);
        let deeds = self
            .language
            .list(deeds.map(|(_, [ja, en])| self.language.say(ja, en)));
        let term = term(contract.effective_from, contract.effective_to, self.language);
        let days = end.within_days;
        self.language.pick(
            format!("{term}。終了後 {days} 日以内に {deeds}"),
            format!("{term}; within {days} days after: {deeds}"),
        )
    }

    fn retention(&self, terms: &EntrustmentContract) -> String {
        let (days, words) = (
            terms.retention.days,
            terms.retention.infectious_and_genetic.trim(),
        );
        if words.is_empty() {
            return String::new();
        }
        self.language.pick(
            format!("{days} 日。感染症・遺伝子情報: {words}"),
            format!("{days} days; infectious diseases, genetic information: {words}"),
        )
    }

    fn subcontracting(&self, subcontracting: &Subcontracting) -> String {
        match subcontracting {
            Subcontracting::Unsaid => String::new(),
            Subcontracting::Prohibited => self.say("再委託は禁止", "no subcontracting"),
            Subcontracting::Listed(names) => {
                let names = self.language.list(names.iter().cloned());
                self.language
                    .pick(format!("再委託先: {names}"), format!("subcontractors: {names}"))
            }
        }
    }

    fn analysis(&self, analysis: &Analysis) -> String {
        match analysis {
            Analysis::Unsaid => String::new(),
            Analysis::Prohibited => self.say("分析は禁止", "no analysis"),
            Analysis::WithAgreement => self.say(
                "分析は委託元と患者の同意がある場合のみ",
                "analysis only as entruster and patient agree",
            ),
        }
    }
}
