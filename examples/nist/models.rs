//! The models of the data sets, as NIST states them, over any number.

use std::f64::consts::PI;
use tapegrad::Real;

/// The residual of one observation: the model for the parameters `b` and the predictors `x`, less the response.
pub fn residual<R: Real>(name: &str, b: &[R], x: &[R], y: R) -> R {
    match name {
        // NIST fits the logarithm.
        "Nelson" => b[0] - b[1] * x[0] * (-b[2] * x[1]).exp() - y.ln(),
        _ => model(name, b, x[0]) - y,
    }
}

fn model<R: Real>(name: &str, b: &[R], x: R) -> R {
    let bell = |height: R, centre: R, width: R| height * (-((x - centre) / width).powi(2)).exp();
    let wave = |cosine: R, sine: R, period: R| {
        let angle = x * (2.0 * PI) / period;
        cosine * angle.cos() + sine * angle.sin()
    };
    match name {
        "Misra1a" | "BoxBOD" => b[0] * (-(-b[1] * x).exp() + 1.0),
        "Misra1b" => b[0] * (-(b[1] * x / 2.0 + 1.0).powi(-2) + 1.0),
        "Misra1c" => b[0] * (-(b[1] * x * 2.0 + 1.0).powf(-0.5) + 1.0),
        "Misra1d" => b[0] * b[1] * x / (b[1] * x + 1.0),
        "Chwirut1" | "Chwirut2" => (-b[0] * x).exp() / (b[1] + b[2] * x),
        "Lanczos1" | "Lanczos2" | "Lanczos3" => {
            b.chunks_exact(2).map(|term| term[0] * (-term[1] * x).exp()).sum()
        }
        "Gauss1" | "Gauss2" | "Gauss3" => {
            b[0] * (-b[1] * x).exp() + bell(b[2], b[3], b[4]) + bell(b[5], b[6], b[7])
        }
        "DanWood" => b[0] * x.powf(b[1]),
        "Kirby2" => polynomial(&b[..3], x) / (polynomial(&b[3..], x) * x + 1.0),
        "Hahn1" | "Thurber" => polynomial(&b[..4], x) / (polynomial(&b[4..], x) * x + 1.0),
        "MGH09" => b[0] * (x * x + x * b[1]) / (x * x + x * b[2] + b[3]),
        "MGH10" => b[0] * (b[1] / (x + b[2])).exp(),
        "MGH17" => b[0] + b[1] * (-x * b[3]).exp() + b[2] * (-x * b[4]).exp(),
        "Roszman1" => b[0] - b[1] * x - (b[2] / (x - b[3])).atan() / PI,
        "ENSO" => {
            b[0] + wave(b[1], b[2], R::constant(12.0)) + wave(b[4], b[5], b[3]) + wave(b[7], b[8], b[6])
        }
        "Rat42" => b[0] / ((b[1] - b[2] * x).exp() + 1.0),
        "Rat43" => b[0] / ((b[1] - b[2] * x).exp() + 1.0).powf(b[3].recip()),
        "Eckerle4" => b[0] / b[1] * (((x - b[2]) / b[1]).powi(2) * -0.5).exp(),
        "Bennett5" => b[0] * (b[1] + x).powf(-b[2].recip()),
        _ => panic!("there is no model for the data set {name}"),
    }
}

/// `c₀ + c₁ x + c₂ x² + ...`, by Horner's scheme.
fn polynomial<R: Real>(c: &[R], x: R) -> R {
    c.iter().rev().copied().reduce(|sum, c| sum * x + c).expect("a coefficient")
}
