//! Who is in the network. All of them are made up.

use xds_model::Transaction;
use xds_model::Transaction::{Decision, Iti8, Iti18, Iti41, Iti42, Iti43};

/// The authority that gives patient ids.
pub const AUTHORITY: &str = "1.2.392.9.9.9.7.1";
/// The authority of the patients in samples of the NIST XDS Toolkit.
pub const SAMPLES_AUTHORITY: &str = "1.3.6.1.4.1.21367.13.20.1000";
/// repositoryUniqueId of the repository.
pub const REPOSITORY_UNIQUE_ID: &str = "1.2.392.9.9.9.7.2";
/// Who runs the registry: it has no documents and no patients of its own.
pub const OPERATOR: &str = "network";
/// The authority beside a facility code in an authorInstitution.
const FACILITY_AUTHORITY: &str = "1.2.392.9.9.9.7.4";

/// An organisation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Organisation {
    /// Its id in the registry's ledger, a ten-digit facility code.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its legal entity.
    pub entity: &'static str,
    /// What it is, as the domain file says it.
    pub kind: &'static str,
    /// The authority of its own patient ids.
    pub patients: &'static str,
    /// Its sourceId.
    pub source: &'static str,
}

impl Organisation {
    /// authorInstitution (XON).
    pub fn xon(&self) -> String {
        format!("{}^^^^^&{FACILITY_AUTHORITY}&ISO^^^^{}", self.name, self.id)
    }
}

const fn organisation(
    id: &'static str,
    name: &'static str,
    (entity, kind): (&'static str, &'static str),
    patients: &'static str,
    source: &'static str,
) -> Organisation {
    Organisation {
        id,
        name,
        entity,
        kind,
        patients,
        source,
    }
}

/// Every organisation: hospitals `h1` and `h2` of one legal entity, clinics, a reading centre, the operator.
pub const ORGANISATIONS: [Organisation; 7] = [
    organisation(
        "1311234567",
        "中央病院",
        ("chuo", "HOSPITAL"),
        "1.2.392.9.9.9.7.51.1",
        "1.2.392.9.9.9.7.3.1",
    ),
    organisation(
        "1311234575",
        "中央病院東分院",
        ("chuo", "HOSPITAL"),
        "1.2.392.9.9.9.7.51.2",
        "1.2.392.9.9.9.7.3.2",
    ),
    organisation(
        "1312345678",
        "さくら診療所",
        ("sakura", "CLINIC"),
        "1.2.392.9.9.9.7.51.3",
        "1.2.392.9.9.9.7.3.3",
    ),
    organisation(
        "1312345686",
        "青葉クリニック",
        ("aoba", "CLINIC"),
        "1.2.392.9.9.9.7.51.4",
        "1.2.392.9.9.9.7.3.4",
    ),
    organisation(
        "1312345694",
        "港内科医院",
        ("minato", "CLINIC"),
        "1.2.392.9.9.9.7.51.5",
        "1.2.392.9.9.9.7.3.5",
    ),
    organisation(
        "1319876541",
        "臨海画像診断センター",
        ("rinkai", "READING_CENTRE"),
        "1.2.392.9.9.9.7.51.6",
        "1.2.392.9.9.9.7.3.6",
    ),
    organisation(
        OPERATOR,
        "事務局",
        ("network", "OPERATOR"),
        "1.2.392.9.9.9.7.51.7",
        "1.2.392.9.9.9.7.3.7",
    ),
];

/// A node of an organisation.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Its place in [`ORGANISATIONS`].
    organisation: usize,
    /// What it may send.
    pub allow: &'static [Transaction],
    /// Further arguments of `node add`.
    pub arguments: &'static [&'static str],
}

impl Member {
    /// Whose it is.
    pub fn organisation(&self) -> Organisation {
        let [first, ..] = ORGANISATIONS;
        ORGANISATIONS.get(self.organisation).copied().unwrap_or(first)
    }
}

impl Organisation {
    /// Whether it takes part as a member that has patients, and not as the operator.
    pub fn is_clinical(&self) -> bool {
        self.id != OPERATOR
    }
}

const HOSPITAL: &[Transaction] = &[Iti8, Iti18, Iti41, Iti42, Iti43];
const CLINIC: &[Transaction] = &[Iti18, Iti41, Iti43];
/// `h1` feeds patients, and the busy tests run over it.
const FEEDER: &[&str] = &[
    "--feeds",
    AUTHORITY,
    "--feeds",
    SAMPLES_AUTHORITY,
    "--in-flight-max",
    "200",
];

/// Benchmarks read over `c1`.
const BUSY: &[&str] = &["--in-flight-max", "200"];

/// Every node: each has a certificate.
pub const NODES: [Member; 9] = [
    member("h1", 0, &Transaction::ALL, FEEDER),
    member("h2", 1, HOSPITAL, &["--allow-tls12"]),
    member("c1", 2, CLINIC, BUSY),
    member("c2", 3, CLINIC, &[]),
    member("c3", 4, CLINIC, &[]),
    member("rad", 5, CLINIC, &[]),
    member(
        "repository",
        6,
        &[Iti42, Decision],
        &["--acts-for-others", "--in-flight-max", "200"],
    ),
    member("operator", 6, &[], &["--right", "operator"]),
    member("auditor", 6, &[], &["--right", "audit-consumer"]),
];

const fn member(
    name: &'static str,
    organisation: usize,
    allow: &'static [Transaction],
    arguments: &'static [&'static str],
) -> Member {
    Member {
        name,
        organisation,
        allow,
        arguments,
    }
}
