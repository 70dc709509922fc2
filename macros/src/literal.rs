//! Literals within a statement.

use syn::{Expr, ExprUnary, Lit, LitFloat, UnOp};

/// What a literal is to a statement.
pub enum Literal {
    /// A plain number, with its type.
    Float(Expr),
    /// An `i32`, or what may be one.
    Integer,
    Other,
}

/// The literal that this expression is, perhaps with a minus.
pub fn literal(expression: &Expr) -> Option<Literal> {
    match expression {
        Expr::Lit(literal) => Some(match &literal.lit {
            Lit::Float(float) if matches!(float.suffix(), "" | "f64") => {
                let mut typed = literal.clone();
                let dot = if float.base10_digits().ends_with('.') { "0" } else { "" };
                let digits = format!("{}{dot}f64", float.base10_digits());
                typed.lit = Lit::Float(LitFloat::new(&digits, float.span()));
                Literal::Float(Expr::Lit(typed))
            }
            Lit::Int(integer)
                if matches!(integer.suffix(), "" | "i32") && integer.base10_parse::<i32>().is_ok() =>
            {
                Literal::Integer
            }
            _ => Literal::Other,
        }),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) if matches!(**expr, Expr::Lit(_)) => {
            Some(match literal(expr)? {
                Literal::Float(typed) => {
                    let Expr::Unary(mut negative) = expression.clone() else { return None };
                    *negative.expr = typed;
                    Literal::Float(Expr::Unary(negative))
                }
                other => other,
            })
        }
        _ => None,
    }
}
