//! Every text for people, in both languages.

use std::path::Path;

use xds_server::lang::Say;

/// Examples under `--help`.
pub(crate) const EXAMPLES_EN: &str = "\
Examples:
  renkei-repository -c repository.toml check-config   is the configuration right?
  renkei-repository -c repository.toml init           make folders and the first key
  renkei-repository -c repository.toml doctor         what is missing?
  renkei-repository -c repository.toml serve          serve

A commented configuration with every key: renkei-repository.sample.toml";

/// The same.
pub(crate) const EXAMPLES_JA: &str = "\
使い方の例:
  renkei-repository -c repository.toml check-config   設定ファイルを確かめる
  renkei-repository -c repository.toml init           フォルダーと最初の鍵を作る
  renkei-repository -c repository.toml doctor         足りないものを調べる
  renkei-repository -c repository.toml serve          起動する

すべての設定項目と説明: renkei-repository.sample.toml";

/// Help in Japanese: see [`xds_server::lang::localised`].
pub(crate) const HELP_JA: &[(&str, &str)] = &[
    (
        "",
        "XDS.b ドキュメントリポジトリ: 文書を保管し、レジストリに登録し、求めに応じて渡します",
    ),
    ("#config", "設定ファイル (TOML)"),
    (
        "#lang",
        "表示の言語: ja または en [省略時: RENKEI_LANG, LC_ALL, LANG による]",
    ),
    (
        "serve",
        "起動する。SIGTERM で処理中の要求を終えて停止、SIGHUP で証明書を読み直す",
    ),
    (
        "check-config",
        "設定ファイルを読み、正しいかどうかと上限値の一覧を示す",
    ),
    ("check-config#json", "JSON で答える"),
    (
        "doctor",
        "証明書、時刻、ディスク、鍵、レジストリを調べ、直し方を示す",
    ),
    ("doctor#json", "JSON で答える"),
    (
        "init",
        "設定にあるフォルダーと最初の鍵ファイルを作る。すでにあるものは変えない",
    ),
    ("init#json", "JSON で答える"),
    ("audit", "監査ジャーナル"),
    ("audit#json", "JSON で答える"),
    ("audit expire#by", "行う人"),
];

pub(crate) fn error() -> Say {
    Say::new("エラー", "error")
}

pub(crate) fn config_is_right(endpoint: &str) -> Say {
    Say::new(
        format!("設定は正しいです。受付アドレス: {endpoint}"),
        format!("the configuration is right; the endpoint is {endpoint}"),
    )
}

pub(crate) fn limits() -> Say {
    Say::new("上限値 ([limits]):", "limits ([limits]):")
}

pub(crate) fn made(path: &Path) -> Say {
    Say::new(
        format!("作りました: {}", path.display()),
        format!("made {}", path.display()),
    )
}

pub(crate) fn was_there(path: &Path) -> Say {
    Say::new(
        format!("すでにあります: {}", path.display()),
        format!("is there already: {}", path.display()),
    )
}

pub(crate) fn keep_a_copy() -> Say {
    Say::new(
        "鍵ファイルの控えを別の場所に安全に保管してください。失うと文書を読めなくなります。",
        "keep a copy of the key file in another safe place: without it the documents are lost",
    )
}

pub(crate) fn keys_good(id: &str) -> Say {
    Say::new(
        format!("文書の鍵を読めます (使用中の鍵 {id})"),
        format!("the keys of the documents can be read (in use: {id})"),
    )
}

pub(crate) fn keys_bad(error: &str) -> Say {
    Say::new(
        format!("文書の鍵: {error}"),
        format!("keys of the documents: {error}"),
    )
}

pub(crate) fn keys_repair() -> Say {
    Say::new(
        "`renkei-repository init` で作るか、控えから戻し、chmod 600 にしてください。",
        "make one with `renkei-repository init`, or bring it back from its copy, and chmod 600 it",
    )
}

pub(crate) fn store_good() -> Say {
    Say::new(
        "文書の保管場所を開けます",
        "the place of the documents can be opened",
    )
}

pub(crate) fn store_in_use() -> Say {
    Say::new(
        "文書の保管場所は稼働中のリポジトリが使用中です",
        "the place of the documents is in use by the running repository",
    )
}

pub(crate) fn store_bad(error: &str) -> Say {
    Say::new(
        format!("文書の保管場所を開けません: {error}"),
        format!("the place of the documents cannot be opened: {error}"),
    )
}

pub(crate) fn store_repair() -> Say {
    Say::new(
        "[repository] data のフォルダー(または bucket)と権限を確かめてください。",
        "check the folder of [repository] data (or the bucket) and its permissions",
    )
}

pub(crate) fn unfinished(count: usize) -> Say {
    Say::new(
        format!("終わっていない登録が {count} 件あります"),
        format!("{count} submissions are unfinished"),
    )
}

pub(crate) fn unfinished_repair() -> Say {
    Say::new(
        "レジストリに届けば、起動中に自動で片付きます。",
        "the running server ends them by itself once it reaches the registry",
    )
}

pub(crate) fn registry_good(nodes: usize) -> Say {
    Say::new(
        format!("レジストリが応答し、登録ノードは {nodes} 件です"),
        format!("the registry answers; {nodes} nodes are enrolled"),
    )
}

pub(crate) fn registry_bad(error: &str) -> Say {
    Say::new(
        format!("レジストリが応答しません: {error}"),
        format!("the registry does not answer: {error}"),
    )
}

pub(crate) fn registry_repair() -> Say {
    Say::new(
        "[registry] url、レジストリの稼働、この証明書のノード登録 (renkei-registry node) を確かめてください。",
        "check [registry] url, that the registry runs, and that this certificate is enrolled (renkei-registry node)",
    )
}
