//! What `--help` says of records in Japanese.

/// By command and argument.
pub(in crate::commands) const JAPANESE: &[(&str, &str)] = &[
    (
        "record",
        "第三者提供の記録と、提供を受ける際の確認・記録(個人情報保護法 29 条・30 条)",
    ),
    ("record list", "機関の記録簿を古い順に表示する"),
    ("record list#org", "どの機関の記録簿か"),
    (
        "record list#side",
        "provision(提供、29 条)または receipt(受領、30 条)",
    ),
    ("record list#counterparty", "この相手方とのものだけ"),
    (
        "record list#from",
        "この時から: 2026-04-01、2026-04-01T09:30(日本時間)",
    ),
    ("record list#to", "この時まで(日付はその日の終わりまで)"),
    ("record list#max", "表示する件数"),
    ("record show", "一つの記録のすべての項目を表示する"),
    (
        "record show#record",
        "`record list` に表示される記録番号: H1/provision/C1/42",
    ),
    ("record month", "月次の一覧を相手方ごとに作る(HTML は印刷用)"),
    ("record month#org", "どの機関の記録簿か"),
    ("record month#month", "対象月(日本時間): 2026-04"),
    (
        "record month#side",
        "provision(提供、29 条)または receipt(受領、30 条)",
    ),
    ("record month#counterparty", "この相手方とのものだけ"),
    (
        "record month#format",
        "形式(省略時は --output の拡張子、なければ text)",
    ),
    (
        "record month#output",
        "書き出すファイル(所有者だけが読める。省略時は標準出力)",
    ),
    ("record month#force", "同名のファイルを置き換える"),
    ("record month#language", "一覧の言語: ja または en"),
    (
        "record patient",
        "患者一人分の開示用の一覧を作る(第三者提供記録の開示、33 条 5 項)",
    ),
    (
        "record patient#patient",
        "患者ID: ID^^^&OID&ISO、またはこのドメインの ID のみ",
    ),
    ("record patient#org", "この機関が記録したものだけ"),
    ("record patient#from", "この時から"),
    ("record patient#to", "この時まで(日付はその日の終わりまで)"),
    (
        "record patient#format",
        "形式(省略時は --output の拡張子、なければ text)",
    ),
    (
        "record patient#output",
        "書き出すファイル(所有者だけが読める。省略時は標準出力)",
    ),
    ("record patient#force", "同名のファイルを置き換える"),
    ("record patient#language", "一覧の言語: ja または en"),
    (
        "record received",
        "この患者の情報をすでに受け取った機関を示す(拒否・撤回では取り戻せないもの)",
    ),
    (
        "record received#patient",
        "患者ID: ID^^^&OID&ISO、またはこのドメインの ID のみ",
    ),
    (
        "record received#format",
        "形式(省略時は --output の拡張子、なければ text)",
    ),
    (
        "record received#output",
        "書き出すファイル(所有者だけが読める。省略時は標準出力)",
    ),
    ("record received#force", "同名のファイルを置き換える"),
    ("record received#language", "一覧の言語: ja または en"),
    (
        "record expire",
        "保存期間(5 年、または運用規程の年数)の過ぎた記録を削除する。期間内のものは削除できない",
    ),
    (
        "record verify",
        "記録の欠け・改ざん・挿入がないか、ハッシュの鎖をたどって調べる(0 なし、1 あり)",
    ),
    ("record verify#org", "この機関の記録簿だけ"),
];
