//! `#[fused]` and `fuse!` of the crate `tapegrad`, which says what they do. This crate sees no types: it separates each
//! arithmetic expression from its operands, and what it writes lets the compiler decide which of them are variables.

mod block;
mod input;
mod literal;
mod operand;
mod statement;
mod sum;
mod visit;

use input::Input;
use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

#[allow(missing_docs)] // `tapegrad` has the documentation
#[proc_macro_attribute]
pub fn fused(options: TokenStream, item: TokenStream) -> TokenStream {
    by_the_table("item", [options, item])
}

#[allow(missing_docs)]
#[proc_macro]
pub fn fuse(expression: TokenStream) -> TokenStream {
    by_the_table("expression", [TokenStream::new(), expression])
}

/// Hands everything to a macro that adds the functions of the table, and hands it on to [`expand`].
fn by_the_table(kind: &str, parts: [TokenStream; 2]) -> TokenStream {
    let [options, code] = parts.map(|part| TokenTree::from(Group::new(Delimiter::Brace, part)));
    let kind: TokenStream = kind.parse().expect("a word");
    let arguments: TokenStream = kind.into_iter().chain([options, code]).collect();
    let call: TokenStream = "::tapegrad::__fused!".parse().expect("a macro");
    call.into_iter().chain([Group::new(Delimiter::Brace, arguments).into()]).collect()
}

/// What `__fused!` calls.
#[doc(hidden)]
#[proc_macro]
pub fn expand(input: TokenStream) -> TokenStream {
    match syn::parse::<Input>(input).and_then(visit::expand) {
        Ok(code) => code,
        Err(error) => error.into_compile_error().into(),
    }
}
