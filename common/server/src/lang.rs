//! The language of texts for people: Japanese first, English available.

use std::env;
use std::str::FromStr;

/// A language.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Lang {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// What the environment asks for: English where the locale is English, Japanese everywhere else.
    pub fn from_environment() -> Self {
        let locale = ["RENKEI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
        if locale.is_some_and(|locale| locale.starts_with("en")) {
            Self::En
        } else {
            Self::Ja
        }
    }

    /// The text in this language.
    pub fn pick(self, say: &Say) -> &str {
        match self {
            Self::Ja => &say.ja,
            Self::En => &say.en,
        }
    }
}

impl FromStr for Lang {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "ja" => Ok(Self::Ja),
            "en" => Ok(Self::En),
            _ => Err("ja or en".to_owned()),
        }
    }
}

/// A text in both languages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Say {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Say {
    /// Both texts.
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            ja: ja.into(),
            en: en.into(),
        }
    }
}

/// Puts Japanese texts into a command line that was written in English. `texts` names subcommands by path,
/// the empty path being the program itself; arguments by `path#argument`.
pub fn localised(mut command: clap::Command, lang: Lang, texts: &[(&str, &'static str)]) -> clap::Command {
    if lang == Lang::En {
        return command;
    }
    for (path, text) in texts {
        let (path, argument) = path
            .split_once('#')
            .map_or((*path, None), |(path, argument)| (path, Some(argument)));
        let steps: Vec<&str> = path.split_whitespace().collect();
        command = at(command, &steps, argument, text);
    }
    command
}

fn at(command: clap::Command, steps: &[&str], argument: Option<&str>, text: &'static str) -> clap::Command {
    match (steps.split_first(), argument) {
        (None, None) => command.about(text).long_about(text),
        (None, Some(argument)) => command.mut_arg(argument, |arg| arg.help(text).long_help(text)),
        (Some((step, rest)), _) => command.mut_subcommand(step, |sub| at(sub, rest, argument, text)),
    }
}
