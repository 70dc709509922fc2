//! Every row of the table within a statement, against the row alone. A new row is tested here without a line of test code.

use crate::common::{quick_tape, same};
use crate::form::NASTY;
use tapegrad::primitives::{self, Op};
use tapegrad::{Var, fuse};

/// A function of the row's operands and an integer.
type Of = fn(&[Var], i32) -> Var;

/// A row: its name, its value alone, and that of a statement with it.
struct Case {
    name: &'static str,
    alone: Of,
    statement: Of,
}

macro_rules! define_cases {
    ($( $kind:ident $name:ident $operands:tt $integer:tt; )*) => {
        const CASES: &[Case] = &[$( define_cases!(@case $kind $name $operands $integer) ),*];
    };
    (@case operator neg ($a:ident) ()) => { define_cases!(@operator neg x; -x[0]) };
    (@case operator add ($a:ident $b:ident) ()) => { define_cases!(@operator add x; x[0] + x[1]) };
    (@case operator sub ($a:ident $b:ident) ()) => { define_cases!(@operator sub x; x[0] - x[1]) };
    (@case operator mul ($a:ident $b:ident) ()) => { define_cases!(@operator mul x; x[0] * x[1]) };
    (@case operator div ($a:ident $b:ident) ()) => { define_cases!(@operator div x; x[0] / x[1]) };
    (@case operator rem ($a:ident $b:ident) ()) => { define_cases!(@operator rem x; x[0] % x[1]) };
    (@operator $name:ident $x:ident; $value:expr) => {
        Case { name: stringify!($name), alone: |$x, _| $value, statement: |$x, _| fuse!($value * 1.0) }
    };
    (@case $kind:ident $name:ident ($a:ident) ($($n:ident)?)) => {
        define_cases!(@function $name x n; (x[0]) () ($($n)?))
    };
    (@case $kind:ident $name:ident ($a:ident $b:ident) ($($n:ident)?)) => {
        define_cases!(@function $name x n; (x[0]) (x[1]) ($($n)?))
    };
    (@case $kind:ident $name:ident ($a:ident $b:ident $c:ident) ($($n:ident)?)) => {
        define_cases!(@function $name x n; (x[0]) (x[1], x[2]) ($($n)?))
    };
    (@function $name:ident $x:ident $n:ident; ($a:expr) ($($b:expr),*) ()) => {
        Case {
            name: stringify!($name),
            alone: |$x, _| $a.$name($($b),*),
            statement: |$x, _| fuse!($a.$name($($b),*) * 1.0),
        }
    };
    (@function $name:ident $x:ident $n:ident; ($a:expr) ($($b:expr),*) ($integer:ident)) => {
        Case {
            name: stringify!($name),
            alone: |$x, $n| $a.$name($($b,)* $n),
            statement: |$x, $n| fuse!($a.$name($($b,)* $n) * 1.0),
        }
    };
}
tapegrad::__fused!(each row: define_cases);

/// The integer of an operation, as its text has it: `powi[3]`.
fn integer(op: Op) -> i32 {
    op.to_string().split(['[', ']']).nth(1).map_or(0, |integer| integer.parse().unwrap())
}

/// The value, and the adjoints of the operands.
fn derivatives(of: Of, point: &[f64], n: i32) -> Vec<f64> {
    let tape = quick_tape();
    let x = tape.vars(point);
    let y = of(&x, n);
    let gradient = y.backward();
    assert!(tape.len() <= point.len() + 1);
    x.iter().map(|&x| gradient.get(x).unwrap_or(0.0)).chain([y.value()]).collect()
}

#[test]
fn every_row_in_a_statement() {
    let mut checked = 0;
    for row in primitives::all() {
        let case = CASES.iter().find(|case| case.name == row.op.name()).expect("a case for every row");
        let inside: Vec<f64> = row.domain.iter().map(|range| 0.37 * range.start + 0.63 * range.end).collect();
        let nasty = (0..NASTY.len().pow(2)).map(|k| {
            (0..row.domain.len())
                .map(|i| NASTY[(k / NASTY.len().pow(i as u32 % 2) + i / 2) % NASTY.len()])
                .collect()
        });
        for point in std::iter::once(inside).chain(nasty) {
            let n = integer(row.op);
            let (alone, within) =
                (derivatives(case.alone, &point, n), derivatives(case.statement, &point, n));
            // Times one: the same bits, but a zero that is negative.
            let are_same = alone.iter().zip(&within).all(|(a, b)| same(*a, *b) || *a == 0.0 && *b == 0.0);
            assert!(are_same, "{}{point:?}: {within:?} for {alone:?}", row.op);
            checked += 1;
        }
    }
    assert!(checked > 5000, "{checked}");
}
