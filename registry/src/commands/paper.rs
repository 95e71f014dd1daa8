//! `paper notice | consent-form | responsibility`: papers made from instruments.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use registry_papers::Paper;
use registry_store::Deed;
use serde_json::json;
use time::OffsetDateTime;
use xds_model::time::System;
use xds_policy::instruments::consent::ConsentModel;
use xds_policy::words::InstrumentId;
use xds_server::lang::Say;

use super::Done;
use super::arguments::By;
use super::audit::file::write;
use super::audit::moment;
use super::output::{NotThere, Output};
use super::session::{change, with_store};
use crate::config::Config;
use crate::papers::{Site, Wanted, model_called, paper};

/// A paper. Each ends with status 1 when its text lacks something, which it says on top.
#[derive(Debug, Subcommand)]
pub(crate) enum PaperCommand {
    /// Print the notice 共同利用のお知らせ of a joint-use agreement.
    Notice {
        /// Id of the agreement.
        #[arg(long)]
        agreement: String,
        /// Its version; the one in force unless given.
        #[arg(long, value_name = "NUMBER")]
        version: Option<u32>,
        /// How the responsible person is reached: a telephone number, and when somebody answers.
        #[arg(long, value_name = "TEXT")]
        contact: Option<String>,
        #[command(flatten)]
        form: FormArguments,
    },
    /// Print a consent form 同意書 with the hash that consents refer to.
    #[command(group(clap::ArgGroup::new("source").required(true).args(["text", "model"])))]
    ConsentForm {
        /// Id of a text that was entered.
        #[arg(long)]
        text: Option<String>,
        /// Its version; the one in force unless given.
        #[arg(long, value_name = "NUMBER", requires = "text")]
        version: Option<u32>,
        /// Standard words, to be entered as a text: scoped, on-query or enrolment.
        #[arg(long, value_parser = model)]
        model: Option<ConsentModel>,
        #[command(flatten)]
        form: FormArguments,
    },
    /// Print the responsibility sheet 責任分界表.
    Responsibility {
        #[command(flatten)]
        form: FormArguments,
    },
}

/// How a paper is written.
#[derive(Args, Clone, Debug)]
pub(crate) struct FormArguments {
    /// Its form.
    #[arg(long, value_enum, default_value_t = Form::Markdown)]
    form: Form,
    /// As of when; now unless given.
    #[arg(long, value_parser = moment::since)]
    at: Option<OffsetDateTime>,
    /// A file to write it to; standard output unless given.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Replace a file of that name.
    #[arg(long, requires = "file")]
    force: bool,
}

/// A form of a paper.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// CommonMark.
    Markdown,
    /// A page of A4, to print or to save as PDF.
    Html,
}

fn model(text: &str) -> Result<ConsentModel, String> {
    model_called(text).ok_or_else(|| "scoped, on-query or enrolment".to_owned())
}

/// Does what a `paper` verb says.
pub(super) async fn run(config: &Config, command: PaperCommand, by: &By, output: Output) -> Done {
    let (wanted, form) = wanted(command);
    let change = change(by);
    let site = Site::of(config);
    with_store(config, async |store| {
        let deed = Deed::new(wanted.verb(), &wanted.object());
        store.owe_act(&change, &deed).await?;
        let at = form.at.unwrap_or(change.at);
        let paper = paper(&store, &site, &wanted, at, output.lang)
            .await
            .map_err(|error| NotThere::new(output, &error.say()))?;
        given(&paper, &form, output)
    })
    .await
}

fn wanted(command: PaperCommand) -> (Wanted, FormArguments) {
    match command {
        PaperCommand::Notice {
            agreement,
            version,
            contact,
            form,
        } => {
            let agreement = InstrumentId(agreement);
            let wanted = Wanted::Notice {
                agreement,
                version,
                contact,
            };
            (wanted, form)
        }
        PaperCommand::ConsentForm {
            text,
            version,
            model,
            form,
        } => {
            let wanted = match model {
                Some(model) => Wanted::ConsentModel(model),
                None => Wanted::ConsentText {
                    text: InstrumentId(text.unwrap_or_default()),
                    version,
                },
            };
            (wanted, form)
        }
        PaperCommand::Responsibility { form } => (Wanted::Responsibility, form),
    }
}

fn given(paper: &Paper, form: &FormArguments, output: Output) -> Done {
    let text = match form.form {
        Form::Markdown => paper.markdown(),
        Form::Html => paper.html(),
    };
    let count = paper.missing.len();
    let value = |text: Option<&str>| {
        json!({
            "title": paper.title,
            "complete": paper.is_complete(),
            "missing": paper.missing,
            "text": text,
        })
    };
    let good = paper.is_complete();
    let Some(file) = &form.file else {
        // A document goes out as it is; what is missing stands on its top.
        return Ok(if output.json {
            output.verdict("", &value(Some(&text)), good)
        } else {
            output.verdict(&text, &(), good)
        });
    };
    write(file, text.as_bytes(), form.force, &System)?;
    let name = file.display();
    let say = Say::new(
        format!(
            "{} を {name} に書き出しました(欠けている事項 {count} 件)",
            paper.title
        ),
        format!("{} written to {name} ({count} things are missing)", paper.title),
    );
    Ok(output.verdict(output.lang.pick(&say), &value(None), good))
}

/// What `--help` says of papers in Japanese.
pub(super) const JAPANESE: &[(&str, &str)] = &[
    (
        "paper",
        "取り決めから作る書類(本文に欠けた事項があれば先頭に示し、終了状態 1)",
    ),
    ("paper notice", "共同利用のお知らせを出力する"),
    ("paper notice#agreement", "共同利用の取り決めの ID"),
    ("paper notice#version", "版。なければ効力のある版"),
    ("paper notice#contact", "責任者の連絡先(電話番号、受付時間など)"),
    ("paper notice#form", "形式: markdown または html(A4 印刷用)"),
    ("paper notice#at", "いつの時点か。なければ今"),
    ("paper notice#file", "書き出すファイル。なければ標準出力"),
    ("paper notice#force", "同名のファイルを置き換える"),
    (
        "paper consent-form",
        "同意書を、同意から参照するハッシュとともに出力する",
    ),
    ("paper consent-form#text", "登録された同意文書の ID"),
    ("paper consent-form#version", "版。なければ効力のある版"),
    (
        "paper consent-form#model",
        "標準の文面(登録用の案): scoped、on-query、enrolment",
    ),
    ("paper consent-form#form", "形式: markdown または html(A4 印刷用)"),
    ("paper consent-form#at", "いつの時点か。なければ今"),
    ("paper consent-form#file", "書き出すファイル。なければ標準出力"),
    ("paper consent-form#force", "同名のファイルを置き換える"),
    ("paper responsibility", "責任分界表を出力する"),
    (
        "paper responsibility#form",
        "形式: markdown または html(A4 印刷用)",
    ),
    ("paper responsibility#at", "いつの時点か。なければ今"),
    ("paper responsibility#file", "書き出すファイル。なければ標準出力"),
    ("paper responsibility#force", "同名のファイルを置き換える"),
];
