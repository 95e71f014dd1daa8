//! What `--help` says of instruments in Japanese.

const KIND: &str = "種類: agreement(共同利用)、contract(委託)、consent(同意)、consent-text(同意文書)、\
refusal(拒否・留保)、order(法令)、session(緊急時アクセス)、policy(運用規程)、organisation(機関)、\
legal-entity(事業者)、user(利用者)、publication-check(公表の確認)";

/// By command and argument.
pub(in crate::commands) const JAPANESE: &[(&str, &str)] = &[
    (
        "instrument",
        "判断の根拠となる取り決め(共同利用・委託・同意・拒否・法令など)。版は登録後に変更できません",
    ),
    ("instrument add", "取り決め、またはその次の版を登録する"),
    ("instrument add#kind", KIND),
    (
        "instrument add#file",
        "版の JSON ファイル: id、version(なければ 1)、effective_from、effective_to、evidence、terms",
    ),
    (
        "instrument add#approved_by",
        "承認者。法令に基づく照会では異なる 2 名",
    ),
    (
        "instrument add#evidence",
        "版に証拠として書かれたファイル。ハッシュで保管する",
    ),
    (
        "instrument end",
        "取り決めを終了する(終了時点を記した次の版を登録する)",
    ),
    ("instrument end#kind", KIND),
    ("instrument end#id", "ID"),
    (
        "instrument end#version",
        "確認した最新の版。その後に版が増えていれば何もしない",
    ),
    ("instrument end#at", "効力を失う最初の時点。なければ今"),
    ("instrument end#approved_by", "承認者"),
    (
        "instrument list",
        "ある種類の、または患者の取り決めの一覧(それぞれ最新の版)",
    ),
    ("instrument list#kind", KIND),
    (
        "instrument list#patient",
        "患者ID: ID^^^&OID&ISO、またはこのドメインの ID のみ",
    ),
    ("instrument show", "保管されている版を表示する"),
    ("instrument show#kind", KIND),
    ("instrument show#id", "ID"),
    ("instrument show#version", "版。なければ最新"),
    (
        "instrument history",
        "取り決めのすべての版: 登録者、承認者、登録日時、効力の期間",
    ),
    ("instrument history#kind", KIND),
    ("instrument history#id", "ID"),
    (
        "instrument validate",
        "欠けているものと、その理由を示す(0 なし、1 あり)",
    ),
    ("instrument validate#kind", KIND),
    ("instrument validate#id", "ID"),
    (
        "instrument validate#file",
        "登録前の版のファイル。登録できるかどうかも示す",
    ),
    ("agreement", "共同利用の取り決め"),
    (
        "agreement validate",
        "J0〜J9 のうち欠けているものと、その理由を示す(0 なし、1 あり)",
    ),
    ("agreement validate#id", "ID"),
    ("agreement validate#file", "登録前の版のファイル"),
    (
        "agreement impact",
        "版を登録する前に、患者数・文書数で何が増え、何が減るかを示す",
    ),
    ("agreement impact#file", "版のファイル"),
    (
        "agreement impact#at",
        "いつの時点か。なければ発効時、発効済みなら今",
    ),
    ("domain", "ドメインの取り決め全体"),
    (
        "domain export",
        "すべての取り決めのすべての版をファイルに書き出す(docs/domain-format.md の形式)",
    ),
    ("domain export#file", "ファイル。所有者だけが読めるように作る"),
    ("domain export#without_patients", "患者に関するものを除く"),
    ("domain export#force", "同名のファイルを置き換える"),
    (
        "domain import",
        "ファイルから、まだ登録されていない版をすべて取り込む(一つでも誤りがあれば何も取り込まない)",
    ),
    ("domain import#file", "ファイル"),
    (
        "domain import#evidence",
        "証拠ファイルのフォルダー。ファイルにハッシュが書かれたものを保管する",
    ),
];
