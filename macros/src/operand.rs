//! The operands of a statement: those that are places, such as `x`, `self.a` and `w[0]`, and those that have to be
//! computed first.

use proc_macro::{TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::HashSet;
use syn::visit::Visit;
use syn::{BinOp, Expr, Macro, Member, UnOp};

/// Whether this is a place that can be read twice, with nothing else happening.
pub fn is_place(expression: &Expr) -> bool {
    match expression {
        Expr::Path(path) => path.attrs.is_empty(),
        Expr::Field(field) => {
            !matches!(&field.member, Member::Named(name) if name == "await") && is_place(&field.base)
        }
        Expr::Index(index) => is_place(&index.expr) && is_simple(&index.index),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)) && is_place(&unary.expr),
        Expr::Paren(inner) => is_place(&inner.expr),
        Expr::Group(inner) => is_place(&inner.expr),
        _ => false,
    }
}

/// Whether this is a part of something: a place, even if something has to be computed to find it. Unless it is copied,
/// a method takes it by reference.
pub fn is_projection(expression: &Expr) -> bool {
    match expression {
        Expr::Field(_) => true,
        Expr::Index(_) => true,
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)),
        Expr::Paren(inner) => is_projection(&inner.expr),
        Expr::Group(inner) => is_projection(&inner.expr),
        _ => is_place(expression),
    }
}

/// Whether a place may be known by another name, by which it is changed: a static, or one behind a pointer.
pub fn is_shared(place: &Expr) -> bool {
    match place {
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
        }),
        Expr::Field(field) => is_shared(&field.base),
        Expr::Index(index) => is_shared(&index.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)),
        Expr::Paren(inner) => is_shared(&inner.expr),
        Expr::Group(inner) => is_shared(&inner.expr),
        _ => false,
    }
}

/// Whether this is an index that can be computed twice.
fn is_simple(index: &Expr) -> bool {
    match index {
        Expr::Lit(_) => true,
        Expr::Cast(cast) => is_simple(&cast.expr),
        Expr::Binary(binary) => {
            is_arithmetic(&binary.op) && is_simple(&binary.left) && is_simple(&binary.right)
        }
        Expr::Paren(inner) => is_simple(&inner.expr),
        _ => is_place(index),
    }
}

/// `+ - * / %`
pub fn is_arithmetic(op: &BinOp) -> bool {
    matches!(op, BinOp::Add(_) | BinOp::Sub(_) | BinOp::Mul(_) | BinOp::Div(_) | BinOp::Rem(_))
}

/// The operator within an assigning one.
pub fn assigned(op: &BinOp) -> Option<BinOp> {
    macro_rules! operators {
        ($($assign:ident $op:ident $token:tt;)*) => {
            match op {
                $( BinOp::$assign(token) => Some(BinOp::$op(syn::Token![$token](token.spans[0]))), )*
                _ => None,
            }
        };
    }
    operators! { AddAssign Add +; SubAssign Sub -; MulAssign Mul *; DivAssign Div /; RemAssign Rem %; }
}

/// Places by their text, without parentheses around them, and by the macro that wrote it: words of two macros may have the
/// same text, and be two variables.
pub fn key(place: &Expr) -> String {
    match place {
        Expr::Paren(inner) => key(&inner.expr),
        Expr::Group(inner) => key(&inner.expr),
        _ => {
            let tokens = place.to_token_stream();
            format!("{tokens} {}", origins(tokens.clone().into()))
        }
    }
}

/// The macros that wrote some code, word by word. There is no other way to them. With another format no two places would
/// be the same, which is right, though slower.
fn origins(tokens: TokenStream) -> String {
    let origin = |token: TokenTree| match token {
        TokenTree::Group(group) => origins(group.stream()),
        token => format!("{:?}", token.span()).split_whitespace().next().unwrap_or_default().to_owned(),
    };
    tokens.into_iter().map(origin).collect()
}

/// The words of some code.
pub fn words(code: &impl ToTokens) -> HashSet<String> {
    let text = code.to_token_stream().to_string();
    text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
}

/// Whether a macro is called in an expression.
pub fn has_macro(expression: &Expr) -> bool {
    struct Search(bool);
    impl Visit<'_> for Search {
        fn visit_macro(&mut self, _: &Macro) {
            self.0 = true;
        }
    }
    let mut search = Search(false);
    search.visit_expr(expression);
    search.0
}

/// Whether a place may be another after this code: one of its names stands in it.
pub fn is_mentioned(place: &Expr, code: &HashSet<String>) -> bool {
    words(place)
        .iter()
        .any(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_') && code.contains(word))
}
