//! What `--help` says in Japanese, by command and argument.

pub(super) const JAPANESE: &[(&str, &str)] = &[
    (
        "",
        "地域医療連携ネットワークの IHE XDS.b 文書レジストリ。文書の場所と、誰が知ってよいかを管理します。",
    ),
    (
        "serve",
        "レジストリを動かす(SIGTERM で終了、SIGHUP で証明書と失効リストを読み直す)",
    ),
    (
        "check-config",
        "設定ファイルが正しいか調べ、すべての上限を表示する",
    ),
    (
        "doctor",
        "証明書・時計・ディスク・データベース・待ち受けを調べ、どうすればよいかを示す",
    ),
    ("migrate", "データベースのスキーマを最新にする"),
    ("migrate#grant", "実行用の役割 (database.user) に権限も与える"),
    ("org", "医療機関等の台帳"),
    (
        "org add",
        "機関を登録する(登録済みなら新しい版にする)。法律上の機関と事業者も同時に登録する",
    ),
    ("org list", "有効な機関の一覧"),
    ("org show", "機関を一つ表示する"),
    (
        "org end",
        "機関の登録をノードとともに終了し、法律上の参加も終える",
    ),
    ("org add#id", "10 桁の医療機関コード、または任意の名前"),
    ("org add#name", "名称"),
    ("org add#kana", "カナ名称(並べ替え用)"),
    ("org add#entity", "事業者。同じ事業者の機関どうしは自院として扱う"),
    (
        "org add#entity_name",
        "事業者の名称(新しい事業者では、省略すると機関の名称)",
    ),
    (
        "org add#kind",
        "種別: hospital(省略時)、clinic、dental-clinic、pharmacy、visiting-nursing、care、reading-centre、laboratory、operator、municipality、other",
    ),
    (
        "org add#address",
        "事業者の住所(個人情報保護法 29・30 条の記録に載る)",
    ),
    (
        "org add#representative",
        "事業者が法人の場合の代表者(同じく記録に載る)",
    ),
    ("node", "ノード(証明書と機関の結び付け)の台帳"),
    ("node add", "証明書を機関に結び付けて登録する"),
    ("node list", "有効なノードの一覧"),
    ("node show", "ノードを一つ表示する"),
    ("node end", "ノードを終了する(2 秒以内に何も受けられなくなる)"),
    (
        "node add#allow",
        "送ってよいトランザクション(例 ITI-18,ITI-41,ITI-43)",
    ),
    (
        "node add#rights",
        "運用者用リスナーでの権限: operator(運用 API。他の用途と兼用できない証明書)、audit-consumer(ITI-81 と ITI-82)",
    ),
    ("node add#certificate", "証明書のファイル (PEM または DER)"),
    ("node add#org", "属する機関"),
    ("patient", "患者"),
    ("patient add", "患者を手で登録する(ITI-8 で届いたのと同じ)"),
    ("patient list", "カナ氏名の先頭で患者を探す(ひらがな・半角も可)"),
    ("patient show", "患者を一人表示する"),
    ("codes", "コード表"),
    (
        "codes import",
        "コード表のファイルを取り込む(同名のものは置き換える)",
    ),
    ("codes list", "取り込んだファイルと件数の一覧"),
    ("codes remove", "取り込んだファイルを外す"),
    ("setting", "ドメインの設定"),
    ("setting set", "設定する"),
    ("setting list", "すべての設定の値と意味"),
    (
        "decide",
        "文書を渡してよいか、ファイルだけから判定する(0 許可、3 不許可、2 ファイルが読めない)",
    ),
    ("decide#domain", "ドメインのファイル(機関と患者の取り決め)"),
    ("decide#request", "要求と文書のファイル"),
    (
        "decide#replay",
        "監査が記した判断(ID)を、当時の記録から再現する(再現も事象として記録される)",
    ),
];
