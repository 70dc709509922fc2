//! Expressions as visitors type them: numbers, names, `pi` and `e`, `+ - * / ^`, `x²`, parentheses, and the functions
//! of the table.
//!
//! They become steps over a stack, so that only parentheses are nested, and these are limited.

use super::problem::Problem;
use tapegrad::Real;
use tapegrad::primitives::{self, Op};

/// An expression is at most so long, so deep, and has so many variables.
const LENGTH: usize = 2000;
const DEPTH: usize = 64;
const VARIABLES: usize = 12;
/// In the order of their values.
const SUPERSCRIPTS: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/// A step of the evaluation, over a stack of numbers.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Number(f64),
    /// A variable, by its place in the list.
    Variable(usize),
    Negative,
    /// `+ - * / ^` of the last two.
    Binary(char),
    /// The last one to a whole power.
    Power(i32),
    /// An operation of the table on the last so many.
    Call(Op, usize),
}

/// An expression of named variables.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    steps: Vec<Step>,
    /// The names of the variables, in the order in which they appear.
    pub variables: Vec<String>,
}

impl Expression {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Expression, Problem> {
        let characters: Vec<char> = text.chars().take(LENGTH + 1).collect();
        let mut parser = Parser { characters, at: 0, depth: 0, steps: Vec::new(), variables: Vec::new() };
        if parser.characters.len() > LENGTH {
            parser.at = LENGTH;
            return parser.wrong(format!("longer than {LENGTH} characters"));
        }
        parser.sum()?;
        match parser.peek() {
            None => Ok(Expression { steps: parser.steps, variables: parser.variables }),
            Some(c) if c.is_alphanumeric() || c == '(' || c == '_' => {
                parser.wrong(format!("`{c}` is not expected here: a product is written with `*`"))
            }
            Some(c) => parser.wrong(format!("`{c}` is not expected here")),
        }
    }

    /// The value over any number.
    pub fn evaluate<R: Real>(&self, x: &[R]) -> R {
        let mut stack: Vec<R> = Vec::new();
        let pop = |stack: &mut Vec<R>| stack.pop().expect("each step finds its operands");
        for step in &self.steps {
            let result = match *step {
                Step::Number(number) => R::from(number),
                Step::Variable(place) => x[place],
                Step::Negative => -pop(&mut stack),
                Step::Power(exponent) => pop(&mut stack).powi(exponent),
                Step::Binary(operator) => {
                    let (right, left) = (pop(&mut stack), pop(&mut stack));
                    match operator {
                        '+' => left + right,
                        '-' => left - right,
                        '*' => left * right,
                        '/' => left / right,
                        _ => left.powf(right),
                    }
                }
                Step::Call(op, count) => {
                    let arguments = stack.split_off(stack.len() - count);
                    op.value(&arguments).expect("the parser counted the arguments")
                }
            };
            stack.push(result);
        }
        pop(&mut stack)
    }
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    depth: usize,
    steps: Vec<Step>,
    variables: Vec<String>,
}

type Outcome = Result<(), Problem>;

impl Parser {
    fn wrong<T>(&self, message: impl Into<String>) -> Result<T, Problem> {
        Err(Problem { at: Some(self.at), ..Problem::new("expression", message) })
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        while self.characters.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.characters.get(self.at).copied()
    }

    fn take(&mut self, wanted: &str) -> Option<char> {
        let c = self.peek().filter(|&c| wanted.contains(c))?;
        self.at += 1;
        Some(c)
    }

    /// The following characters of a kind, spaces not included.
    fn word(&mut self, belongs: impl Fn(char, &str) -> bool) -> String {
        let mut word = String::new();
        while let Some(&c) = self.characters.get(self.at).filter(|&&c| belongs(c, &word)) {
            word.push(c);
            self.at += 1;
        }
        word
    }

    fn sum(&mut self) -> Outcome {
        self.depth += 1;
        if self.depth > DEPTH {
            return self.wrong(format!("more than {DEPTH} parentheses and signs inside each other"));
        }
        self.product()?;
        while let Some(operator) = self.take("+-−") {
            self.product()?;
            self.steps.push(Step::Binary(if operator == '+' { '+' } else { '-' }));
        }
        self.depth -= 1;
        Ok(())
    }

    fn product(&mut self) -> Outcome {
        self.signed()?;
        while let Some(operator) = self.take("*/·") {
            self.signed()?;
            self.steps.push(Step::Binary(if operator == '/' { '/' } else { '*' }));
        }
        Ok(())
    }

    /// A sign binds less than a power: `-x^2` is `-(x^2)`.
    fn signed(&mut self) -> Outcome {
        let mut signs = 0;
        while let Some(sign) = self.take("+-−") {
            signs += usize::from(sign != '+');
        }
        self.power()?;
        (0..signs % 2).for_each(|_| self.steps.push(Step::Negative));
        Ok(())
    }

