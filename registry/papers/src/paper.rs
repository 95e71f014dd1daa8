//! A paper before it has a form.

use serde::Serialize;
use xds_policy::finding::Finding;
use xds_policy::reasons::Reason;

use crate::Language;

/// A paper in one language. All texts are as they were told: each form escapes them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Paper {
    /// Its language.
    pub language: Language,
    /// Its title.
    pub title: String,
    /// What it lacks, on top.
    pub missing: Vec<Missing>,
    /// What it says.
    pub blocks: Vec<Block>,
    /// What it was made from: instrument, version, hash, instant.
    pub made_from: Vec<(String, String)>,
}

/// A part of a paper.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph; a line feed in it stays one.
    Text(String),
    /// A list.
    Items(Vec<String>),
    /// Labels and values.
    Facts(Vec<(String, String)>),
    /// A table. No cell is blank.
    Table {
        /// Heads of the columns.
        columns: Vec<String>,
        /// The rows.
        rows: Vec<Vec<String>>,
    },
    /// Boxes to tick.
    Choices(Vec<String>),
    /// Lines to write on.
    Lines(Vec<String>),
}

/// Something that a paper lacks.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Missing {
    /// The condition: J4, E8, C4; or a word of ours.
    pub code: String,
    /// Whom or what it is about: an organisation, a contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What is missing.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// Whether the paper's own text is incomplete.
    pub weight: Weight,
}

/// How much a missing thing weighs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// The paper does not say what it must: it cannot be used.
    Text,
    /// The paper says what it must; something else has to happen before what it tells of may begin.
    Later,
}

/// What stands where a fact is missing.
pub(crate) fn undecided(language: Language) -> String {
    language.say("未定", "not decided")
}

impl Paper {
    /// Whether its own text is complete.
    pub fn is_complete(&self) -> bool {
        self.missing.iter().all(|missing| missing.weight == Weight::Later)
    }

    /// What its own text lacks, and what has to happen elsewhere.
    pub(crate) fn split(&self) -> [Vec<&Missing>; 2] {
        let (text, later) = self
            .missing
            .iter()
            .partition(|missing| missing.weight == Weight::Text);
        [text, later]
    }
}

/// What is found missing while a paper is written.
#[derive(Debug)]
pub(crate) struct Gaps {
    pub(crate) language: Language,
    found: Vec<Missing>,
}

impl Gaps {
    pub(crate) fn new(language: Language) -> Self {
        Self {
            language,
            found: Vec::new(),
        }
    }

    /// A fact as it is told, or that it is not decided, which is noted.
    pub(crate) fn known(&mut self, text: &str, code: &str, subject: Option<&str>, what: [&str; 2]) -> String {
        if !text.trim().is_empty() {
            return text.trim().to_owned();
        }
        self.note(code, subject, what);
        undecided(self.language)
    }

    /// Something is missing that is no condition of the law.
    pub(crate) fn note(&mut self, code: &str, subject: Option<&str>, [ja, en]: [&str; 2]) {
        self.push(Missing {
            code: code.to_owned(),
            subject: subject.map(str::to_owned),
            what: self.language.say(ja, en),
            why: self.language.say(
                "書かれていない事項は、誰の責任か決まっていないのと同じになる",
                "what is not written down is nobody's responsibility",
            ),
            weight: Weight::Text,
        });
    }

    /// A condition of the law that an instrument lacks.
    pub(crate) fn finding(&mut self, finding: &Finding, subject: Option<&str>, weight: Weight) {
        let about = finding.subject.as_deref().or(subject);
        self.push(Missing {
            code: finding.reason.code().to_owned(),
            subject: about.map(str::to_owned),
            what: self.language.say(finding.reason.ja(), finding.reason.en()),
            why: self.language.say(finding.why_ja(), finding.why_en()),
            weight,
        });
    }

    /// A condition that something lacks, without a finding at hand.
    pub(crate) fn reason(&mut self, reason: Reason, subject: Option<&str>) {
        self.finding(&Finding::from(reason), subject, Weight::Text);
    }

    fn push(&mut self, missing: Missing) {
        if !self.found.contains(&missing) {
            self.found.push(missing);
        }
    }

    /// All of it: what the text lacks first, by condition.
    pub(crate) fn sorted(mut self) -> Vec<Missing> {
        self.found
            .sort_by(|a, b| (a.weight, &a.code, &a.subject).cmp(&(b.weight, &b.code, &b.subject)));
        self.found
    }
}
