//! The way through the code: which expressions become statements.

use crate::block;
use crate::input::{Code, Functions, Input};
use crate::operand::{assigned, is_place};
use crate::statement::{Forms, Local, Statement, finished, hygienic, is_operation, lifts};
use crate::sum::{sum, sum_and_one, tail};
use proc_macro::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Error, Expr, ExprBinary, ExprMethodCall, Ident, ImplItem, Item, Pat, Stmt, parse_quote};

/// The code with its statements fused.
pub fn expand(input: Input) -> Result<TokenStream, Error> {
    let Input { root, functions, is_block, code } = input;
    let mut fuse = Fuse { root: &root, functions: &functions, is_block };
    Ok(match code {
        Code::Item(mut item) => {
            match &mut *item {
                Item::Fn(function) => fuse.visit_block_mut(&mut function.block),
                Item::Impl(implementation) => {
                    for item in &mut implementation.items {
                        match item {
                            ImplItem::Fn(function) if function.sig.constness.is_none() => {
                                fuse.visit_block_mut(&mut function.block);
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
            item.into_token_stream()
        }
        Code::Expression(mut expression) => {
            fuse.visit_expr_mut(&mut expression);
            expression.into_token_stream()
        }
    }
    .into())
}

#[derive(Clone, Copy)]
struct Fuse<'a> {
    root: &'a Ident,
    functions: &'a Functions,
    /// Whether statements go through `let`.
    is_block: bool,
}

impl VisitMut for Fuse<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match self.fused(expression, &[]) {
            Some(fused) => *expression = fused,
            None => visit_mut::visit_expr_mut(self, expression),
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        if self.is_block {
            block::join(block, self.functions, &mut |expression, locals| self.fused(expression, locals));
        }
        visit_mut::visit_block_mut(self, block);
    }

    /// What a closure with a name takes is inferred from its calls, which come later: without types it is left as it is.
    fn visit_local_mut(&mut self, local: &mut syn::Local) {
        let is_inferred = local.init.as_ref().is_some_and(|init| match &*init.expr {
            Expr::Closure(closure) => closure.inputs.iter().any(|input| !matches!(input, Pat::Type(_))),
            _ => false,
        });
        if !is_inferred {
            visit_mut::visit_local_mut(self, local);
        }
    }

    /// What is computed of indices is nothing to record.
    fn visit_expr_index_mut(&mut self, index: &mut syn::ExprIndex) {
        self.visit_expr_mut(&mut index.expr);
    }

    fn visit_expr_range_mut(&mut self, _: &mut syn::ExprRange) {}

    fn visit_expr_repeat_mut(&mut self, repeat: &mut syn::ExprRepeat) {
        self.visit_expr_mut(&mut repeat.expr);
    }

    // What is computed by the compiler, and items with code of their own.
    fn visit_expr_const_mut(&mut self, _: &mut syn::ExprConst) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
    fn visit_type_mut(&mut self, _: &mut syn::Type) {}
    fn visit_pat_mut(&mut self, _: &mut syn::Pat) {}
    fn visit_path_mut(&mut self, _: &mut syn::Path) {}
    fn visit_angle_bracketed_generic_arguments_mut(&mut self, _: &mut syn::AngleBracketedGenericArguments) {}
    fn visit_attribute_mut(&mut self, _: &mut syn::Attribute) {}
}

impl<'a> Fuse<'a> {
    /// The statement that stands for this expression, if it is one, and for the `let`s before it.
    fn fused(&self, expression: &Expr, locals: &[Local]) -> Option<Expr> {
        if locals.is_empty()
            && let Some((call, addition)) = sum_and_one(expression)
        {
            return self.sum_and_one(call, addition);
        }
        match expression {
            Expr::Binary(binary) if assigned(&binary.op).is_some() => self.assignment(binary, locals),
            Expr::MethodCall(call) => match sum(call) {
                Some(_) if locals.is_empty() => self.sum(call),
                _ => self.statement(expression, locals),
            },
            _ => self.statement(expression, locals),
        }
    }

    fn statement(&self, expression: &Expr, locals: &[Local]) -> Option<Expr> {
        if !is_operation(expression, self.functions) {
            return None;
        }
        let mut statement = Statement::new(self.root, self.functions, locals);
        statement.survey(expression);
        let forms = statement.forms(expression);
        if !statement.is_worth(2) {
            return None;
        }
        let (value, plain) = (self.value(&forms.lifted, expression), forms.plain);
        let then = parse_quote! {
            match #value {
                ::core::option::Option::Some(value) => value,
                ::core::option::Option::None => #plain,
            }
        };
        Some(self.finish(statement, &plain, then))
    }

    /// `y += e` as `y = y + e`.
    fn assignment(&self, assignment: &ExprBinary, locals: &[Local]) -> Option<Expr> {
        let op = assigned(&assignment.op)?;
        if !is_place(&assignment.left) || !assignment.attrs.is_empty() {
            return None;
        }
        let mut statement = Statement::new(self.root, self.functions, locals);
        statement.survey(&assignment.right);
        if statement.may_change(&assignment.left) {
            return None;
        }
        let target = statement.target(&assignment.left);
        let forms = statement.forms_with(&assignment.right, |right| parse_quote!(#target #op (#right)));
        if !statement.is_worth(1) {
            return None;
        }
        let whole = Expr::Binary(assignment.clone());
        let (value, plain, place) = (self.value(&forms.lifted, &whole), &forms.plain, &assignment.left);
        let op = &assignment.op;
        let plain: Expr = parse_quote!(#place #op #plain);
        let then = parse_quote! {
            match #value {
                ::core::option::Option::Some(value) => #place = value,
                ::core::option::Option::None => #plain,
            }
        };
        Some(self.finish(statement, &plain, then))
    }

    fn sum(&self, call: &ExprMethodCall) -> Option<Expr> {
        let root = self.root;
        let SumForms { lifted, items, plain } = self.sum_forms(call)?;
        let value = quote_spanned!(call.method.span() => .value(::core::stringify!(#call)));
        Some(finished(quote! {
            {
                #[allow(unused_imports)]
                use #root::statement::NoSum as _;
                match #lifted #value {
                    ::core::result::Result::Ok(value) => value,
                    ::core::result::Result::Err(#items) => #plain,
                }
            }
        }))
    }

    /// A sum and a place, which is read after the sum, and has no other name in it.
    fn sum_and_one(&self, call: &ExprMethodCall, addition: &ExprBinary) -> Option<Expr> {
        let root = self.root;
        let SumForms { lifted, items, plain } = self.sum_forms(call)?;
        let sum = hygienic("sum", 0, call);
        let (plus, place, types) = (&addition.op, &addition.right, &call.turbofish);
        let value = quote_spanned!(call.method.span() => .value(::core::stringify!(#call)));
        let both = quote_spanned!(plus.span() => .value(::core::stringify!(#addition)));
        let lifts = lifts(root);
        Some(finished(quote! {
            if false { #root::statement::never #types () #plus #place } else {
                #lifts
                #[allow(unused_imports)]
                use #root::statement::NoSum as _;
                match #lifted.and(|| #root::statement::Operand::<_, 0>(&#place).lift()) #both {
                    ::core::result::Result::Ok(value) => value,
                    ::core::result::Result::Err(#sum) => {
                        let #sum = match #sum #value {
                            ::core::result::Result::Ok(value) => value,
                            ::core::result::Result::Err(#items) => #plain,
                        };
                        #sum #plus #place
                    }
                }
            }
        }))
    }

    fn sum_forms(&self, call: &ExprMethodCall) -> Option<SumForms> {
        let sum = sum(call)?;
        let mut term = sum.term.clone();
        let body = tail(&mut term.body);
        let mut statement = Statement::new(self.root, self.functions, &[]);
        statement.survey(body);
        let Forms { lifted, plain } = statement.forms(body);
        if !statement.is_worth(1) {
            return None;
        }
        let root = self.root;
        let then = parse_quote!(#root::statement::attempt(move || #lifted));
        let plain = parse_quote!({ let _ = #plain; ::core::unreachable!() });
        *body = self.finish(statement, &plain, then);
        visit_before_tail(&mut { *self }, &mut term.body);
        let mut items = sum.items.clone();
        { *self }.visit_expr_mut(&mut items);

        let (method, arguments, plain) = (&call.method, &call.turbofish, sum.term);
        let left = hygienic("items", 0, call);
        Some(SumForms {
            lifted: parse_quote!(#root::statement::sum_of(#items, #term)),
            plain: parse_quote!(#left.map(#plain).#method #arguments ()),
            items: left,
        })
    }

    /// The value of a statement, at the line of its last operation.
    fn value(&self, lifted: &Expr, expression: &Expr) -> impl ToTokens {
        let at = match expression {
            Expr::Binary(binary) => binary.op.span(),
            Expr::Unary(unary) => unary.op.span(),
            Expr::MethodCall(call) => call.method.span(),
            _ => expression.span(),
        };
        let root = self.root;
        let attempt = quote!(#root::statement::attempt(move || #lifted));
        let value = quote_spanned!(at => .value(::core::stringify!(#expression)));
        quote!(#attempt #value)
    }

    /// The operands, with statements of their own inside, and then this.
    fn finish(&self, mut statement: Statement<'a>, plain: &Expr, then: Expr) -> Expr {
        let mut inside = *self;
        statement.operands.iter_mut().for_each(|operand| inside.visit_expr_mut(operand));
        statement.with_operands(plain, then)
    }
}

/// A sum of statements before it has a value; and as it is written, over items by that name.
struct SumForms {
    lifted: Expr,
    items: Ident,
    plain: Expr,
}

/// Visits what a body does before its value.
fn visit_before_tail(fuse: &mut Fuse<'_>, body: &mut Expr) {
    if let Expr::Block(block) = body
        && let Some((Stmt::Expr(last, None), before)) = block.block.stmts.split_last_mut()
    {
        before.iter_mut().for_each(|statement| fuse.visit_stmt_mut(statement));
        visit_before_tail(fuse, last);
    }
}
