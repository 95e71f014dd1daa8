//! What `--help` says about them in Japanese, by command and argument: see [`crate::lang::localised`].

/// For the commands under `audit`.
pub const JAPANESE: &[(&str, &str)] = &[
    (
        "audit verify",
        "ジャーナルが完全か調べる(サーバーも設定も要らない。完全なときだけ終了コード 0)",
    ),
    ("audit verify#journal", "ジャーナルまたはその複写のフォルダー"),
    (
        "audit verify#public_key",
        "監査公開鍵のファイル(省略時はフォルダー内のもの。証明力は下がる)",
    ),
    (
        "audit verify#anchor",
        "別に保管したチェックポイント(複数可)。切り取りや差し替えが分かる",
    ),
    (
        "audit verify#cold_folder",
        "移したセグメントの場所(省略時はジャーナルの記載による)",
    ),
    ("audit verify#from", "後半だけの複写のとき、最初の記録の番号"),
    (
        "audit prove",
        "一つの記録がジャーナルに含まれることを、チェックポイントか公開鍵だけを持つ相手に証明する",
    ),
    ("audit prove#journal", "ジャーナルまたはその複写のフォルダー"),
    ("audit prove#event", "記録の番号(要求では終わりの記録)"),
    ("audit prove#out", "作るファイル"),
    (
        "audit prove#checkpoint",
        "相手が持つチェックポイント(省略時は直後のもの)",
    ),
    (
        "audit prove#cold_folder",
        "移したセグメントの場所(省略時はジャーナルの記載による)",
    ),
    (
        "audit check-proof",
        "証明を調べ、記録を表示する(成り立つときだけ終了コード 0)",
    ),
    ("audit check-proof#proof", "証明のファイル"),
    ("audit check-proof#public_key", "監査公開鍵のファイル"),
    (
        "audit check-proof#checkpoint",
        "証明が行き着くべきチェックポイント",
    ),
    (
        "audit seal",
        "満杯のセグメントを圧縮し、移し先があれば移す(サーバーの稼働中でもよい)",
    ),
    ("audit seal#journal", "ジャーナルのフォルダー"),
    (
        "audit expire",
        "保存期間を過ぎた最も古いセグメントを削除し、署名付きの記録を残す(サーバーを止めて行う)",
    ),
    (
        "audit expire#before",
        "この日 (UTC) より古いもの。audit.retention_years より新しいものは残る",
    ),
];