    /// `a^b^c` is `a^(b^c)`. A whole number as exponent is a power for negative bases too.
    fn power(&mut self) -> Outcome {
        self.atom()?;
        let raised = self.word(|c, word| SUPERSCRIPTS.contains(c) && word.chars().count() < 9);
        if !raised.is_empty() {
            let digits = raised.chars().filter_map(|c| SUPERSCRIPTS.chars().position(|digit| digit == c));
            self.steps.push(Step::Power(digits.fold(0, |power, digit| power * 10 + digit as i32)));
            return Ok(());
        }
        if self.take("^").is_none() {
            return Ok(());
        }
        self.depth += 1;
        if self.depth > DEPTH {
            return self.wrong(format!("more than {DEPTH} powers inside each other"));
        }
        let before = self.steps.len();
        self.signed()?;
        self.depth -= 1;
        let step = match self.steps[before..] {
            [Step::Number(n)] if n.fract() == 0.0 && n.abs() <= 1e9 => Step::Power(n as i32),
            [Step::Number(n), Step::Negative] if n.fract() == 0.0 && n.abs() <= 1e9 => Step::Power(-n as i32),
            _ => Step::Binary('^'),
        };
        if step != Step::Binary('^') {
            self.steps.truncate(before);
        }
        self.steps.push(step);
        Ok(())
    }

    fn atom(&mut self) -> Outcome {
        match self.peek() {
            Some('(') => {
                self.at += 1;
                self.sum()?;
                self.close()
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => self.name(),
            Some('*') if self.at > 0 && self.characters[self.at - 1] == '*' => {
                self.wrong("`*` is not expected here: a power is written with `^`")
            }
            Some(c @ ('√' | '|')) => {
                let name = if c == '√' { "sqrt" } else { "abs" };
                self.wrong(format!("`{c}` is not expected here: write `{name}(x)`"))
            }
            Some(c) => self.wrong(format!("`{c}` is not expected here: a number, a name or `(` is")),
            None => self.wrong("something is missing at the end: a number, a name or `(`"),
        }
    }

    fn close(&mut self) -> Outcome {
        if self.take(")").is_some() { Ok(()) } else { self.wrong("`)` is missing") }
    }

    fn number(&mut self) -> Outcome {
        let start = self.at;
        let word = self.word(|c, word| {
            let is_sign = "+-".contains(c) && word.ends_with(['e', 'E']);
            c.is_ascii_digit() || c == '.' || is_sign || "eE".contains(c) && !word.contains(['e', 'E'])
        });
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() => self.steps.push(Step::Number(number)),
            _ => {
                self.at = start;
                return self.wrong(format!("`{word}` is not a finite number"));
            }
        }
        Ok(())
    }

    /// A variable, or the call of a function.
    fn name(&mut self) -> Outcome {
        let start = self.at;
        let name = self.word(|c, _| (c.is_alphanumeric() || c == '_') && !SUPERSCRIPTS.contains(c));
        if self.take("(").is_some() {
            let mut count = 0;
            if self.take(")").is_none() {
                loop {
                    self.sum()?;
                    count += 1;
                    if self.take(",").is_none() {
                        break;
                    }
                }
                self.close()?;
            }
            return match operation(&name, count) {
                Ok(op) => {
                    self.steps.push(Step::Call(op, count));
                    Ok(())
                }
                Err(message) => {
                    self.at = start;
                    self.wrong(message)
                }
            };
        }
        let constant = match name.as_str() {
            "pi" => Some(std::f64::consts::PI),
            "e" => Some(std::f64::consts::E),
            _ => None,
        };
        if let Some(constant) = constant {
            self.steps.push(Step::Number(constant));
            return Ok(());
        }
        if functions().any(|op| op.name() == name) {
            self.at = start;
            return self.wrong(format!("`{name}` is a function: its numbers follow in parentheses"));
        }
        let place = self.variables.iter().position(|known| *known == name).unwrap_or(self.variables.len());
        if place == VARIABLES {
            self.at = start;
            return self.wrong(format!("more than {VARIABLES} variables"));
        }
        if place == self.variables.len() {
            self.variables.push(name);
        }
        self.steps.push(Step::Variable(place));
        Ok(())
    }
}

/// The operations that are called by name. Those with a whole number, such as `powi`, are written otherwise.
fn functions() -> impl Iterator<Item = Op> {
    let rows = primitives::all().map(|row| row.op).filter(|op| op.to_string() == op.name());
    rows.chain(primitives::reductions())
}

/// The operation of the table with this name, for so many operands.
fn operation(name: &str, count: usize) -> Result<Op, String> {
    let Some(op) = functions().find(|op| op.name() == name) else {
        let first = |name: &str| name.chars().next();
        let alike: Vec<&str> =
            functions().map(Op::name).filter(|known| first(known) == first(name)).collect();
        return Err(match alike.is_empty() {
            true => format!("there is no function `{name}`"),
            false => {
                format!("there is no function `{name}`; with the same letter begin: {}", alike.join(", "))
            }
        });
    };
    let needed = match (op.arity(), op.lists()) {
        (Some(arity), _) if arity == count => return Ok(op),
        (Some(1), _) => "1 number".to_owned(),
        (Some(arity), _) => format!("{arity} numbers"),
        (None, Some([lists, single]))
            if count >= lists + single && (count - single).is_multiple_of(lists) =>
        {
            return Ok(op);
        }
        (None, Some([1, _])) => "one list of numbers".to_owned(),
        (None, Some([_, 0])) => "two lists of the same length, one after the other".to_owned(),
        (None, _) => "two lists of the same length and one number, one after the other".to_owned(),
    };
    let are = if count == 1 { "is" } else { "are" };
    let hint = if (name, count) == ("log", 1) { ": the natural logarithm is `ln`" } else { "" };
    Err(format!("`{name}` takes {needed}, and {count} {are} given{hint}"))
}
