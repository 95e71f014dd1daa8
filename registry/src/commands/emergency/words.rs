//! What `--help` says of emergencies in Japanese.

/// By command and argument.
pub(in crate::commands) const JAPANESE: &[(&str, &str)] = &[
    (
        "emergency",
        "緊急時アクセス(個人情報保護法 27 条 1 項 2 号)と、その後にすること",
    ),
    (
        "emergency list",
        "緊急時アクセスと法令照会の後にすることの一覧: 通知、点検、期限",
    ),
    ("emergency list#all", "済んだものも表示する"),
    (
        "emergency show",
        "緊急時アクセスを一つ表示する: 申告者、理由、どこから何を得たか、残っていること",
    ),
    ("emergency show#session", "`emergency list` に表示される ID"),
    (
        "emergency review",
        "利用者本人以外(--by)による点検を登録する。不正使用ならアクセスは直ちに終わる",
    ),
    ("emergency review#session", "ID"),
    (
        "emergency review#outcome",
        "結果: justified(正当)または misuse(不正使用)",
    ),
    ("emergency review#text", "所見"),
    (
        "emergency notified",
        "知らせたことを登録する: 患者に得たものと提供元を、機関に緊急時アクセスがあったことを",
    ),
    (
        "emergency notified#session",
        "緊急時アクセスの ID、または患者に知らせた法令照会の ID",
    ),
    (
        "emergency notified#whom",
        "知らせた相手: patient(患者)、author(作成機関)、operator(運営主体)、privacy-officer(個人情報保護責任者)",
    ),
    (
        "emergency notified#org",
        "複数の機関があるとき、どの機関に知らせたか",
    ),
    ("emergency notified#at", "患者に知らせた時。省略時は今"),
];
