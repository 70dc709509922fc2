//! One statement: its operands, what it is over what they become, and what it is as it was written.

use crate::input::Functions;
use crate::literal::{Literal, literal};
use crate::operand::{
    has_macro, is_arithmetic, is_mentioned, is_place, is_projection, is_shared, key, words,
};
use quote::{ToTokens, format_ident, quote};
use std::collections::HashSet;
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall, ExprParen, Ident, Stmt, UnOp, parse_quote};

/// As many operands as the statement has bits for.
const MOST: usize = 64;

/// Where an operand stands. A method takes its receiver by reference if it wants to, so it must not be moved.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Value,
    Receiver,
}

/// A `let` that is a part of a statement.
#[derive(Clone)]
pub struct Local {
    pub name: Ident,
    pub value: Expr,
    pub statement: Stmt,
}

pub struct Statement<'a> {
    root: &'a Ident,
    functions: &'a Functions,
    locals: Vec<Local>,
    /// The names of those that are bound already.
    bound: HashSet<String>,
    /// The operands as expressions to evaluate, in order.
    pub operands: Vec<Expr>,
    slots: Vec<Ident>,
    places: Vec<Option<String>>,
    is_integer: Vec<bool>,
    /// What the operands are that have to be computed: it may change places.
    computed: HashSet<String>,
    /// Whether a macro is among them, which may use names that do not stand there.
    has_macro: bool,
    /// The places that are used by value somewhere.
    values: HashSet<String>,
    pub operations: usize,
}

/// An expression over the lifted operands, and over the operands themselves.
pub struct Forms {
    pub lifted: Expr,
    pub plain: Expr,
}

/// What an expression is to a statement.
enum Part<'e> {
    Binary(&'e syn::ExprBinary),
    Negation(&'e syn::ExprUnary),
    Call(&'e ExprMethodCall),
    Inside(&'e Expr),
    Literal(Literal),
    Operand,
}

/// An operand of an expression, or the integer of an operation in it, which is not lifted.
pub struct Leaf<'e> {
    pub expression: &'e Expr,
    pub is_integer: bool,
}

/// What an expression is made of.
pub fn leaves<'e>(expression: &'e Expr, functions: &Functions) -> Vec<Leaf<'e>> {
    let within =
        |parts: &[&'e Expr]| parts.iter().flat_map(|part| leaves(part, functions)).collect::<Vec<_>>();
    match part(expression, functions) {
        Part::Binary(binary) => within(&[&binary.left, &binary.right]),
        Part::Negation(unary) => within(&[&unary.expr]),
        Part::Call(call) => {
            let numbers = functions[&call.method.to_string()].operands;
            let operands: Vec<&Expr> =
                [&*call.receiver].into_iter().chain(call.args.iter().take(numbers)).collect();
            let integer =
                call.args.iter().nth(numbers).map(|expression| Leaf { expression, is_integer: true });
            within(&operands).into_iter().chain(integer).collect()
        }
        Part::Inside(inner) => within(&[inner]),
        Part::Literal(_) => Vec::new(),
        Part::Operand => vec![Leaf { expression, is_integer: false }],
    }
}

/// Whether all operands are places, and all integers too.
pub fn only_places(expression: &Expr, functions: &Functions) -> bool {
    let is_literal = |leaf: &Leaf<'_>| leaf.is_integer && literal(leaf.expression).is_some();
    leaves(expression, functions).iter().all(|leaf| is_literal(leaf) || is_place(leaf.expression))
}

pub fn is_operation(expression: &Expr, functions: &Functions) -> bool {
    matches!(part(expression, functions), Part::Binary(_) | Part::Negation(_) | Part::Call(_))
}

fn part<'e>(expression: &'e Expr, functions: &Functions) -> Part<'e> {
    if let Some(literal) = literal(expression) {
        return Part::Literal(literal);
    }
    match expression {
        Expr::Binary(binary) if is_arithmetic(&binary.op) && binary.attrs.is_empty() => Part::Binary(binary),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) && unary.attrs.is_empty() => {
            Part::Negation(unary)
        }
        Expr::MethodCall(call) if is_function(call, functions) => Part::Call(call),
        Expr::Paren(inner) => Part::Inside(&inner.expr),
        Expr::Group(inner) => Part::Inside(&inner.expr),
        _ => Part::Operand,
    }
}

fn is_function(call: &ExprMethodCall, functions: &Functions) -> bool {
    let function = functions.get(&call.method.to_string());
    let takes = function.map(|function| function.operands + usize::from(function.has_integer));
    // The types of a closure come from the function that takes it.
    let has_closure = call.args.iter().any(|argument| matches!(argument, Expr::Closure(_)));
    takes == Some(call.args.len()) && !has_closure && call.turbofish.is_none() && call.attrs.is_empty()
}

impl<'a> Statement<'a> {
    pub fn new(root: &'a Ident, functions: &'a Functions, locals: &[Local]) -> Self {
        Statement {
            root,
            functions,
            locals: locals.to_vec(),
            bound: HashSet::new(),
            operands: Vec::new(),
            slots: Vec::new(),
            places: Vec::new(),
            is_integer: Vec::new(),
            computed: HashSet::new(),
            has_macro: false,
            values: HashSet::new(),
            operations: 0,
        }
    }

