//! The language of texts for people: Japanese first, English available.

use std::env;
use std::str::FromStr;

/// Ranges of an Accept-Language that are looked at.
const RANGES_MAX: usize = 32;

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

    /// What the header Accept-Language asks for (RFC 9110 12.5.4): of ours the one that is wanted most, Japanese where
    /// neither is named.
    pub fn accepted(header: Option<&str>) -> Self {
        let mut best = (0.0, Self::Ja);
        for range in header.unwrap_or_default().split(',').take(RANGES_MAX) {
            let (tag, parameter) = range.split_once(';').unwrap_or((range, ""));
            let lang = match tag.trim().get(..2).map(str::to_ascii_lowercase).as_deref() {
                Some("ja") => Self::Ja,
                Some("en") => Self::En,
                _ => continue,
            };
            let weight = parameter.trim().strip_prefix("q=");
            let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
            if weight > best.0 {
                best = (weight, lang);
            }
        }
        best.1
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_wanted_most_is_taken() {
        for (header, lang) in [
            (None, Lang::Ja),
            (Some(""), Lang::Ja),
            (Some("*"), Lang::Ja),
            (Some("fr, de;q=0.5"), Lang::Ja),
            (Some("en"), Lang::En),
            (Some("en-GB,en;q=0.9"), Lang::En),
            (Some("ja;q=0.4, EN;q=0.5"), Lang::En),
            (Some("ja, en;q=0.8"), Lang::Ja),
            (Some("en;q=0, ja;q=0"), Lang::Ja),
            (Some("en;q=x"), Lang::Ja),
        ] {
            assert_eq!(Lang::accepted(header), lang, "{header:?}");
        }
    }
}
