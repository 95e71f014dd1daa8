//! Who asks in the story, as whom, and what each must get.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use xds_testkit::xua::AssertionSpec;

use crate::assertions::IdentityProvider;
use crate::documents::Kind;
use crate::law::is_used_jointly;
use crate::network::Organisation;
use crate::publish::Published;

/// One organisation that asks.
#[derive(Debug)]
pub(super) struct Asking {
    /// The step that it belongs to, in Japanese and English.
    pub(super) chapter: (&'static str, &'static str),
    /// The node.
    pub(super) node: &'static str,
    /// What is special, in Japanese and English.
    pub(super) situation: (&'static str, &'static str),
    /// As whom.
    pub(super) user: User,
    /// Which of the patient's documents it must get, and no others.
    pub(super) gets: fn(&Published) -> bool,
    /// On which basis; none when it must get nothing.
    pub(super) basis: Option<&'static str>,
}

/// What the message says about the user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum User {
    /// Nothing: the node's entry vouches for a physician.
    ByDefault,
    /// A physician who treats.
    Physician,
    /// A physician who declares an emergency.
    Emergency,
    /// A physician who reads images for the hospitals.
    Contractor,
}

const BEFORE: (&str, &str) = (
    "患者1人の文書を各機関が求める",
    "each organisation asks for one patient's documents",
);
const VISIT: (&str, &str) = (
    "c2 の受診時に患者が同意する (instrument add)",
    "the patient consents at a visit to c2 (instrument add)",
);
const AFTER: (&str, &str) = (
    "患者がネットワークでの共有を拒否し、各機関がもう一度求める",
    "the patient refuses sharing over the network; each asks again",
);

const H1: Asking = Asking {
    chapter: BEFORE,
    node: "h1",
    situation: ("作成した病院", "the author"),
    user: User::ByDefault,
    gets: everything,
    basis: Some("OWN"),
};
const H2: Asking = Asking {
    node: "h2",
    situation: ("同じ法人の分院", "same legal entity"),
    user: User::Physician,
    ..H1
};
const C1: Asking = Asking {
    node: "c1",
    situation: ("共同利用の相手", "joint user"),
    gets: is_used_jointly,
    basis: Some("JOINT"),
    ..H2
};
const C2: Asking = Asking {
    node: "c2",
    situation: ("協定も同意もない", "no agreement, no consent"),
    gets: nothing,
    basis: None,
    ..H2
};
const C2_VISITED: Asking = Asking {
    chapter: VISIT,
    situation: ("受診時に同意した", "consent at the visit"),
    gets: of_h1,
    basis: Some("CONSENT"),
    ..C2
};
const C3: Asking = Asking {
    node: "c3",
    situation: ("意識不明で搬送", "patient unconscious"),
    user: User::Emergency,
    gets: for_emergency,
    basis: Some("EMERG"),
    ..H2
};
const RAD: Asking = Asking {
    node: "rad",
    situation: ("読影の委託先", "contractor, reads images"),
    user: User::Contractor,
    gets: images,
    basis: Some("ENTRUST"),
    ..H2
};

/// Before anything changes.
pub(super) const BEFORE_REFUSAL: &[Asking] = &[H1, H2, C1, C2, C3, RAD];
/// The patient agreed at a visit.
pub(super) const CONSENTED: &[Asking] = &[C2_VISITED];
/// The patient refused: what rests on the network ends, what does not goes on.
pub(super) const AFTER_REFUSAL: &[Asking] = &[
    Asking { chapter: AFTER, ..H1 },
    Asking { chapter: AFTER, ..H2 },
    Asking {
        chapter: AFTER,
        gets: nothing,
        basis: None,
        ..C1
    },
    Asking {
        chapter: AFTER,
        gets: nothing,
        basis: None,
        ..C2_VISITED
    },
    Asking { chapter: AFTER, ..C3 },
    Asking {
        chapter: AFTER,
        ..RAD
    },
];

fn everything(_: &Published) -> bool {
    true
}

fn nothing(_: &Published) -> bool {
    false
}

/// The notice that such a consent needs hangs in the first hospital only.
fn of_h1(document: &Published) -> bool {
    document.sender == "h1"
}

fn images(document: &Published) -> bool {
    document.kind.is_image()
}

/// Summaries, examinations, prescriptions and images: a letter is not needed to save a life.
fn for_emergency(document: &Published) -> bool {
    document.kind != Kind::Referral
}

impl User {
    /// The assertion; none where the node's entry vouches.
    pub(super) fn assertion(self, of: &Organisation, now: OffsetDateTime) -> Option<AssertionSpec> {
        let spec = |purpose| IdentityProvider::spec(of, "dr-story", purpose);
        match self {
            Self::ByDefault => None,
            Self::Physician => Some(spec("TREAT")),
            Self::Emergency => Some(declared(spec("ETREAT"), now)),
            Self::Contractor => Some(
                spec("ENTRUSTED_TASK")
                    .with_text("urn:renkei:xua:capacity:contractor-of", "chuo")
                    .with_text("urn:renkei:xua:capacity:contract", "rad-images"),
            ),
        }
    }
}

/// A break-glass declaration 緊急時アクセスの宣言.
fn declared(spec: AssertionSpec, now: OffsetDateTime) -> AssertionSpec {
    let user = spec.name_id.clone();
    let at = now.to_offset(UtcOffset::UTC).format(&Rfc3339).unwrap_or_default();
    spec.with_text("urn:renkei:xua:break-glass:reason", "UNCONSCIOUS")
        .with_text("urn:renkei:xua:break-glass:text", "救急搬送、呼びかけに応じない")
        .with_text("urn:renkei:xua:break-glass:attested-by", &user)
        .with_text("urn:renkei:xua:break-glass:attested-at", &at)
        .with_text("urn:renkei:xua:break-glass:confirmed", "true")
}
