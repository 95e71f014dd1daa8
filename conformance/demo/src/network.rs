//! Who is in the demo network: organisations, their nodes, and the patients. All of them are made up.

use xds_model::Transaction;
use xds_model::Transaction::{Decision, Iti8, Iti18, Iti41, Iti42, Iti43};

/// The authority that gives patient ids in the demo network.
pub(crate) const AUTHORITY: &str = "1.2.392.9.9.9.1";
/// The name by which a feed may call it.
pub(crate) const AUTHORITY_NAME: &str = "RENKEI";
/// repositoryUniqueId of the repository.
pub(crate) const REPOSITORY: &str = "1.2.392.9.9.9.2";
/// The arc of sourceIds: a number for each node follows.
pub(crate) const SOURCE_ARC: &str = "1.2.392.9.9.9.3";
/// The authority beside a facility code in an authorInstitution: there is no agreed one.
pub(crate) const FACILITY_AUTHORITY: &str = "1.2.392.9.9.9.4";
/// The key of the organisation that runs the registry.
pub(crate) const OPERATOR: &str = "network";
/// Issuer of the assertions that the demo's identity provider signs.
pub(crate) const ASSERTION_ISSUER: &str = "https://idp.renkei.example/demo";

/// Whom assertions are for: the domain.
pub(crate) const ASSERTION_AUDIENCE: &str = "urn:oid:1.2.392.9.9.9";

/// An organisation of the network.
#[derive(Debug)]
pub(crate) struct Organisation {
    /// Its key: the ten-digit facility code where it has one.
    pub(crate) id: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    /// Its name in kana.
    pub(crate) kana: &'static str,
    /// The key of its legal entity.
    pub(crate) entity: &'static str,
    /// The name of its legal entity.
    pub(crate) entity_name: &'static str,
}

impl Organisation {
    /// authorInstitution: name, authority, facility code (XON).
    pub(crate) fn xon(&self) -> String {
        format!("{}^^^^^&{FACILITY_AUTHORITY}&ISO^^^^{}", self.name, self.id)
    }

    /// What assertions call it.
    pub(crate) fn organization_id(&self) -> String {
        format!("urn:oid:{FACILITY_AUTHORITY}.{}", self.id)
    }

    /// The OID under which it gives ids to patients (`.51`), or to physicians (`.41`).
    pub(crate) fn arc(&self, of: u8) -> String {
        format!("1.2.392.100495.20.3.{of}.1{}", self.id)
    }
}

/// The hospital that refers and discharges.
pub(crate) const H1: Organisation = Organisation {
    id: "1311234567",
    name: "中央病院",
    kana: "チュウオウビョウイン",
    entity: "chuo",
    entity_name: "医療法人中央会",
};
const H2: Organisation = Organisation {
    id: "1311234575",
    name: "中央病院東分院",
    kana: "チュウオウビョウインヒガシブンイン",
    entity: "chuo",
    entity_name: "医療法人中央会",
};
/// A clinic that uses documents jointly with the hospitals.
pub(crate) const C1: Organisation = Organisation {
    id: "1312345678",
    name: "さくら診療所",
    kana: "サクラシンリョウジョ",
    entity: "sakura",
    entity_name: "さくら診療所",
};
/// A clinic that has signed no agreement.
pub(crate) const C2: Organisation = Organisation {
    id: "1312345686",
    name: "青葉クリニック",
    kana: "アオバクリニック",
    entity: "aoba",
    entity_name: "医療法人社団青葉会",
};
/// A clinic that takes emergencies.
pub(crate) const C3: Organisation = Organisation {
    id: "1312345694",
    name: "港内科医院",
    kana: "ミナトナイカイイン",
    entity: "minato",
    entity_name: "港内科医院",
};
const RAD: Organisation = Organisation {
    id: "1319876541",
    name: "臨海画像診断センター",
    kana: "リンカイガゾウシンダンセンター",
    entity: "rinkai",
    entity_name: "臨海画像診断株式会社",
};
const SECRETARIAT: Organisation = Organisation {
    id: OPERATOR,
    name: "地域医療連携ネットワーク事務局",
    kana: "チイキイリョウレンケイネットワークジムキョク",
    entity: "network",
    entity_name: "一般社団法人地域医療連携ネットワーク",
};

/// Every organisation.
pub(crate) const ORGANISATIONS: [&Organisation; 7] = [&H1, &H2, &C1, &C2, &C3, &RAD, &SECRETARIAT];