    /// Notes how operands are used, before any is taken.
    pub fn survey(&mut self, expression: &Expr) {
        for local in self.locals.clone() {
            self.survey_as(&local.value, Role::Value);
        }
        self.survey_as(expression, Role::Value);
    }

    fn survey_as(&mut self, expression: &Expr, role: Role) {
        match part(expression, self.functions) {
            Part::Binary(binary) => {
                self.operations += 1;
                self.survey_as(&binary.left, Role::Value);
                self.survey_as(&binary.right, Role::Value);
            }
            Part::Negation(unary) => {
                self.operations += 1;
                self.survey_as(&unary.expr, Role::Value);
            }
            Part::Call(call) => {
                self.operations += 1;
                self.survey_as(&call.receiver, Role::Receiver);
                call.args.iter().for_each(|argument| self.survey_as(argument, Role::Value));
            }
            Part::Inside(inner) => self.survey_as(inner, role),
            Part::Literal(_) => {}
            Part::Operand if !is_place(expression) => {
                self.computed.extend(words(expression));
                self.has_macro |= has_macro(expression);
            }
            Part::Operand if role == Role::Value => {
                self.values.insert(key(expression));
            }
            Part::Operand => {}
        }
    }

    /// Whether there is something to record as one.
    pub fn is_worth(&self, least: usize) -> bool {
        self.operations >= least && (1..=MOST).contains(&self.operands.len())
    }

    /// Whether the statement computes something that may change this place.
    pub fn may_change(&self, place: &Expr) -> bool {
        self.has_macro || is_mentioned(place, &self.computed)
    }

    pub fn forms(&mut self, expression: &Expr) -> Forms {
        self.forms_with(expression, |lifted| lifted.clone())
    }

