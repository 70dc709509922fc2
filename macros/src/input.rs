//! What the macro gets: the functions of the table, options, and the code.

use std::collections::HashMap;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Result};
use syn::{Error, Expr, Ident, Item, Token, braced, parenthesized};

pub struct Input {
    /// `$crate` of the crate `tapegrad`.
    pub root: Ident,
    pub functions: Functions,
    pub is_block: bool,
    pub code: Code,
}

pub enum Code {
    Item(Box<Item>),
    Expression(Box<Expr>),
}

/// The functions of the table, by name.
pub type Functions = HashMap<String, Function>;

/// What a function takes after its first operand.
pub struct Function {
    pub operands: usize,
    pub has_integer: bool,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let root = Ident::parse_any(input)?;
        let table;
        braced!(table in input);
        let functions = functions(&table)?;
        let kind: Ident = input.parse()?;
        let options;
        braced!(options in input);
        let is_block = is_block(&options)?;
        let code;
        braced!(code in input);
        let code = if kind == "item" {
            Code::Item(Box::new(item(&code)?))
        } else {
            Code::Expression(Box::new(code.parse()?))
        };
        Ok(Input { root, functions, is_block, code })
    }
}

/// `kind name (operands) (integer);`, row by row. The operators of the language are no functions.
fn functions(table: ParseStream<'_>) -> Result<Functions> {
    let mut functions = Functions::new();
    while !table.is_empty() {
        let kind: Ident = table.parse()?;
        let name: Ident = table.parse()?;
        let (operands, integer);
        parenthesized!(operands in table);
        parenthesized!(integer in table);
        table.parse::<Token![;]>()?;
        let mut count = 0;
        while !operands.is_empty() {
            operands.parse::<Ident>()?;
            count += 1;
        }
        let has_integer = integer.parse::<Option<Ident>>()?.is_some();
        if kind != "operator" {
            functions.insert(name.to_string(), Function { operands: count - 1, has_integer });
        }
    }
    Ok(functions)
}

fn is_block(options: ParseStream<'_>) -> Result<bool> {
    if options.is_empty() {
        return Ok(false);
    }
    let option: Ident = options.parse()?;
    if option != "block" || !options.is_empty() {
        return Err(Error::new(option.span(), "`#[fused]` takes no option but `block`"));
    }
    Ok(true)
}

fn item(code: ParseStream<'_>) -> Result<Item> {
    let tokens = code.fork();
    match code.parse()? {
        Item::Fn(function) if function.sig.constness.is_some() => Err(Error::new_spanned(
            function.sig.constness,
            "`#[fused]` cannot take a `const fn`: nothing is recorded in it",
        )),
        item @ (Item::Fn(_) | Item::Impl(_)) => Ok(item),
        _ => Err(tokens.error("`#[fused]` stands before a function with a body, or before an `impl`")),
    }
}
