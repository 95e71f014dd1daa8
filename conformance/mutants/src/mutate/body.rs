//! Functions that answer without looking.

use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{
    Block, Expr, GenericArgument, PathArguments, ReturnType, Signature, Type, TypeParamBound, parse_quote,
};

use super::{Mutator, active, shown};

/// Types that hold nothing when they are new.
const COLLECTIONS: [&str; 8] = [
    "Vec", "VecDeque", "BTreeSet", "BTreeMap", "HashSet", "HashMap", "String", "PathBuf",
];

const INTEGERS: [&str; 10] = [
    "u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize",
];

impl Mutator<'_> {
    /// Lets a function's body, already walked through, be replaced by each of the values that its type suggests.
    pub(super) fn mutate_body(&mut self, signature: &Signature, original: &Block, block: &mut Block) {
        let at = signature.ident.span();
        if let ReturnType::Type(_, output) = &signature.output
            && is_iterator(output)
        {
            if let Some(id) = self.register("replace the iterator by one that gives nothing".into(), at) {
                let active = active(id);
                *block = parse_quote!({ ::std::iter::Iterator::filter(#block, |_| !#active) });
            }
            return;
        }
        let written = original
            .stmts
            .first()
            .filter(|_| original.stmts.len() == 1)
            .map(shown);
        let mut switches = Vec::new();
        for value in values_of(&signature.output) {
            if written.as_ref() == Some(&shown(&value)) || original.stmts.is_empty() {
                continue;
            }
            let change = format!("replace the body by {}", shown(&value));
            if let Some(id) = self.register(change, at) {
                let active = active(id);
                switches.push(parse_quote!(if #active { return #value; }));
            }
        }
        block.stmts.splice(0..0, switches);
    }
}

fn values_of(output: &ReturnType) -> Vec<Expr> {
    match output {
        ReturnType::Default => vec![parse_quote!(())],
        ReturnType::Type(_, output) => values(output),
    }
}

fn values(of: &Type) -> Vec<Expr> {
    match of {
        Type::Tuple(tuple) if tuple.elems.is_empty() => vec![parse_quote!(())],
        Type::Reference(reference) if shown(&reference.elem) == "str" => {
            vec![parse_quote!(""), parse_quote!("mutant")]
        }
        Type::Reference(reference) => values(&reference.elem)
            .into_iter()
            .map(|value| parse_quote!(::std::boxed::Box::leak(::std::boxed::Box::new(#value))))
            .collect(),
        Type::Path(path) => path.path.segments.last().map(values_of_name).unwrap_or_default(),
        Type::ImplTrait(_) | Type::Never(_) => Vec::new(),
        _ => vec![parse_quote!(::std::default::Default::default())],
    }
}

fn values_of_name(segment: &syn::PathSegment) -> Vec<Expr> {
    let name = segment.ident.to_string();
    let inner = || inner(&segment.arguments).map(values).unwrap_or_default();
    match name.as_str() {
        "bool" => vec![parse_quote!(true), parse_quote!(false)],
        "Option" => std::iter::once(parse_quote!(None))
            .chain(inner().into_iter().map(|value| parse_quote!(Some(#value))))
            .collect(),
        "Result" => inner()
            .into_iter()
            .map(|value| parse_quote!(Ok(#value)))
            .collect(),
        integer if INTEGERS.contains(&integer) => vec![parse_quote!(0), parse_quote!(1)],
        collection if COLLECTIONS.contains(&collection) => {
            let name = format_ident!("{collection}");
            let path = match collection {
                "Vec" | "String" => quote!(#name),
                "PathBuf" => quote!(::std::path::#name),
                _ => quote!(::std::collections::#name),
            };
            vec![parse_quote!(#path::new())]
        }
        _ => vec![parse_quote!(::std::default::Default::default())],
    }
}

fn inner(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(argument) => Some(argument),
        _ => None,
    })
}

fn is_iterator(of: &Type) -> bool {
    let Type::ImplTrait(of) = of else { return false };
    of.bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Iterator"),
        _ => false,
    })
}

pub(super) fn is_integer(of: &Type) -> bool {
    INTEGERS.contains(&shown(of).as_str()) && of.span().start().line > 0
}
