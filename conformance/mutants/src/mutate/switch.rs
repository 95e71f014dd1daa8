//! The module that the copy gets, and the way back from a compiler's complaint to the mutant it is about.

use std::ops::Range;

use proc_macro2::{Delimiter, LexError, TokenStream, TokenTree};

use crate::error::MutantsError;
use crate::mutant::MutantId;

/// File of the module, from the crate's folder.
pub(crate) const SWITCH_FILE: &str = "src/mutant_switch.rs";

/// Which mutant is switched on is read once, from the environment. With `RENKEI_MUTANTS_REACHED` each switch that
/// is asked tells so once, in that file.
pub(crate) const SWITCH: &str = r#"
use std::io::Write;
use std::sync::{LazyLock, Mutex};

struct Asked { told: Vec<bool>, file: std::fs::File }

static ON: LazyLock<Option<u32>> =
    LazyLock::new(|| std::env::var("RENKEI_MUTANT").ok().and_then(|id| id.parse().ok()));

static ASKED: LazyLock<Option<Mutex<Asked>>> = LazyLock::new(|| {
    let path = std::env::var_os("RENKEI_MUTANTS_REACHED")?;
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path).ok()?;
    Some(Mutex::new(Asked { told: Vec::new(), file }))
});

pub(crate) fn active(id: u32) -> bool {
    if let Some(asked) = &*ASKED {
        let mut asked = asked.lock().unwrap_or_else(|poison| poison.into_inner());
        let place = id as usize;
        if asked.told.len() <= place {
            asked.told.resize(place + 1, false);
        }
        if !asked.told[place] {
            asked.told[place] = true;
            let _ = asked.file.write_all(format!("{id}\n").as_bytes());
        }
    }
    *ON == Some(id)
}
"#;

/// The mutants whose side of the switch a place of a written source lies in; the innermost last.
pub(crate) fn blamed(text: &str, place: usize) -> Result<Option<MutantId>, MutantsError> {
    let mut sides = Vec::new();
    let tokens: TokenStream = text
        .parse()
        .map_err(|error: LexError| MutantsError::Lex(error.to_string()))?;
    find(tokens, &mut sides);
    let innermost = sides
        .into_iter()
        .filter(|(range, _)| range.contains(&place))
        .min_by_key(|(range, _)| range.len());
    Ok(innermost.map(|(_, id)| id))
}

/// Finds each `active(7u32) { … }`.
fn find(tokens: TokenStream, sides: &mut Vec<(Range<usize>, MutantId)>) {
    let mut named = false;
    let mut id = None;
    for token in tokens {
        let TokenTree::Group(group) = &token else {
            named = matches!(&token, TokenTree::Ident(name) if *name == "active");
            id = None;
            continue;
        };
        match group.delimiter() {
            Delimiter::Parenthesis if named => id = number(group.stream()),
            Delimiter::Brace => {
                if let Some(id) = id {
                    sides.push((group.span().byte_range(), id));
                }
                id = None;
            }
            _ => id = None,
        }
        named = false;
        find(group.stream(), sides);
    }
}

fn number(tokens: TokenStream) -> Option<MutantId> {
    tokens.to_string().strip_suffix("u32")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_about_the_innermost_mutant() {
        let text = "fn f ( ) { if active (1u32) { a } else if active (2u32) { if active (3u32) { b } else { c } } else { d } }";
        let place = |what: &str| text.find(what).unwrap();
        assert_eq!(blamed(text, place("a }")).unwrap(), Some(1));
        assert_eq!(blamed(text, place("b }")).unwrap(), Some(3));
        assert_eq!(blamed(text, place("c }")).unwrap(), Some(2));
        assert_eq!(blamed(text, place("d }")).unwrap(), None);
    }
}
