//! `items.map(|item| expression).sum()`: the sum of statements as one node, and with what is added to it.

use crate::operand::{has_macro, is_mentioned, is_place, words};
use syn::{BinOp, Expr, ExprBinary, ExprClosure, ExprMethodCall, ReturnType, Stmt};

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

/// A sum, and a place that is added to it.
pub fn sum_and_one(expression: &Expr) -> Option<(&ExprMethodCall, &ExprBinary)> {
    let Expr::Binary(addition) = expression else { return None };
    let Expr::MethodCall(call) = &*addition.left else { return None };
    // What a block changes could be the place, by another name.
    let is_expression = !matches!(*sum(call)?.term.body, Expr::Block(_));
    // The type of the sum has to be written, since there is a form without a sum. What the sum changes cannot be lent to
    // what is added.
    let is_fit = is_expression
        && matches!(addition.op, BinOp::Add(_))
        && addition.attrs.is_empty()
        && call.turbofish.is_some()
        && is_place(&addition.right)
        && !has_macro(&addition.left)
        && !is_mentioned(&addition.right, &words(call));
    is_fit.then_some((call, addition))
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
