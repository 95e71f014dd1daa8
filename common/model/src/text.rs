//! Text in one or more languages: `rim:Name` and `rim:Description`.

/// An international string: its localized strings in the order received.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Text {
    /// One for each `rim:LocalizedString`.
    pub strings: Vec<LocalizedString>,
}

/// One `rim:LocalizedString`, its attributes as received.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LocalizedString {
    /// `@xml:lang`, absent when it was not given (the schema's default is en-US).
    pub lang: Option<String>,
    /// `@charset`, absent when it was not given (the schema's default is UTF-8).
    pub charset: Option<String>,
    /// `@value`.
    pub value: String,
}

impl Text {
    /// A text in one language, without saying which.
    pub fn plain(value: impl Into<String>) -> Self {
        Self {
            strings: vec![LocalizedString {
                lang: None,
                charset: None,
                value: value.into(),
            }],
        }
    }

    /// The first string's value.
    pub fn first(&self) -> Option<&str> {
        self.strings.first().map(|string| string.value.as_str())
    }
}
