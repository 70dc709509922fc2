//! `#[fused(block)]` goes through `let`: the values that only one statement uses become a part of it.

use crate::form::Form;
use crate::form::{check, gradient};
use tapegrad::{Real, fused};

/// The forms of a function: plain, with statements, and with blocks; and how many nodes a block has.
macro_rules! blocks {
    ($( fn $name:ident($x:ident) has $nodes:literal at $at:tt { $($body:tt)* } )*) => {
        #[allow(non_camel_case_types)]
        mod plain {
            use super::*;
            $( pub struct $name; impl Form for $name { fn call<R: Real>($x: &[R]) -> R { $($body)* } } )*
        }
        #[allow(non_camel_case_types)]
        mod block {
            use super::*;
            $( pub struct $name; impl Form for $name { #[fused(block)] fn call<R: Real>($x: &[R]) -> R { $($body)* } } )*
        }
        $(
            #[test]
            fn $name() {
                check::<plain::$name, block::$name>(&[&$at]);
                assert_eq!(gradient::<block::$name>(&$at).1, $nodes);
            }
        )*
    };
}

blocks! {
    fn black_scholes(x) has 1 at [100.0, 95.0, 0.02, 0.3, 1.5] {
        let [spot, strike, rate, volatility, time] = [x[0], x[1], x[2], x[3], x[4]];
        let spread = volatility * time.sqrt();
        let d1 = ((spot / strike).ln() + (rate + volatility * volatility * 0.5) * time) / spread;
        let d2 = d1 - spread;
        spot * d1.normal_cdf() - strike * (-rate * time).exp() * d2.normal_cdf()
    }
    fn a_value_of_two_statements_has_its_node(x) has 4 at [0.3, 1.2] {
        let [a, b] = [x[0], x[1]];
        let square = a * a + b;
        let [y, z] = [square * 2.0 - a, square + b * b];
        let unused = y;
        unused.min(z)
    }
    fn types_and_parentheses(x) has 1 at [0.3, 1.2] {
        let a: R = (x[0] * x[1]).sin();
        let b: R = -a;
        (a + b * 2.0) * (a)
    }
    fn shadowed_names_stop_it(x) has 2 at [0.3, 1.2] {
        let a = x[0] * x[1];
        let a = a * a + 1.0;
        a * 2.0 - x[1]
    }
    fn names_that_shadow_operands(x) has 1 at [0.3, 1.2] {
        let (a, b) = (x[0], x[1]);
        let a = a * b + 1.0;
        a * b - a
    }
    fn fields_and_indices(x) has 2 at [0.3, 1.2] {
        let (p, q) = (x[0] * 2.0 + 1.0, x[1]);
        let list = [p, q];
        let k = 1 * 1 + 0;
        let y = list[k] * p;
        y * list[0] + 1.0
    }
    fn piecewise(x) has 1 at [0.3, -1.2] {
        let a = x[0].max(x[1]);
        let b = a.relu();
        a * b + b
    }
    fn unreached(x) has 1 at [0.3, -1.2] {
        let a = x[1].sqrt();
        let b = a * 2.0;
        b.max(x[0]) + x[0] * 2.0
    }
    fn plain_numbers(x) has 1 at [0.3, -1.2] {
        let half = 0.5f64;
        let scale = half * 2.0;
        let more = scale * half + 1.0;
        x[0] * more + scale
    }
    fn numbers_of_other_types(x) has 1 at [0.3, -1.2] {
        let n = x.len();
        let m = n * 2;
        let k = m * m + 1;
        x[0] * k as f64 + m as f64
    }
    fn integers_of_operations(x) has 1 at [0.3, -1.2] {
        let n = x.len() as i32;
        let m = n * 2 - 1;
        let cube = x[0].powi(m) * x[1];
        cube + cube.powi(n) * 0.5
    }
    fn assignments(x) has 2 at [0.3, -1.2] {
        let mut y = x[0];
        for &a in x {
            let square = a * a;
            let cube = square * a;
            y += cube * square + 1.0;
        }
        y
    }
    fn inner_blocks(x) has 2 at [0.3, -1.2] {
        let y = {
            let a = x[0] * x[0];
            let b = a * x[1];
            a + b * 2.0
        };
        y * y + x[0]
    }
    fn something_between(x) has 3 at [0.3, -1.2] {
        let a = x[0] * x[0];
        let b = (|| a + 1.0)();
        a * b - x[1]
    }
}

/// More values than there is room for: the first ones have nodes of their own.
macro_rules! longest {
    ($first:ident ... $last:ident; $($name:ident = $before:ident;)*) => {
        #[fused(block)]
        fn long<R: Real>(x: R, y: R) -> R {
            let $first = x * y;
            $( let $name = $before * 0.5 + y; )*
            $last * x
        }
    };
}
longest! {
    a0 ... a40; a1 = a0; a2 = a1; a3 = a2; a4 = a3; a5 = a4; a6 = a5; a7 = a6; a8 = a7; a9 = a8; a10 = a9; a11 = a10; a12 = a11;
    a13 = a12; a14 = a13; a15 = a14; a16 = a15; a17 = a16; a18 = a17; a19 = a18; a20 = a19; a21 = a20; a22 = a21;
    a23 = a22; a24 = a23; a25 = a24; a26 = a25; a27 = a26; a28 = a27; a29 = a28; a30 = a29; a31 = a30; a32 = a31;
    a33 = a32; a34 = a33; a35 = a34; a36 = a35; a37 = a36; a38 = a37; a39 = a38; a40 = a39;
}

#[test]
fn a_long_block() {
    let tape = tapegrad::Tape::new();
    let [x, y] = tape.vars([2.0, 3.0]);
    let z = long(x, y);
    // 41 values, of which 32 are within the last statement.
    assert_eq!((tape.len(), z.value()), (2 + 9 + 1, long(2.0, 3.0)));
    assert!((z.backward()[y] - 4.0).abs() < 1e-9);
}

/// A list of results: what all use has a node of its own.
#[fused(block)]
fn cell<R: Real>([hidden, w, b, old]: [R; 4]) -> [R; 2] {
    let gate = (hidden * w + b).sigmoid();
    let change = (hidden * b).tanh();
    let new = old * gate + change * 0.5;
    let out = (w + 1.0).sigmoid();
    [out * new.tanh(), new]
}

#[test]
fn a_list_of_results() {
    let tape = tapegrad::Tape::new();
    let x = tape.vars([0.5, -0.25, 0.75, 1.5]);
    let y = cell(x);
    assert_eq!(tape.len(), 6);
    assert_eq!(y.map(|y| y.value()), cell([0.5, -0.25, 0.75, 1.5]));
}
