//! `doctor`: looks at what a server needs and says what to do about what is wrong.

mod audit;
mod certificates;
mod clock;
mod disk;
mod xua;

use serde_json::{Value, json};

use crate::lang::{Lang, Say};

pub use audit::audit_trail;
pub use certificates::certificates;
pub use clock::clock;
pub use disk::{encrypted_volume, free_space};
pub use xua::assertions;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Gravity {
    /// As it should be.
    Good,
    /// Works, but somebody should look at it.
    Warning,
    /// Does not work, or will soon not.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was looked at: a fixed word.
    pub part: &'static str,
    /// How grave it is.
    pub gravity: Gravity,
    /// What was found.
    pub found: Say,
    /// What to do about it.
    pub repair: Option<Say>,
}

impl Finding {
    /// As it should be.
    pub fn good(part: &'static str, found: Say) -> Self {
        Self {
            part,
            gravity: Gravity::Good,
            found,
            repair: None,
        }
    }

    /// Worth a look.
    pub fn warning(part: &'static str, found: Say, repair: Say) -> Self {
        Self {
            part,
            gravity: Gravity::Warning,
            found,
            repair: Some(repair),
        }
    }

    /// Wrong.
    pub fn bad(part: &'static str, found: Say, repair: Say) -> Self {
        Self {
            part,
            gravity: Gravity::Bad,
            found,
            repair: Some(repair),
        }
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// In the order looked at.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Adds findings.
    pub fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
    }

    /// Whether nothing is wrong; warnings do not count.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.gravity < Gravity::Bad)
    }

    /// For people.
    pub fn text(&self, lang: Lang) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let mark = match (finding.gravity, lang) {
                (Gravity::Good, _) => "  OK  ",
                (Gravity::Warning, Lang::Ja) => " 注意 ",
                (Gravity::Warning, Lang::En) => " WARN ",
                (Gravity::Bad, Lang::Ja) => " 異常 ",
                (Gravity::Bad, Lang::En) => " BAD  ",
            };
            text.push_str(&format!(
                "[{mark}] {:<12} {}\n",
                finding.part,
                lang.pick(&finding.found)
            ));
            if let Some(repair) = &finding.repair {
                text.push_str(&format!("{:21} → {}\n", "", lang.pick(repair)));
            }
        }
        text
    }

    /// For machines.
    pub fn json(&self) -> Value {
        let findings: Vec<Value> = self
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "part": finding.part,
                    "gravity": match finding.gravity { Gravity::Good => "good", Gravity::Warning => "warning", Gravity::Bad => "bad" },
                    "found": finding.found.en,
                    "repair": finding.repair.as_ref().map(|repair| &repair.en),
                })
            })
            .collect();
        json!({ "healthy": self.is_healthy(), "findings": findings })
    }
}