    /// As [`forms`](Self::forms), with something around the lifted form.
    pub fn forms_with(&mut self, expression: &Expr, around: impl Fn(&Expr) -> Expr) -> Forms {
        let mut values = Vec::new();
        for local in self.locals.clone() {
            values.push(self.form(&local.value));
            self.bound.insert(local.name.to_string());
        }
        let mut forms = self.form(expression);
        forms.lifted = around(&forms.lifted);
        if values.is_empty() {
            return forms;
        }
        let root = self.root;
        let (mut lifted, plain) = (forms.lifted, forms.plain);
        for (k, (local, value)) in self.locals.iter().zip(&values).enumerate().rev() {
            let (name, value) = (&local.name, &value.lifted);
            lifted = parse_quote!(#root::statement::bind::<#k, _, _, _>(#value, move |#name| #lifted));
        }
        let statements = self.locals.iter().zip(values).map(|(local, value)| {
            let mut statement = local.statement.clone();
            if let Stmt::Local(syn::Local { init: Some(init), .. }) = &mut statement {
                *init.expr = value.plain;
            }
            statement
        });
        Forms { lifted, plain: parse_quote!({ #(#statements)* #plain }) }
    }

    fn form(&mut self, expression: &Expr) -> Forms {
        self.forms_as(expression, Role::Value)
    }

    /// The operand that an assignment changes: it is not moved.
    pub fn target(&mut self, place: &Expr) -> Expr {
        self.operand(place, Role::Receiver).lifted
    }

    fn forms_as(&mut self, expression: &Expr, role: Role) -> Forms {
        match part(expression, self.functions) {
            Part::Binary(binary) => {
                let (left, right) = (self.form(&binary.left), self.form(&binary.right));
                let form = |left, right| {
                    let mut form = binary.clone();
                    (*form.left, *form.right) = (left, right);
                    Expr::Binary(form)
                };
                Forms { lifted: form(left.lifted, right.lifted), plain: form(left.plain, right.plain) }
            }
            Part::Negation(unary) => {
                let inner = self.form(&unary.expr);
                let form = |inner| {
                    let mut form = unary.clone();
                    *form.expr = inner;
                    Expr::Unary(form)
                };
                Forms { lifted: form(inner.lifted), plain: form(inner.plain) }
            }
            Part::Call(call) => self.call(call),
            Part::Inside(inner) => {
                let inner = self.forms_as(inner, role);
                let form = |inner| {
                    let mut form = expression.clone();
                    match &mut form {
                        Expr::Paren(form) => *form.expr = inner,
                        Expr::Group(form) => *form.expr = inner,
                        _ => {}
                    }
                    form
                };
                Forms { lifted: form(inner.lifted), plain: form(inner.plain) }
            }
            Part::Literal(Literal::Float(typed)) => Forms { lifted: typed, plain: expression.clone() },
            Part::Literal(Literal::Integer | Literal::Other) => {
                let root = self.root;
                Forms { lifted: parse_quote!(#root::statement::Foreign), plain: expression.clone() }
            }
            Part::Operand => self.operand(expression, role),
        }
    }

    fn call(&mut self, call: &ExprMethodCall) -> Forms {
        let function = &self.functions[&call.method.to_string()];
        let receiver = self.forms_as(&call.receiver, Role::Receiver);
        let (mut lifted, mut plain) = (call.clone(), call.clone());
        (*lifted.receiver, *plain.receiver) = (receiver.lifted, receiver.plain);
        for (k, argument) in call.args.iter().enumerate() {
            let forms = match literal(argument) {
                // An integer stands for a number here, or for the integer of the operation.
                Some(Literal::Integer) => Forms { lifted: argument.clone(), plain: argument.clone() },
                _ if k == function.operands => self.integer(argument),
                _ => self.form(argument),
            };
            (lifted.args[k], plain.args[k]) = (forms.lifted, forms.plain);
        }
        Forms { lifted: Expr::MethodCall(lifted), plain: Expr::MethodCall(plain) }
    }

    /// The integer of an operation, which is not lifted.
    fn integer(&mut self, argument: &Expr) -> Forms {
        let slot = self.slot(self.operands.len(), argument);
        self.operands.push(argument.clone());
        self.places.push(None);
        self.is_integer.push(true);
        Forms { lifted: parse_quote!(#slot), plain: parse_quote!(#slot) }
    }

    fn operand(&mut self, operand: &Expr, role: Role) -> Forms {
        if matches!(operand, Expr::Path(path) if path.path.get_ident().is_some_and(|name| self.bound.contains(&name.to_string())))
        {
            return Forms { lifted: operand.clone(), plain: operand.clone() };
        }
        let is_elsewhere = !self.computed.is_empty() && is_shared(operand);
        let is_steady = is_place(operand) && !self.may_change(operand) && !is_elsewhere;
        let place = is_steady.then(|| key(operand));
        // A place that is only read through methods stays where it is.
        let is_borrowed = is_steady && role == Role::Receiver && !self.values.contains(&key(operand));
        let known =
            place.as_ref().and_then(|place| self.places.iter().position(|p| p.as_ref() == Some(place)));
        let k = known.unwrap_or_else(|| {
            let root = self.root;
            self.operands.push(match role {
                _ if is_borrowed => parse_quote!(&#operand),
                Role::Receiver if !is_steady && is_projection(operand) => {
                    parse_quote!(#root::statement::held(&#operand).hold())
                }
                _ => operand.clone(),
            });
            self.places.push(place);
            self.is_integer.push(false);
            self.operands.len() - 1
        });
        let (slot, lifted) = (self.slot(k, operand), self.lifted(k, operand));
        let plain = if is_borrowed { operand.clone() } else { parse_quote!(#slot) };
        Forms { lifted: parse_quote!(#lifted), plain }
    }

    /// The name of an operand. It is a word of the user's code, though one that nobody writes: so a panic of an operation
    /// that is none of ours is at the line of the operands.
    fn slot(&mut self, k: usize, operand: &Expr) -> Ident {
        if k == self.slots.len() {
            self.slots.push(format_ident!("tapegrad_operand{k}", span = operand.span()));
        }
        let mut slot = self.slots[k].clone();
        slot.set_span(operand.span().resolved_at(slot.span()));
        slot
    }

    fn lifted(&self, k: usize, operand: &Expr) -> Ident {
        hygienic("leaf", k, operand)
    }

    /// `then`, where the operands have been evaluated and lifted. Finished: there are no more statements to find in it.
    ///
    /// `plain` never runs. It comes first because what the compiler infers from the code as it is written has to be known
    /// when the operands are lifted: the type of `k` after `let k = 0.5`, for example.
    pub fn with_operands(&self, plain: &Expr, then: Expr) -> Expr {
        let (root, operands, slots) = (self.root, &self.operands, &self.slots);
        let lifts = operands.iter().enumerate().filter(|&(k, _)| !self.is_integer[k]).map(|(k, operand)| {
            let (slot, lifted) = (&slots[k], self.lifted(k, operand));
            quote!(let #lifted = #root::statement::Operand::<_, #k>(&#slot).lift();)
        });
        let imports = self::lifts(root);
        finished(quote! {
            match (#(#operands,)*) {
                (#(#slots,)*) => if false { #plain } else {
                    #imports
                    #(#lifts)*
                    #then
                },
            }
        })
    }
}

/// What lifts operands.
pub fn lifts(root: &Ident) -> impl ToTokens {
    quote! {
        #[allow(unused_imports)]
        use #root::statement::{
            LiftForeign as _, LiftMutable as _, LiftMutableReceiver as _, LiftNumber as _, LiftReceiver as _, LiftReference as _,
            NoStatement as _,
        };
    }
}

/// Code that is not looked at again, as an operand of whatever is around it.
pub fn finished(code: impl ToTokens) -> Expr {
    let mut whole: ExprParen = parse_quote!((()));
    *whole.expr = Expr::Verbatim(code.into_token_stream());
    Expr::Paren(whole)
}

/// A name that the user's code cannot see, for messages at this place.
pub fn hygienic(name: &str, k: usize, place: &impl Spanned) -> Ident {
    let span = proc_macro::Span::mixed_site().located_at(place.span().unwrap());
    format_ident!("{name}{k}", span = span.into())
}
