//! Connections: where one side's responsibility ends and the other's begins.

use super::Sheet;
use crate::paper::undecided;

/// What is installed, as far as a sheet tells of it. The caller knows it; no instrument does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Installation {
    /// What the registry is called.
    pub name: String,
    /// What can be connected to, or is connected to.
    pub connections: Vec<(Connection, Connected)>,
}

/// A connection by what it is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Connection {
    /// IHE transactions of members.
    Clinical,
    /// The patient identity feed.
    PatientFeed,
    /// A repository that asks the registry and registers.
    Repository,
    /// Operators and audit consumers.
    Operator,
    /// Audit messages of others that come in.
    AuditIn,
    /// Audit messages that are delivered to others.
    AuditOut,
}

/// What is known of a connection.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Connected {
    /// Where it is: an address.
    pub address: String,
    /// Who is at the other end: nodes, with their organisations.
    pub peers: Vec<String>,
}

/// What a sheet says of a kind of connection: name, protection, duties of the other side, duties of the operator.
type Words = [[&'static str; 2]; 4];

fn words(connection: Connection) -> Words {
    match connection {
        Connection::Clinical => [
            ["文書の登録・照会", "Registering and finding documents"],
            [
                "相互 TLS 1.2/1.3、登録済み証明書のみ",
                "mutual TLS 1.2/1.3, enrolled certificates only",
            ],
            [
                "受付までの回線と自機関の端末、証明書の秘密鍵、利用者の認証と職種の正しさ",
                "the line up to the listener, its own systems, the private key, who its users are",
            ],
            [
                "受付の内側、証明書の登録と失効、提供の可否の判定、記録",
                "all inside the listener, enrolment and revocation, decisions, records",
            ],
        ],
        Connection::PatientFeed => [
            ["患者情報の受け入れ (ITI-8)", "Patient identities (ITI-8)"],
            [
                "相互 TLS、登録済み証明書のみ",
                "mutual TLS, enrolled certificates only",
            ],
            [
                "患者の氏名・ID の正しさ、統合の判断",
                "that names and identifiers are right, which patients are one",
            ],
            ["届いた情報の保管と反映", "keeping what came, and applying it"],
        ],
        Connection::Repository => [
            ["文書リポジトリ", "Document repositories"],
            [
                "相互 TLS、登録済み証明書のみ",
                "mutual TLS, enrolled certificates only",
            ],
            [
                "文書の暗号化保存、提供のたびの可否の問い合わせ、受け渡しの記録",
                "keeping documents encrypted, asking before each release, recording it",
            ],
            [
                "可否の判定、ノード一覧の配布",
                "deciding, and telling who is enrolled",
            ],
        ],
        Connection::Operator => [
            ["運用 API・監査の照会", "Operator API, audit searches"],
            [
                "相互 TLS 1.3、権限のある証明書のみ",
                "mutual TLS 1.3, certificates with a right only",
            ],
            [
                "運用者の証明書の管理、二人での承認",
                "keeping operators' certificates, approval by two",
            ],
            [
                "操作の記録、権限の付与と取消し",
                "recording what is done, giving and taking rights",
            ],
        ],
        Connection::AuditIn => [
            ["監査記録の受け入れ", "Audit messages that come in"],
            ["相互 TLS (RFC 5425)", "mutual TLS (RFC 5425)"],
            ["自機関の操作の記録と送信", "recording and sending what it does"],
            [
                "保管、改ざんの検出、定期の点検",
                "keeping them, finding changes, regular reviews",
            ],
        ],
        Connection::AuditOut => [
            ["監査記録の送信", "Audit messages that are delivered"],
            ["相互 TLS (RFC 5425)、または TLS", "mutual TLS (RFC 5425), or TLS"],
            ["受信した記録の保管", "keeping what it received"],
            [
                "送信と再送、手元のジャーナルの保管",
                "delivering, again if need be; keeping the journal",
            ],
        ],
    }
}

impl Sheet<'_> {
    pub(super) fn connections(&mut self) {
        self.heading("接続と責任分界点", "Connections, and where responsibility passes");
        let mut rows = Vec::new();
        for (connection, connected) in &self.installation.connections {
            let [name, protection, theirs, ours] =
                words(*connection).map(|[ja, en]| self.language.say(ja, en));
            let address = self.gaps.known(
                &connected.address,
                "connection",
                Some(name.as_str()),
                ["接続先の住所", "its address"],
            );
            let peers = if connected.peers.is_empty() {
                self.gaps
                    .note("connection", Some(name.as_str()), ["接続の相手", "who connects"]);
                undecided(self.language)
            } else {
                self.language.list(connected.peers.iter().cloned())
            };
            rows.push(vec![name, address, peers, protection, theirs, ours]);
        }
        if rows.is_empty() {
            self.gaps.note("connection", None, ["接続", "connections"]);
        }
        self.table(
            [
                "接続",
                "分界点(住所)",
                "相手",
                "保護",
                "相手の責任",
                "運営主体の責任",
            ],
            [
                "Connection",
                "Passes at (address)",
                "Other side",
                "Protection",
                "Duties of the other side",
                "Duties of the operator",
            ],
            rows,
        );
    }
}
