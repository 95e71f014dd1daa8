//! What `--help` says in Japanese about the verbs that ask the trail.

/// By command and argument: see [`xds_server::lang::localised`].
pub(in crate::commands) const JAPANESE: &[(&str, &str)] = &[
    ("audit", "監査ジャーナルと監査証跡"),
    (
        "audit search",
        "レジストリとリポジトリの事象を新しい順に検索する(検索そのものも事象として記録される)",
    ),
    (
        "audit search#patient",
        "患者: CX (id^^^&OID&ISO)、またはこのドメインの患者 ID だけ",
    ),
    (
        "audit search#document",
        "文書・提出セット・フォルダー等の uniqueId または entryUUID",
    ),
    (
        "audit search#user",
        "利用者(アサーションの NameID。この機械での操作は --by の名前)",
    ),
    ("audit search#organisation", "要求した機関(`org list` を参照)"),
    ("audit search#node", "要求したノード(`node list` を参照)"),
    (
        "audit search#from",
        "この時から: 2026-04-01、2026-04-01T09:30(日本時間)、2026-04-01T00:30:00Z",
    ),
    (
        "audit search#to",
        "この時まで: 日付はその日の終わりまで、時刻はその直前まで",
    ),
    (
        "audit search#outcome",
        "結果。failure は三つの失敗すべて。コンマ区切りで複数可",
    ),
    (
        "audit search#basis",
        "判断の根拠: OWN、ENTRUST、JOINT、CONSENT、LAW、EMERG",
    ),
    (
        "audit search#kind",
        "種類: ITI-43 などのトランザクション、または audit-log-read、configuration-changed、request-refused、\
         assertion-refused、handshake-refused、exported、node-start、node-stop、clock-stepped、journal-recovered。\
         コンマ区切りで複数可",
    ),
    (
        "audit search#correlation",
        "相関 ID(ログ・応答・エラーにあるもの)",
    ),
    (
        "audit search#decision",
        "判断の ID(その判断があった事象を探す。`decide --replay` で再現できる)",
    ),
    ("audit search#limit", "一度に表示する件数(1～1000)"),
    (
        "audit search#after",
        "この位置の続きから(前のページの終わりに表示される)",
    ),
    (
        "audit show",
        "一つの事象を、開示しなかったものも含めてすべて表示する(表示も事象として記録される)",
    ),
    (
        "audit show#event",
        "`audit search` に表示される事象の名前: ジャーナル/番号",
    ),
    (
        "audit show#dicom",
        "DICOM 監査メッセージ (XML) で表示する(届いたものは届いたまま。開示しなかったものは含まない)",
    ),
    (
        "audit report",
        "報告書: 誰が患者の記録を見たか、月次ログ点検とその署名",
    ),
    (
        "audit report patient",
        "誰がこの患者の記録を見たか(作成も事象として記録される)",
    ),
    (
        "audit report patient#patient",
        "患者: CX (id^^^&OID&ISO)、またはこのドメインの患者 ID だけ",
    ),
    (
        "audit report patient#audience",
        "誰のための報告書か: patient は平易な言葉、institution は識別子付きの全事象",
    ),
    (
        "audit report patient#organisation",
        "この機関が行ったことだけ(`org list` を参照)",
    ),
    ("audit report patient#from", "この時から(省略時は終わりの一年前)"),
    (
        "audit report patient#to",
        "この時まで(日付はその日の終わりまで。省略時は現在)",
    ),
    (
        "audit report month",
        "月次ログ点検報告書: 起きたこと、要確認、署名",
    ),
    ("audit report month#month", "対象月(日本時間): 2026-04"),
    (
        "audit report month#thresholds",
        "要確認の基準 (JSON)。書かれていない基準は既定のまま",
    ),
    (
        "audit report month#verify_journal",
        "このレジストリのジャーナルが完全かも調べる (`audit verify`)。全体を読む",
    ),
    (
        "audit report sign",
        "終わった月の点検に署名する(署名は消えない。訂正はもう一つの署名で行う)",
    ),
    (
        "audit report sign#month",
        "対象月(日本時間): 2026-04。終わっていること",
    ),
    ("audit report sign#reviewer", "点検者の氏名"),
    ("audit report sign#note", "点検者の所見"),
    (
        "audit report sign#thresholds",
        "要確認の基準 (JSON)。書かれていない基準は既定のまま",
    ),
    (
        "audit report sign#verify_journal",
        "このレジストリのジャーナルが完全かも調べる (`audit verify`)。全体を読む",
    ),
    (
        "audit report patient#format",
        "形式(省略時は --output の拡張子、なければ text)",
    ),
    (
        "audit report patient#output",
        "書き出すファイル(所有者だけが読める。省略時は標準出力)",
    ),
    ("audit report patient#force", "同名のファイルを置き換える"),
    ("audit report patient#language", "報告書の言語: ja または en"),
    (
        "audit report month#format",
        "形式(省略時は --output の拡張子、なければ text)",
    ),
    (
        "audit report month#output",
        "書き出すファイル(所有者だけが読める。省略時は標準出力)",
    ),
    ("audit report month#force", "同名のファイルを置き換える"),
    ("audit report month#language", "報告書の言語: ja または en"),
];
