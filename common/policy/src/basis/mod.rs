//! What a permit may rest on: a file per basis.
//!
//! Each has two halves: what can be said of the request alone, once, and what is left for each document.

pub(crate) mod consent;
pub(crate) mod emergency;
pub(crate) mod entrust;
pub(crate) mod joint;
pub(crate) mod law;
pub(crate) mod own;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::decision::ConsentRoute;
use crate::obligations::Obligation;
use crate::reasons::Reason;
use crate::version::InstrumentRef;

/// What a permit rests on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Basis {
    /// Own record 自院.
    #[serde(rename = "OWN")]
    Own,
    /// Entrustment 委託: Article 27(5)(1).
    #[serde(rename = "ENTRUST")]
    Entrust,
    /// Joint use 共同利用: Article 27(5)(3).
    #[serde(rename = "JOINT")]
    Joint,
    /// Consent to provision to a third party 第三者提供の同意: Article 27(1).
    #[serde(rename = "CONSENT")]
    Consent,
    /// Based on law 法令に基づく場合: Article 27(1)(1).
    #[serde(rename = "LAW")]
    Law,
    /// Protection of life and body 生命・身体の保護: Article 27(1)(2).
    #[serde(rename = "EMERG")]
    Emergency,
}

impl Basis {
    /// All, in the usual order.
    pub const ALL: [Self; 6] = [
        Self::Own,
        Self::Entrust,
        Self::Joint,
        Self::Consent,
        Self::Law,
        Self::Emergency,
    ];

    /// The code in audit and ledgers.
    pub fn code(self) -> &'static str {
        match self {
            Self::Own => "OWN",
            Self::Entrust => "ENTRUST",
            Self::Joint => "JOINT",
            Self::Consent => "CONSENT",
            Self::Law => "LAW",
            Self::Emergency => "EMERG",
        }
    }

    /// In Japanese.
    pub fn ja(self) -> &'static str {
        match self {
            Self::Own => "自院",
            Self::Entrust => "委託",
            Self::Joint => "共同利用",
            Self::Consent => "第三者提供(同意)",
            Self::Law => "法令",
            Self::Emergency => "生命・身体の保護(緊急)",
        }
    }

    /// In English.
    pub fn en(self) -> &'static str {
        match self {
            Self::Own => "own record",
            Self::Entrust => "entrustment",
            Self::Joint => "joint use",
            Self::Consent => "consent to third-party provision",
            Self::Law => "based on law",
            Self::Emergency => "protection of life and body",
        }
    }
}

/// A basis that holds.
pub(crate) struct Grant {
    pub(crate) instrument: Arc<InstrumentRef>,
    pub(crate) obligations: Arc<[Obligation]>,
    pub(crate) route: Option<ConsentRoute>,
}

/// A basis that does not hold.
#[derive(Clone, Debug)]
pub(crate) struct Miss {
    pub(crate) reason: Reason,
    pub(crate) instrument: Option<Arc<InstrumentRef>>,
}

impl From<Reason> for Miss {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            instrument: None,
        }
    }
}

impl Miss {
    pub(crate) fn of(reason: Reason, instrument: &Arc<InstrumentRef>) -> Self {
        Self {
            reason,
            instrument: Some(Arc::clone(instrument)),
        }
    }
}

/// The miss that came nearest to a hit: of several instruments that do not hold, that one is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nearest(Option<(u8, Miss)>);

impl Nearest {
    /// Notes a miss. `passed` counts the checks before it. The first of equals stays.
    pub(crate) fn note(&mut self, passed: u8, miss: impl FnOnce() -> Miss) {
        if self.0.as_ref().is_none_or(|(most, _)| passed > *most) {
            self.0 = Some((passed, miss()));
        }
    }

    /// The miss, or another if none was noted.
    pub(crate) fn or(self, none: Reason) -> Miss {
        self.0.map_or_else(|| none.into(), |(_, miss)| miss)
    }
}