/// A node: one certificate of one organisation.
#[derive(Debug)]
pub(crate) struct Node {
    /// Its name, and that of its files.
    pub(crate) name: &'static str,
    /// Whose it is.
    pub(crate) organisation: &'static Organisation,
    /// What it may send.
    pub(crate) transactions: &'static [Transaction],
    /// What else its entry says.
    pub(crate) role: Role,
}

/// What a node is in the network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// The one that feeds patients, and has a default user, so that any client can be tried with it.
    Feeder,
    /// A member.
    Member,
    /// The repository: it acts for the nodes that it names.
    Repository,
}

const HOSPITAL: &[Transaction] = &[Iti8, Iti18, Iti41, Iti42, Iti43];
const CLINIC: &[Transaction] = &[Iti18, Iti41, Iti43];

/// Every node that an outside client can be, and then the repository.
pub(crate) const NODES: [Node; 7] = [
    node("h1", &H1, &Transaction::ALL, Role::Feeder),
    node("h2", &H2, HOSPITAL, Role::Member),
    node("c1", &C1, CLINIC, Role::Member),
    node("c2", &C2, CLINIC, Role::Member),
    node("c3", &C3, CLINIC, Role::Member),
    node("rad", &RAD, CLINIC, Role::Member),
    node("repository", &SECRETARIAT, &[Iti42, Decision], Role::Repository),
];

const fn node(
    name: &'static str,
    organisation: &'static Organisation,
    transactions: &'static [Transaction],
    role: Role,
) -> Node {
    Node {
        name,
        organisation,
        transactions,
        role,
    }
}

/// A node that publishes.
#[derive(Debug)]
pub(crate) struct Sender {
    /// The node's name.
    pub(crate) node: &'static str,
    /// Its organisation.
    pub(crate) organisation: &'static Organisation,
    /// The physician who signs: family and given name.
    pub(crate) physician: (&'static str, &'static str),
    /// The last arc of its sourceId.
    pub(crate) source: u8,
}

/// The hospital that refers and discharges.
pub(crate) const FIRST: Sender = Sender {
    node: "h1",
    organisation: &H1,
    physician: ("鈴木", "健一"),
    source: 1,
};
/// Its branch, of the same legal entity, that examines.
pub(crate) const SECOND: Sender = Sender {
    node: "h2",
    organisation: &H2,
    physician: ("渡邊", "美咲"),
    source: 2,
};

impl Sender {
    /// authorPerson (XCN), the id given by the organisation.
    pub(crate) fn xcn(&self) -> String {
        let (family, given) = self.physician;
        let arc = self.organisation.arc(41);
        format!("D{:04}^{family}^{given}^^^^^^&{arc}&ISO", self.source)
    }

    /// SubmissionSet.sourceId.
    pub(crate) fn source_id(&self) -> String {
        format!("{SOURCE_ARC}.{}", self.source)
    }
}

/// A patient.
#[derive(Debug)]
pub(crate) struct Patient {
    /// The number in its ids, counted from 1.
    pub(crate) number: u16,
    /// Kanji: family, given.
    pub(crate) kanji: (&'static str, &'static str),
    /// Katakana: family, given.
    pub(crate) kana: (&'static str, &'static str),
    /// Latin letters: family, given.
    pub(crate) latin: (&'static str, &'static str),
    /// Birth date, `YYYYMMDD`.
    pub(crate) birth: &'static str,
    /// Whether she is a woman.
    pub(crate) female: bool,
    /// Whether the name is written in JIS X 0208 alone, so that ISO-2022-JP can carry it.
    pub(crate) jis: bool,
}

impl Patient {
    /// The id of the network, CX.
    pub(crate) fn id(&self) -> String {
        format!("{}^^^&{AUTHORITY}&ISO", self.local())
    }

    /// The id of the network, without its authority.
    pub(crate) fn local(&self) -> String {
        format!("R{:07}", self.number)
    }

    /// The number that an organisation knows the patient by.
    pub(crate) fn chart(&self) -> String {
        format!("{:08}", u32::from(self.number) * 10)
    }

    /// The id of an organisation, CX.
    pub(crate) fn source_id(&self, organisation: &Organisation) -> String {
        format!("{}^^^&{}&ISO", self.chart(), organisation.arc(51))
    }

