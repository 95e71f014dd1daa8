//! Operators, methods that have an opposite, and literals.

use proc_macro2::Span;
use quote::quote;
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprBinary, ExprMethodCall, Lit, UnOp, parse_quote};

use super::{Mutator, shown};

/// Methods, each with the one that a person could have meant to write.
const OPPOSITES: [(&str, &str); 14] = [
    ("is_some", "is_none"),
    ("is_none", "is_some"),
    ("is_some_and", "is_none_or"),
    ("is_none_or", "is_some_and"),
    ("is_ok", "is_err"),
    ("is_err", "is_ok"),
    ("any", "all"),
    ("all", "any"),
    ("min", "max"),
    ("max", "min"),
    ("min_by_key", "max_by_key"),
    ("max_by_key", "min_by_key"),
    ("checked_add", "checked_sub"),
    ("saturating_add", "saturating_sub"),
];

impl Mutator<'_> {
    /// What an expression, not yet walked through, could be instead; and where that is to be told.
    pub(super) fn alternatives(&self, original: &Expr) -> Option<(Vec<(String, Expr)>, Span)> {
        let (found, at) = match original {
            Expr::Binary(binary) => (operators(binary), binary.op.span()),
            Expr::Unary(unary) => {
                let inner = &unary.expr;
                let removed = match unary.op {
                    UnOp::Not(_) => "delete !",
                    UnOp::Neg(_) => "delete -",
                    _ => return None,
                };
                (
                    vec![(removed.to_owned(), parse_quote!((#inner)))],
                    unary.op.span(),
                )
            }
            Expr::MethodCall(call) => (opposite(call)?, call.method.span()),
            Expr::Lit(literal) => (literals(&literal.lit), literal.span()),
            Expr::Macro(call) if call.mac.path.is_ident("matches") => (
                vec![("negate matches!".to_owned(), parse_quote!(!#call))],
                call.span(),
            ),
            _ => return None,
        };
        (!found.is_empty()).then_some((found, at))
    }
}

fn operators(binary: &ExprBinary) -> Vec<(String, Expr)> {
    if holds_let(&binary.left) || holds_let(&binary.right) {
        return Vec::new();
    }
    let others: &[&str] = match binary.op {
        BinOp::Eq(_) => &["!="],
        BinOp::Ne(_) => &["=="],
        BinOp::Lt(_) => &["<=", ">="],
        BinOp::Le(_) => &["<", ">"],
        BinOp::Gt(_) => &[">=", "<="],
        BinOp::Ge(_) => &[">", "<"],
        BinOp::And(_) => &["||"],
        BinOp::Or(_) => &["&&"],
        BinOp::Add(_) => &["-"],
        BinOp::Sub(_) => &["+"],
        BinOp::Mul(_) => &["+"],
        BinOp::Div(_) => &["*"],
        BinOp::AddAssign(_) => &["-="],
        BinOp::SubAssign(_) => &["+="],
        _ => &[],
    };
    let (left, right) = (&binary.left, &binary.right);
    let change = |other: &&str| {
        let operator: BinOp = syn::parse_str(other).ok()?;
        let mutated = match operator {
            BinOp::AddAssign(_) | BinOp::SubAssign(_) => parse_quote!(#left #operator #right),
            _ => parse_quote!((#left) #operator (#right)),
        };
        Some((format!("replace {} by {other}", shown(&binary.op)), mutated))
    };
    others.iter().filter_map(change).collect()
}

/// `a && let b = c` is no expression that can stand in a block.
pub(super) fn holds_let(expression: &Expr) -> bool {
    match expression {
        Expr::Let(_) => true,
        Expr::Binary(binary) => holds_let(&binary.left) || holds_let(&binary.right),
        Expr::Paren(paren) => holds_let(&paren.expr),
        _ => false,
    }
}

fn opposite(call: &ExprMethodCall) -> Option<Vec<(String, Expr)>> {
    let name = call.method.to_string();
    let (_, other) = OPPOSITES.iter().find(|(method, _)| *method == name)?;
    let mut mutated = call.clone();
    mutated.method = syn::Ident::new(other, call.method.span());
    Some(vec![(
        format!("replace {name} by {other}"),
        Expr::MethodCall(mutated),
    )])
}

fn literals(literal: &Lit) -> Vec<(String, Expr)> {
    match literal {
        Lit::Bool(value) => {
            let other = !value.value;
            vec![(
                format!("replace {} by {other}", value.value),
                parse_quote!(#other),
            )]
        }
        Lit::Int(value) => {
            let Ok(number) = value.base10_parse::<u128>() else {
                return Vec::new();
            };
            let neighbours = [number.checked_add(1), number.checked_sub(1)];
            let neighbours = neighbours.into_iter().flatten().filter_map(|other| {
                let other = format!("{other}{}", value.suffix());
                let written: Expr = syn::parse_str(&other).ok()?;
                Some((format!("replace {value} by {other}"), written))
            });
            neighbours.collect()
        }
        _ => Vec::new(),
    }
}

/// A use of a constant, one more or less.
pub(super) fn changed_constant(constant: &Expr, by: i8) -> Expr {
    let change = if by > 0 { quote!(+ 1) } else { quote!(-1) };
    parse_quote!((#constant #change))
}
