//! `codes`: code sets of the affinity domain.

use std::fs;
use std::path::{Path, PathBuf};

use registry_store::ImportedCodeFile;
use serde_json::{Value, json};
use xds_server::lang::Say;

use super::Done;
use super::arguments::{By, CodesCommand};
use super::output::Output;
use super::session::{change, with_store};
use crate::config::Config;

/// The largest code file, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

pub(super) async fn run(config: &Config, command: CodesCommand, by: &By, output: Output) -> Done {
    let files = match &command {
        CodesCommand::Import { files } => read(files)?,
        _ => Vec::new(),
    };
    with_store(config, async |store| match command {
        CodesCommand::Import { .. } => {
            store.import_code_files(&files, &change(by)).await?;
            let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
            let say = Say::new(
                format!("コード表を取り込みました: {}", names.join(", ")),
                format!("code files imported: {}", names.join(", ")),
            );
            Ok(output.result(&say, &json!({ "imported": names })))
        }
        CodesCommand::List => {
            let files = store.code_files().await?;
            let rows = files.iter().flat_map(|file| {
                let list = |(list, codes): (String, usize)| {
                    vec![
                        file.name.clone(),
                        file.version.to_string(),
                        list,
                        codes.to_string(),
                    ]
                };
                file.file.sizes().into_iter().map(list)
            });
            let values: Vec<Value> = files
                .iter()
                .map(|file| {
                    let lists: serde_json::Map<_, _> = file
                        .file
                        .sizes()
                        .into_iter()
                        .map(|(list, codes)| (list, json!(codes)))
                        .collect();
                    json!({ "name": file.name, "version": file.version, "lists": lists })
                })
                .collect();
            let headings = [
                Say::new("ファイル", "file"),
                Say::new("版", "version"),
                Say::new("コード表", "code list"),
                Say::new("件数", "codes"),
            ];
            Ok(output.list(&headings, rows.collect(), &values))
        }
        CodesCommand::Remove { name } => {
            store.remove_code_file(&name, &change(by)).await?;
            let say = Say::new(
                format!("コード表を外しました: {name}"),
                format!("code file removed: {name}"),
            );
            Ok(output.result(&say, &json!({ "removed": name })))
        }
    })
    .await
}

/// Why a code file cannot be taken.
#[derive(Debug, thiserror::Error)]
#[error("the code file {} cannot be used: {reason}", file.display())]
struct CodeFileUnusable {
    file: PathBuf,
    reason: String,
}

fn read(files: &[PathBuf]) -> Result<Vec<ImportedCodeFile>, CodeFileUnusable> {
    files
        .iter()
        .map(|file| {
            one(file).map_err(|reason| CodeFileUnusable {
                file: file.clone(),
                reason,
            })
        })
        .collect()
}

fn one(file: &Path) -> Result<ImportedCodeFile, String> {
    let size = fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > FILE_BYTES_MAX {
        return Err(format!("it has {size} bytes; the limit is {FILE_BYTES_MAX}"));
    }
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    ImportedCodeFile::new(name, text).map_err(|error| error.to_string())
}
