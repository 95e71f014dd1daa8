//! A source, with all its mutants in it, each behind its switch.
//!
//! A mutated expression becomes `if active(7) { mutated } else { original }`. The mutated side holds the original
//! operands, so what is written grows with the depth of an expression, not exponentially.

mod body;
mod expression;
mod statement;
mod switch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::visit_mut::VisitMut;
use syn::{Attribute, Expr, parse_quote};

use crate::error::MutantsError;
use crate::mutant::{Mutant, MutantId};

pub(crate) use switch::{SWITCH, SWITCH_FILE, blamed};

/// What the sources of a crate become.
#[derive(Debug)]
pub(crate) struct Mutated {
    /// Each source's new text.
    pub(crate) texts: BTreeMap<PathBuf, String>,
    /// What can be switched on.
    pub(crate) mutants: BTreeMap<MutantId, Mutant>,
}

/// Puts all mutants into a crate's sources but those that are switched `off` for good. Numbers do not depend on that.
pub(crate) fn mutate(
    sources: &BTreeMap<PathBuf, String>,
    skipped: &[PathBuf],
    texts: &[String],
    off: &BTreeSet<MutantId>,
) -> Result<Mutated, MutantsError> {
    let mut mutator = Mutator {
        texts,
        off,
        mutants: BTreeMap::new(),
        next: 0,
        file: PathBuf::new(),
        function: Vec::new(),
        constants: BTreeMap::new(),
    };
    let chosen = || {
        sources
            .iter()
            .filter(|(path, _)| !skipped.iter().any(|skipped| path.starts_with(skipped)))
    };
    for (path, text) in chosen() {
        mutator.file.clone_from(path);
        mutator.find_constants(&parse(path, text)?);
    }
    let mut written = BTreeMap::new();
    for (path, text) in chosen() {
        mutator.file.clone_from(path);
        let mut syntax = parse(path, text)?;
        mutator.visit_file_mut(&mut syntax);
        written.insert(path.clone(), syntax.into_token_stream().to_string());
    }
    mutator.mutants.retain(|id, _| !off.contains(id));
    Ok(Mutated {
        texts: written,
        mutants: mutator.mutants,
    })
}

fn parse(path: &Path, text: &str) -> Result<syn::File, MutantsError> {
    syn::parse_file(text).map_err(|error| MutantsError::Syntax {
        path: path.to_owned(),
        said: error.to_string(),
    })
}

/// Walks through a source and mutates on its way.
struct Mutator<'a> {
    texts: &'a [String],
    off: &'a BTreeSet<MutantId>,
    mutants: BTreeMap<MutantId, Mutant>,
    next: MutantId,
    file: PathBuf,
    /// Type and function that the walk is in.
    function: Vec<String>,
    /// Constants that are numbers, with the mutants of each: a constant cannot hold a switch, its uses can.
    constants: BTreeMap<String, Vec<(MutantId, i8)>>,
}

impl Mutator<'_> {
    /// A new mutant. None if it is switched off for good.
    fn register(&mut self, change: String, at: Span) -> Option<MutantId> {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        let start = at.start();
        self.mutants.insert(
            id,
            Mutant {
                file: self.file.clone(),
                line: start.line,
                column: start.column.saturating_add(1),
                function: self.function.join("::"),
                change,
            },
        );
        (!self.off.contains(&id)).then_some(id)
    }

    /// An expression, or one of its alternatives when that is switched on.
    fn switched(&mut self, original: &Expr, alternatives: Vec<(String, Expr)>, at: Span) -> Expr {
        let ids = alternatives
            .into_iter()
            .map(|(change, alternative)| (self.register(change, at), alternative))
            .collect();
        choice(original, ids)
    }

    fn find_constants(&mut self, syntax: &syn::File) {
        for item in &syntax.items {
            let syn::Item::Const(item) = item else { continue };
            if !body::is_integer(&item.ty) {
                continue;
            }
            self.function = vec![item.ident.to_string()];
            let ids = [(1, "+ 1"), (-1, "- 1")]
                .into_iter()
                .filter_map(|(by, word)| {
                    let id = self.register(
                        format!("replace the constant by itself {word}"),
                        item.ident.span(),
                    );
                    id.map(|id| (id, by))
                })
                .collect();
            self.constants.insert(item.ident.to_string(), ids);
            self.function.clear();
        }
    }
}

/// `(if active(1) { one } else if active(2) { another } else { original })`
fn choice(original: &Expr, alternatives: Vec<(Option<MutantId>, Expr)>) -> Expr {
    let switches: Vec<_> = alternatives
        .into_iter()
        .filter_map(|(id, alternative)| {
            let active = active(id?);
            Some(quote!(if #active { #alternative } else))
        })
        .collect();
    if switches.is_empty() {
        return original.clone();
    }
    parse_quote!((#(#switches)* { #original }))
}

fn active(id: MutantId) -> Expr {
    parse_quote!(crate::mutant_switch::active(#id))
}

/// Whether an item is for tests only.
fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let said = attribute.to_token_stream().to_string().replace(' ', "");
        said == "#[cfg(test)]" || said == "#[test]"
    })
}

/// The text of syntax, to compare and to show.
fn shown(syntax: &impl ToTokens) -> String {
    syntax.to_token_stream().to_string()
}
