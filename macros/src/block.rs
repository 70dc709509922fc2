//! `#[fused(block)]`: the values of `let` that only one statement uses become a part of it.

use crate::input::Functions;
use crate::operand::words;
use crate::statement::{Leaf, Local, is_operation, leaves, only_places};
use syn::{Block, Expr, Ident, Pat, Stmt};

/// How many values a statement has room for.
const MOST: usize = 32;

/// Joins the `let`s at the end of a block with the expressions that use them; `fuse` makes a statement of an expression and
/// the `let`s before it.
pub fn join(block: &mut Block, functions: &Functions, fuse: &mut dyn FnMut(&Expr, &[Local]) -> Option<Expr>) {
    let Some((Stmt::Expr(last, _), before)) = block.stmts.split_last() else { return };
    let mut locals = trailing(before, functions);
    let start = before.len() - locals.len();
    let mut last = last.clone();
    // From the last to the first: which of the later ones use it, and what those are a part of.
    let mut owners: Vec<Option<Owner>> = vec![None; locals.len()];
    for k in (0..locals.len()).rev() {
        let name = &locals[k].name;
        let mut users: Vec<Owner> = (k + 1..locals.len())
            .filter(|&later| mentions(&locals[later].value, name))
            .map(|later| owners[later].unwrap_or(Owner::Local(later)))
            .collect();
        let parts = parts(&mut last);
        users.extend((0..parts.len()).filter(|&part| mentions(parts[part], name)).map(Owner::Part));
        let stands_alone =
            locals[k + 1..].iter().map(|local| &local.value).chain(parts.iter().map(|part| &**part));
        let is_leaf =
            stands_alone.filter(|user| mentions(user, name)).all(|user| is_leaf_of(user, name, functions));
        owners[k] = match users[..] {
            [first, ref others @ ..] if is_leaf && others.iter().all(|other| *other == first) => Some(first),
            _ => None,
        };
    }
    if owners.iter().all(Option::is_none) {
        return;
    }
    let of = |owner: Owner, locals: &[Local]| -> Vec<Local> {
        let owned = owners.iter().zip(locals).filter(|(found, _)| **found == Some(owner));
        owned.map(|(_, local)| local.clone()).collect()
    };
    let before = locals.clone();
    let mut kept = Vec::new();
    for (k, local) in locals.iter_mut().enumerate() {
        if owners[k].is_none() {
            let value = fuse(&local.value, &of(Owner::Local(k), &before));
            let Stmt::Local(mut statement) = local.statement.clone() else { continue };
            if let (Some(value), Some(init)) = (value, &mut statement.init) {
                *init.expr = value;
            }
            kept.push(Stmt::Local(statement));
        }
    }
    for (k, part) in parts(&mut last).into_iter().enumerate() {
        if let Some(fused) = fuse(part, &of(Owner::Part(k), &before)) {
            *part = fused;
        }
    }
    let Some(Stmt::Expr(_, semicolon)) = block.stmts.pop() else { return };
    block.stmts.truncate(start);
    block.stmts.extend(kept);
    block.stmts.push(Stmt::Expr(last, semicolon));
}

/// What a `let` becomes a part of: the value of another, or a part of the last expression.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    Local(usize),
    Part(usize),
}

/// The `let`s at the end that bind an operation to a name, if nothing else happens in them.
fn trailing(statements: &[Stmt], functions: &Functions) -> Vec<Local> {
    let mut locals: Vec<Local> = Vec::new();
    for statement in statements.iter().rev() {
        match local(statement, functions) {
            Some(local) if locals.len() < MOST && locals.iter().all(|later| later.name != local.name) => {
                locals.push(local);
            }
            _ => break,
        }
    }
    locals.reverse();
    locals
}

fn local(statement: &Stmt, functions: &Functions) -> Option<Local> {
    let Stmt::Local(found) = statement else { return None };
    let init = found.init.as_ref().filter(|init| init.diverge.is_none() && found.attrs.is_empty())?;
    let pattern = match &found.pat {
        Pat::Type(typed) => &*typed.pat,
        pattern => pattern,
    };
    let Pat::Ident(name) = pattern else { return None };
    let is_plain = name.by_ref.is_none() && name.mutability.is_none() && name.subpat.is_none();
    let is_joined = is_plain && is_operation(&init.expr, functions) && only_places(&init.expr, functions);
    is_joined.then(|| Local {
        name: name.ident.clone(),
        value: (*init.expr).clone(),
        statement: statement.clone(),
    })
}

/// The last expression, or its elements if it is a list of them.
fn parts(last: &mut Expr) -> Vec<&mut Expr> {
    match last {
        Expr::Array(array) => array.elems.iter_mut().collect(),
        Expr::Tuple(tuple) => tuple.elems.iter_mut().collect(),
        _ => vec![last],
    }
}

fn mentions(expression: &Expr, name: &Ident) -> bool {
    words(expression).contains(&name.to_string())
}

/// Whether a name stands in a statement only as an operand of its own.
fn is_leaf_of(user: &Expr, name: &Ident, functions: &Functions) -> bool {
    let user = match user {
        Expr::Binary(binary) if crate::operand::assigned(&binary.op).is_some() => {
            if mentions(&binary.left, name) {
                return false;
            }
            &binary.right
        }
        _ => user,
    };
    let is_name = |leaf: &Expr| matches!(leaf, Expr::Path(path) if path.path.is_ident(name));
    let is_fit =
        |leaf: &Leaf<'_>| !mentions(leaf.expression, name) || !leaf.is_integer && is_name(leaf.expression);
    is_operation(user, functions) && leaves(user, functions).iter().all(is_fit)
}
