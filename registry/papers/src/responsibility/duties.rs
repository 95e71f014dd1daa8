//! Duties: who does what in daily work.

use super::Sheet;

/// Who bears a duty.
#[derive(Clone, Copy)]
enum Who {
    /// Each member for what is its own.
    Members,
    /// The operator.
    Operator,
    /// Whoever the member's contract names; else the member itself.
    Keeper,
    /// Members and operator, each for its own part.
    Both,
}

/// A duty: what, who bears it, what it rests on.
type Duty = ([&'static str; 2], Who, [&'static str; 2]);

const DUTIES: [Duty; 14] = [
    (
        [
            "診療文書の内容、確定と訂正",
            "Content of documents, finalising and correcting them",
        ],
        Who::Members,
        ["診療録の作成義務", "the duty to keep records"],
    ),
    (
        [
            "利用者の本人確認、二要素認証、職種の確認",
            "Who users are, two factors, their roles",
        ],
        Who::Members,
        ["運用規程 users・roles", "domain policy: users, roles"],
    ),
    (
        [
            "証明書の秘密鍵の管理、紛失時の届け出",
            "Private keys, telling of their loss",
        ],
        Who::Both,
        ["接続の取り決め", "the agreement on connections"],
    ),
    (
        [
            "証明書の登録・失効、機関と職員の登録",
            "Enrolling and revoking, entering members and users",
        ],
        Who::Operator,
        ["機関台帳・ID 台帳", "the ledgers"],
    ),
    (
        [
            "患者への説明、同意の取得と保管",
            "Explaining to patients, taking and keeping consents",
        ],
        Who::Members,
        ["同意文書、法 27 条 1 項", "consent texts, Article 27(1)"],
    ),
    (
        [
            "院内掲示、共同利用の公表と定期の確認",
            "Posted notices; publication of joint use and looking at it again",
        ],
        Who::Both,
        ["法 27 条 5 項 3 号 (J5)", "Article 27(5)(3) (J5)"],
    ),
    (
        ["拒否・撤回の受付", "Taking refusals and withdrawals"],
        Who::Both,
        ["共同利用の取り決め (J9)", "the agreement (J9)"],
    ),
    (
        [
            "同意・拒否・取り決めの登録、提供の可否の判定",
            "Entering instruments, deciding on each release",
        ],
        Who::Operator,
        ["運用規程", "domain policy"],
    ),
    (
        [
            "所在情報(メタデータ)の保管と復旧",
            "Keeping and restoring locations",
        ],
        Who::Operator,
        ["委託契約 HOSTING", "HOSTING contracts"],
    ),
    (
        ["文書本体の保管と復旧", "Keeping and restoring documents"],
        Who::Keeper,
        [
            "委託契約 EXTERNAL_STORAGE。なければ自院",
            "EXTERNAL_STORAGE contracts; else its author",
        ],
    ),
    (
        ["第三者提供・受領の記録", "Records of provision and receipt"],
        Who::Both,
        [
            "法 29 条・30 条(運営主体が代行して作成)",
            "Articles 29 and 30 (made by the operator on behalf)",
        ],
    ),
    (
        [
            "監査記録の保管、改ざんの検出、月次の点検",
            "Keeping the audit trail, finding changes, monthly reviews",
        ],
        Who::Operator,
        ["運用規程、委託契約 E8", "domain policy, contracts (E8)"],
    ),
    (
        [
            "緊急時アクセスの点検と患者への通知",
            "Reviews of emergencies, telling patients",
        ],
        Who::Both,
        ["法 27 条 1 項 2 号 (B6, B7)", "Article 27(1)(2) (B6, B7)"],
    ),
    (
        [
            "漏えい等の事故: 連絡、原因究明、本人への通知、報告",
            "Incidents: telling, finding the cause, notifying persons, reporting",
        ],
        Who::Both,
        [
            "法 26 条、委託契約 E8、取り決め J9",
            "Article 26, contracts (E8), agreement (J9)",
        ],
    ),
];

impl Sheet<'_> {
    pub(super) fn duties(&mut self) {
        self.heading("業務の分担", "Who does what");
        let rows = DUTIES
            .into_iter()
            .map(|([ja, en], who, [rests_ja, rests_en])| {
                vec![self.say(ja, en), self.who(who), self.say(rests_ja, rests_en)]
            })
            .collect();
        self.table(
            ["業務", "責任を負う者", "根拠"],
            ["Duty", "Who bears it", "Rests on"],
            rows,
        );
    }

    fn who(&self, who: Who) -> String {
        let operator = self.operator_name();
        match who {
            Who::Members => self.say("各参加機関", "each member"),
            Who::Operator => self.language.pick(
                format!("運営主体: {operator}"),
                format!("the operator: {operator}"),
            ),
            Who::Keeper => self.say(
                "「参加機関と契約」の表で文書を保管する者",
                "who keeps documents in the table of members",
            ),
            Who::Both => self.language.pick(
                format!("各参加機関と運営主体({operator})が、それぞれの分について"),
                format!("each member and the operator ({operator}), each for its part"),
            ),
        }
    }
}
