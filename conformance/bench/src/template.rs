//! Messages that are written once and filled with fresh ids, so that the sender takes little time.

/// A text with blanks.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Piece {
    Text(String),
    Blank(usize),
}

impl Template {
    /// Every occurrence of the first of `blanks` becomes blank 0, and so on.
    pub(crate) fn new(text: &str, blanks: &[&str]) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((at, blank, name)) = first(rest, blanks) {
            let (before, from) = rest.split_at(at);
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Blank(blank));
            rest = from.strip_prefix(name).unwrap_or_default();
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Self { pieces }
    }

    /// The text with these values in its blanks.
    pub(crate) fn fill(&self, values: &[&str]) -> String {
        let texts = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Blank(blank) => values.get(*blank).copied().unwrap_or_default(),
        });
        let texts: Vec<&str> = texts.collect();
        texts.concat()
    }
}

fn first<'b>(text: &str, blanks: &[&'b str]) -> Option<(usize, usize, &'b str)> {
    let found = blanks.iter().enumerate();
    found
        .filter_map(|(blank, name)| Some((text.find(name)?, blank, *name)))
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occurrence_is_filled() {
        let template = Template::new("a ID1 b ID2 c ID1", &["ID1", "ID2"]);
        assert_eq!(template.fill(&["x", "long"]), "a x b long c x");
        assert_eq!(template.fill(&["", "ID1"]), "a  b ID1 c ");
    }

    #[test]
    fn a_text_without_blanks_stays() {
        assert_eq!(Template::new("plain", &["ID"]).fill(&["x"]), "plain");
        assert_eq!(Template::new("", &[]).fill(&[]), "");
    }
}
