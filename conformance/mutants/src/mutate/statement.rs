//! The walk: through items, statements and expressions.

use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Block, Expr, ExprConst, ExprMatch, ExprRepeat, ExprTuple, GenericArgument, ImplItem,
    ImplItemFn, Item, ItemFn, ItemImpl, Pat, Signature, Stmt, TraitItem, TraitItemFn, Type, parse_quote,
};

use super::expression::{changed_constant, holds_let};
use super::{Mutator, active, choice, for_tests, shown};

/// Traits that write for people.
const TEXT_TRAITS: [&str; 3] = ["Display", "Debug", "Error"];

impl VisitMut for Mutator<'_> {
    fn visit_item_mut(&mut self, item: &mut Item) {
        let kept = match &*item {
            Item::Mod(item) => for_tests(&item.attrs),
            Item::Fn(item) => for_tests(&item.attrs),
            Item::Impl(item) => for_tests(&item.attrs),
            Item::Const(_) | Item::Static(_) | Item::Macro(_) | Item::Enum(_) => true,
            _ => false,
        };
        if !kept {
            visit_mut::visit_item_mut(self, item);
        }
    }

    fn visit_item_impl_mut(&mut self, item: &mut ItemImpl) {
        let of_trait = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        if of_trait.is_some_and(|last| TEXT_TRAITS.contains(&last.ident.to_string().as_str())) {
            return;
        }
        self.function.push(shown(&item.self_ty).replace(' ', ""));
        visit_mut::visit_item_impl_mut(self, item);
        self.function.pop();
    }

    fn visit_impl_item_mut(&mut self, item: &mut ImplItem) {
        if !matches!(item, ImplItem::Const(_)) {
            visit_mut::visit_impl_item_mut(self, item);
        }
    }

    fn visit_trait_item_mut(&mut self, item: &mut TraitItem) {
        if !matches!(item, TraitItem::Const(_)) {
            visit_mut::visit_trait_item_mut(self, item);
        }
    }

    fn visit_item_fn_mut(&mut self, item: &mut ItemFn) {
        self.walk_function(&item.sig, &mut item.block);
    }

    fn visit_impl_item_fn_mut(&mut self, item: &mut ImplItemFn) {
        self.walk_function(&item.sig, &mut item.block);
    }

    fn visit_trait_item_fn_mut(&mut self, item: &mut TraitItemFn) {
        if let Some(block) = &mut item.default {
            self.walk_function(&item.sig, block);
        }
    }

    fn visit_stmt_mut(&mut self, statement: &mut Stmt) {
        let done = matches!(
            statement,
            Stmt::Expr(
                Expr::MethodCall(_) | Expr::Call(_) | Expr::Try(_) | Expr::Assign(_),
                Some(_)
            )
        );
        let what = shown(statement);
        let at = statement.span();
        visit_mut::visit_stmt_mut(self, statement);
        if done && let Some(id) = self.register(format!("delete `{}`", short(&what)), at) {
            let active = active(id);
            *statement = parse_quote!(if !#active { #statement });
        }
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Path(path) = &*expression {
            let name = path.path.segments.last().map(|last| last.ident.to_string());
            if let Some(uses) = name.and_then(|name| self.constants.get(&name)) {
                let changed = uses
                    .iter()
                    .map(|(id, by)| (Some(*id), changed_constant(expression, *by)));
                *expression = choice(expression, changed.collect());
            }
            return;
        }
        let alternatives = self.alternatives(expression);
        let Some((alternatives, at)) = alternatives else {
            visit_mut::visit_expr_mut(self, expression);
            return;
        };
        visit_mut::visit_expr_mut(self, expression);
        *expression = self.switched(expression, alternatives, at);
    }

    fn visit_expr_match_mut(&mut self, matching: &mut ExprMatch) {
        let otherwise = matching
            .arms
            .iter()
            .find(|arm| arm.guard.is_none() && matches!(arm.pat, Pat::Wild(_)))
            .map(|arm| shown(&arm.body));
        for arm in &mut matching.arms {
            let deletable = !matches!(arm.pat, Pat::Wild(_))
                && otherwise.as_ref().is_some_and(|body| *body != shown(&arm.body));
            let at = arm.pat.span();
            let pattern = short(&shown(&arm.pat));
            if let Some((_, guard)) = &mut arm.guard
                && !holds_let(guard)
            {
                self.visit_expr_mut(guard);
                let sides = vec![
                    (format!("guard of `{pattern}` always"), parse_quote!(true)),
                    (format!("guard of `{pattern}` never"), parse_quote!(false)),
                ];
                **guard = self.switched(guard, sides, at);
            }
            self.visit_expr_mut(&mut arm.body);
            if deletable && let Some(id) = self.register(format!("delete the arm `{pattern}`"), at) {
                let active = active(id);
                let guard: Expr = match &arm.guard {
                    Some((_, guard)) => parse_quote!(!#active && (#guard)),
                    None => parse_quote!(!#active),
                };
                arm.guard = Some((Default::default(), Box::new(guard)));
            }
        }
        self.visit_expr_mut(&mut matching.expr);
    }

    /// Numbers in tuples are ranks: which of several misses is told. What is decided does not depend on them.
    fn visit_expr_tuple_mut(&mut self, tuple: &mut ExprTuple) {
        let others = tuple.elems.iter_mut();
        others
            .filter(|element| !matches!(element, Expr::Lit(_)))
            .for_each(|element| self.visit_expr_mut(element));
    }

    fn visit_expr_repeat_mut(&mut self, repeat: &mut ExprRepeat) {
        self.visit_expr_mut(&mut repeat.expr);
    }

    // What is worked out by the compiler has no switches.
    fn visit_expr_const_mut(&mut self, _: &mut ExprConst) {}
    fn visit_generic_argument_mut(&mut self, _: &mut GenericArgument) {}
    fn visit_type_mut(&mut self, _: &mut Type) {}
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
}

impl Mutator<'_> {
    fn walk_function(&mut self, signature: &Signature, block: &mut Block) {
        let name = signature.ident.to_string();
        let for_people = self.texts.contains(&name);
        if for_people || signature.constness.is_some() || signature.asyncness.is_some() {
            return;
        }
        let is_default = name == "default";
        self.function.push(name);
        let original = block.clone();
        self.visit_block_mut(block);
        if !is_default {
            self.mutate_body(signature, &original, block);
        }
        self.function.pop();
    }
}

/// So much of a piece of code that it is recognised.
fn short(code: &str) -> String {
    const SHOWN: usize = 60;
    match code.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} …", code.get(..end).unwrap_or_default()),
        None => code.to_owned(),
    }
}
