//! The valley with two low points, seen from above, and two descents.

use super::chart::STYLE;
use std::fmt::Write;
use tapegrad::{Real, gradient};

const X: [f64; 2] = [-1.75, 1.75];
const Y: [f64; 2] = [-1.0, 2.0];
const WIDTH: f64 = 600.0;
const MAP: f64 = 490.0;
const HEIGHT: f64 = 516.0;

/// Heights at which there is a line.
const LEVELS: [f64; 10] = [16.0, 11.0, 7.5, 5.0, 3.0, 2.0, 1.2, 0.7, 0.3, -0.1];

fn height<R: Real>([x, y]: [R; 2]) -> R {
    (x * x - 1.0).powi(2) + x * 0.3 + (y - x * x * 0.5).powi(2) * 5.0
}

pub fn valley() -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"guide\" role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\">\n\
         {STYLE}\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n\
         <clipPath id=\"map\"><path d=\"M0 0H{WIDTH}V{MAP}H0Z\"/></clipPath>\n\
         <g clip-path=\"url(#map)\" fill=\"#0072b2\" fill-opacity=\"0.09\" stroke=\"#0072b2\" stroke-opacity=\"0.6\">\n"
    );
    for level in LEVELS {
        let _ = writeln!(svg, "<path d=\"{}\"/>", below(level));
    }
    svg += "</g>\n";
    for (name, start, dash, above) in [("a", [-0.25, 1.75], "none", -24.0), ("b", [0.5, -0.75], "6 4", 12.0)]
    {
        let path = descent(start);
        let end = path[path.len() - 1];
        let line: Vec<String> = path.iter().map(|&at| pair(at)).collect();
        let ([x, y], [end_x, end_y]) = (place(start), place(end));
        let (label_x, label_y, result_y) = (x + 10.0, y + 5.0, end_y - above);
        let _ = writeln!(
            svg,
            "<path class=\"frame\" stroke-width=\"2\" stroke-dasharray=\"{dash}\" d=\"M{}\"/>\n\
             <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/><circle cx=\"{end_x:.1}\" cy=\"{end_y:.1}\" r=\"5\"/>\n\
             <text x=\"{label_x:.1}\" y=\"{label_y:.1}\">{name}</text>\n\
             <text x=\"{end_x:.1}\" y=\"{result_y:.1}\" text-anchor=\"middle\">height {}</text>",
            line.join("L"),
            format!("{:.4}", height(end)).replace('-', "−")
        );
    }
    svg += "<text x=\"300\" y=\"508\" text-anchor=\"middle\">x from −1.75 to 1.75, y from −1 to 2; the darker, the lower</text>\n";
    svg + "</svg>\n"
}

/// The descent of 500 steps: the first 60 places, after which it hardly moves, and the last.
fn descent(mut at: [f64; 2]) -> Vec<[f64; 2]> {
    let mut path = vec![at];
    for step in 1..=500 {
        let slope = gradient(height, at);
        at = [at[0] - 0.02 * slope[0], at[1] - 0.02 * slope[1]];
        if step <= 60 || step == 500 {
            path.push(at);
        }
    }
    path
}

/// The region below a level. The height is q(x) + 5 (y − x²/2)², so that for each x with q(x) below the level, it is an interval
/// of y.
fn below(level: f64) -> String {
    let steps = 80;
    let q = |x: f64| (x * x - 1.0).powi(2) + x * 0.3;
    let half_width = |x: f64| (q(x) < level).then(|| ((level - q(x)) / 5.0).sqrt());
    let at = |k: i32| X[0] + (X[1] - X[0]) * f64::from(k) / f64::from(steps);
    let mut columns = Vec::new();
    for k in 0..=steps {
        columns.push((at(k), half_width(at(k))));
        // Where the interval shrinks to a point.
        if half_width(at(k)).is_some() != half_width(at(k + 1)).is_some() && k < steps {
            let is_inside_right = half_width(at(k + 1)).is_some();
            let (mut low, mut high) = (at(k), at(k + 1));
            for _ in 0..30 {
                let middle = (low + high) / 2.0;
                if half_width(middle).is_some() == is_inside_right { high = middle } else { low = middle }
            }
            columns.push((low, Some(0.0)));
        }
    }
    let pieces = columns.chunk_by(|a, b| a.1.is_some() == b.1.is_some()).filter(|piece| piece[0].1.is_some());
    pieces.map(outline).collect()
}

/// The outline of neighbouring intervals of y.
fn outline(columns: &[(f64, Option<f64>)]) -> String {
    let edge =
        |sign: f64| columns.iter().map(move |&(x, half)| pair([x, x * x / 2.0 + sign * half.unwrap_or(0.0)]));
    let (upper, mut lower): (Vec<String>, Vec<String>) = (edge(1.0).collect(), edge(-1.0).collect());
    lower.reverse();
    format!("M{}L{}Z", upper.join("L"), lower.join("L"))
}

/// A place in the plane as one in the picture.
fn place([x, y]: [f64; 2]) -> [f64; 2] {
    let y = y.clamp(Y[0] - 0.1, Y[1] + 0.1);
    [(x - X[0]) / (X[1] - X[0]) * WIDTH, (Y[1] - y) / (Y[1] - Y[0]) * MAP]
}

fn pair(at: [f64; 2]) -> String {
    let [x, y] = place(at);
    format!("{x:.0} {y:.0}")
}
