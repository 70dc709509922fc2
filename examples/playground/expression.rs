//! What the playground tells of an expression: its graph, values, adjoints, Hessian, and a check against differences.

use super::parser::Expression;
use super::problem::Problem;
use serde_json::{Value, json};
use tapegrad::check::{Verdict, check_gradient};
use tapegrad::{Dual, Tape, Var, hessian};

/// The answer to a request `{"expression": "x * y", "values": {"x": 2}}`; variables without a value are 1.
pub fn answer(request: &Value) -> Result<Value, Problem> {
    let text = request.get("expression").and_then(Value::as_str);
    let expression = Expression::parse(text.ok_or_else(|| Problem::new("expression", "a text is missing"))?)?;
    let x = values(&expression, request.get("values").unwrap_or(&Value::Null))?;

    let tape = Tape::new();
    let vars: Vec<Var> =
        expression.variables.iter().zip(&x).map(|(name, &x)| tape.named(name.as_str(), x)).collect();
    let y = expression.evaluate(&vars);
    let gradient = y.backward();
    let listing = tape.listing_with(&gradient);
    let rows: Vec<Value> = listing
        .nodes
        .iter()
        .map(|node| {
            json!([node.index, listing.expression(node.index), number(node.value), node.adjoint.map(number)])
        })
        .collect();
    let second = hessian(|x: &[tapegrad::HessianNumber]| expression.evaluate(x), &x[..]);
    let report = check_gradient(|x: &[Var]| expression.evaluate(x), &x[..]).named(&expression.variables);
    let checked: Vec<Value> = report
        .entries
        .iter()
        .map(|entry| {
            let numbers = [entry.analytic, entry.numeric, entry.error].map(number);
            json!([entry.name, numbers[0], numbers[1], numbers[2], verdict(entry.verdict)])
        })
        .collect();
    // Forward mode, as a second opinion: one pass for each variable.
    let forward: Vec<Value> = (0..x.len())
        .map(|k| {
            let seeded = x
                .iter()
                .enumerate()
                .map(|(i, &x)| if i == k { Dual::variable(x, 0) } else { Dual::constant(x) });
            number(expression.evaluate(&seeded.collect::<Vec<Dual>>()).tangent(0))
        })
        .collect();
    Ok(json!({
        "variables": expression.variables,
        "values": x.iter().map(|&x| number(x)).collect::<Vec<_>>(),
        "value": number(y.value()),
        "gradient": vars.iter().map(|&var| number(gradient.get(var).unwrap_or(0.0))).collect::<Vec<_>>(),
        "forward": forward,
        "hessian": second.iter().map(|row| row.iter().map(|&h| number(h)).collect()).collect::<Vec<Vec<Value>>>(),
        "nodes": rows,
        "check": checked,
        "graph": listing.graph().below(tape.operand(y)).with_partials(true).to_svg(),
    }))
}

/// A number in JSON; infinities and NaN are texts.
fn number(x: f64) -> Value {
    if x.is_finite() { json!(x) } else { json!(x.to_string()) }
}

/// A verdict in words.
fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Pass => "pass".to_owned(),
        Verdict::Mismatch => "mismatch".to_owned(),
        Verdict::Kink { left, right } => {
            // The sides are differences, accurate to some eight digits.
            let brief = |slope: f64| format!("{slope:.7e}").parse().unwrap_or(slope);
            format!("kink: {} from the left, {} from the right", brief(left), brief(right))
        }
        Verdict::Unresolved => "not resolved".to_owned(),
        _ => "nothing to compare".to_owned(),
    }
}

/// The values of the variables.
fn values(expression: &Expression, given: &Value) -> Result<Vec<f64>, Problem> {
    if !given.is_object() && !given.is_null() {
        return Err(Problem::new("values", "a number for each name is needed"));
    }
    let value = |name: &String| match given.get(name) {
        None => Ok(1.0),
        Some(value) => value.as_f64().ok_or_else(|| Problem::new(name, "a number is needed")),
    };
    expression.variables.iter().map(value).collect()
}
