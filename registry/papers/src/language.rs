//! The language of a paper.

/// The language of a paper.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Language {
    /// 日本語
    Japanese,
    /// English
    English,
}

impl Language {
    /// The tag of BCP 47.
    pub fn tag(self) -> &'static str {
        self.pick("ja", "en")
    }

    /// The one in this language.
    pub fn pick<T>(self, japanese: T, english: T) -> T {
        match self {
            Self::Japanese => japanese,
            Self::English => english,
        }
    }

    /// The text in this language.
    pub(crate) fn say(self, japanese: &str, english: &str) -> String {
        self.pick(japanese, english).to_owned()
    }

    /// Several as one text.
    pub(crate) fn list(self, items: impl IntoIterator<Item = String>) -> String {
        let items: Vec<String> = items.into_iter().collect();
        items.join(self.pick("、", ", "))
    }
}
