//! `items.map(|item| expression).sum()`: the sum of statements as one node.

use crate::operand::words;
use syn::{Expr, ExprClosure, ExprMethodCall, ReturnType, Stmt};

/// A sum over what a closure makes of items.
pub struct Sum<'e> {
    pub items: &'e Expr,
    pub term: &'e ExprClosure,
}

/// The sum that this call is.
pub fn sum(call: &ExprMethodCall) -> Option<Sum<'_>> {
    let Expr::MethodCall(map) = &*call.receiver else { return None };
    let is_sum =
        call.method == "sum" && call.args.is_empty() && map.method == "map" && map.turbofish.is_none();
    let (true, Some(Expr::Closure(term)), 1) = (is_sum, map.args.first(), map.args.len()) else {
        return None;
    };
    // The term is written twice, so it must not take what it captures.
    let is_plain = matches!(term.output, ReturnType::Default)
        && term.capture.is_none()
        && term.asyncness.is_none()
        && term.attrs.is_empty();
    // A term that returns early would return something else than a statement.
    let returns = words(&term.body).contains("return");
    (is_plain && !returns).then_some(Sum { items: &map.receiver, term })
}

/// The expression at the end of a body, which is its value.
pub fn tail(body: &mut Expr) -> &mut Expr {
    let is_block = matches!(body, Expr::Block(block) if block.label.is_none()
        && block.attrs.is_empty()
        && matches!(block.block.stmts.last(), Some(Stmt::Expr(_, None))));
    if !is_block {
        return body;
    }
    match body {
        Expr::Block(block) => match block.block.stmts.last_mut() {
            Some(Stmt::Expr(last, None)) => tail(last),
            _ => unreachable!("the last is an expression"),
        },
        _ => unreachable!("a block"),
    }
}