    /// The three forms of the name, each with the code of its script (XPN.8).
    pub(crate) fn forms(&self) -> [(xds_hl7::Representation, (&'static str, &'static str)); 3] {
        use xds_hl7::Representation::{Alphabetic, Ideographic, Phonetic};
        [
            (Ideographic, self.kanji),
            (Phonetic, self.kana),
            (Alphabetic, self.latin),
        ]
    }

    /// The name in kanji, for a document.
    pub(crate) fn full_name(&self) -> String {
        format!("{}　{}", self.kanji.0, self.kanji.1)
    }
}

type Name = (&'static str, &'static str);

const fn patient(number: u16, names: [Name; 3], birth: &'static str, female: bool, jis: bool) -> Patient {
    let [kanji, kana, latin] = names;
    Patient {
        number,
        kanji,
        kana,
        latin,
        birth,
        female,
        jis,
    }
}

/// The patient who did not enrol in the network.
pub(crate) const NOT_ENROLLED: u16 = 12;

/// The patients. The third, sixth, ninth and eleventh have characters that only Unicode has.
pub(crate) const PATIENTS: [Patient; 12] = [
    patient(
        1,
        [("山田", "太郎"), ("ヤマダ", "タロウ"), ("YAMADA", "TARO")],
        "19560312",
        false,
        true,
    ),
    patient(
        2,
        [("佐藤", "花子"), ("サトウ", "ハナコ"), ("SATO", "HANAKO")],
        "19620725",
        true,
        true,
    ),
    patient(
        3,
        [
            ("髙橋", "一郎"),
            ("タカハシ", "イチロウ"),
            ("TAKAHASHI", "ICHIRO"),
        ],
        "19480101",
        false,
        false,
    ),
    patient(
        4,
        [("田中", "美代子"), ("タナカ", "ミヨコ"), ("TANAKA", "MIYOKO")],
        "19391203",
        true,
        true,
    ),
    patient(
        5,
        [("渡辺", "翔"), ("ワタナベ", "ショウ"), ("WATANABE", "SHO")],
        "20080517",
        false,
        true,
    ),
    patient(
        6,
        [("𠮷田", "さくら"), ("ヨシダ", "サクラ"), ("YOSHIDA", "SAKURA")],
        "20190401",
        true,
        false,
    ),
    patient(
        7,
        [("小林", "進"), ("コバヤシ", "ススム"), ("KOBAYASHI", "SUSUMU")],
        "19440830",
        false,
        true,
    ),
    patient(
        8,
        [("加藤", "恵"), ("カトウ", "メグミ"), ("KATO", "MEGUMI")],
        "19851111",
        true,
        true,
    ),
    patient(
        9,
        [
            ("山﨑", "大輔"),
            ("ヤマザキ", "ダイスケ"),
            ("YAMAZAKI", "DAISUKE"),
        ],
        "19770209",
        false,
        false,
    ),
    patient(
        10,
        [("松本", "節子"), ("マツモト", "セツコ"), ("MATSUMOTO", "SETSUKO")],
        "19330614",
        true,
        true,
    ),
    patient(
        11,
        [("葛󠄀城", "亮"), ("カツラギ", "リョウ"), ("KATSURAGI", "RYO")],
        "19911020",
        false,
        false,
    ),
    patient(
        12,
        [("清水", "由美"), ("シミズ", "ユミ"), ("SHIMIZU", "YUMI")],
        "19700505",
        true,
        true,
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use xds_model::{PatientId, format};

    use super::*;

    #[test]
    fn identifiers_have_their_forms() {
        for sender in [&FIRST, &SECOND] {
            assert!(format::is_institution(&sender.organisation.xon()));
            assert!(format::is_person(&sender.xcn()));
        }
        for patient in &PATIENTS {
            assert!(patient.id().parse::<PatientId>().is_ok());
            assert!(format::is_source_patient_id(
                &patient.source_id(FIRST.organisation)
            ));
        }
        let numbers: HashSet<_> = PATIENTS.iter().map(|patient| patient.number).collect();
        assert_eq!(numbers.len(), PATIENTS.len());
    }

    #[test]
    fn the_two_hospitals_are_one_legal_entity_and_the_feeder_may_send_everything() {
        assert_eq!(H1.entity, H2.entity);
        let feeder = NODES.iter().find(|node| node.role == Role::Feeder).unwrap();
        assert_eq!(
            (feeder.name, feeder.transactions.len()),
            ("h1", Transaction::ALL.len())
        );
    }
}
