//! Promise: on random programs too, a tape that keeps partial derivatives only gives the same gradients, to the bit.

use crate::common::panic_of;
use crate::programs::Random;
use tapegrad::{Dual, Tape, Var, lists, preaccumulate};

/// A block with all its inputs in the result, or some of them.
fn block<const N: usize>(x: [Var; N], kind: usize) -> Var {
    preaccumulate(x, |x| {
        let product = |sum: Dual<f64, N>, k: usize| sum + x[k] * x[(k + 1) % N];
        match kind {
            0 => (0..N).fold(x[0], product),
            1 => (0..N / 2).fold(x[N - 1].sqrt(), product),
            _ => x[0].max(x[N / 2]) * x[N - 1].ln(),
        }
    })
}

/// Appends random nodes, and rewinds now and then; what is returned is alive.
fn grow(tape: &Tape, random: &mut Random, x: &mut Vec<Var>, steps: usize) {
    let mut mark = None;
    for _ in 0..steps {
        let kind = random.below(3);
        let mut pick = |x: &[Var]| match random.below(8) {
            0 => Var::from([0.0, -0.0, 2.0, f64::INFINITY][random.below(4)]),
            _ => x[random.below(x.len())],
        };
        let [a, b, c] = [pick(x), pick(x), pick(x)];
        let list: Vec<Var> = (0..9).map(|_| pick(x)).collect();
        let y = match random.below(16) {
            0 => a * b,
            1 => (a - b).sin(),
            2 => a / b,
            3 => a.max(b),
            4 => block([a, b, c], kind),
            5 => block([a, b, c, a], kind),
            6 => block::<5>(std::array::from_fn(|k| list[k]), kind),
            7 => block::<8>(std::array::from_fn(|k| list[k]), kind),
            8 => block::<20>(std::array::from_fn(|k| list[k % 9]), kind),
            9 => lists::sum(&list[..random.below(9) + 1]),
            10 => lists::dot(&list[..3], &list[3..6]),
            11 => a.mul_add(b, c),
            12 => tape.custom("custom", [a, b, c, a], |[a, b, c, d]| (a + c, [0.0, b, f64::INFINITY, d])),
            13 => tape.no_grad(|| a * b),
            14 if mark.is_none() => {
                mark = Some((tape.mark(), x.len()));
                continue;
            }
            14 => {
                let (mark, len) = mark.take().expect("a mark");
                tape.rewind(mark);
                x.truncate(len);
                continue;
            }
            _ => tape.var(random.uniform(-2.0, 2.0)),
        };
        x.push(y);
    }
}

fn bits(derivatives: impl IntoIterator<Item = f64>) -> Vec<u64> {
    derivatives.into_iter().map(|d| if d.is_nan() { f64::NAN.to_bits() } else { d.to_bits() }).collect()
}

#[test]
fn random_programs_have_the_same_gradients() {
    let mut nonzero = 0;
    for seed in 0..300 {
        let run = |tape: Tape| {
            tape.keep_lines(false);
            let mut random = Random(seed);
            let start = [random.uniform(-1.0, 1.0), 0.0, random.uniform(0.5, 2.0)];
            let mut x = tape.vars(start).to_vec();
            let mut all = Vec::new();
            for _ in 0..4 {
                grow(&tape, &mut random, &mut x, 25);
                let on_tape: Vec<Var> = x.iter().copied().filter(|x| !x.is_constant()).collect();
                let last = *on_tape.last().expect("variables");
                let gradient = last.backward();
                all.extend(bits(on_tape.iter().map(|&x| gradient[x])));
                // Seeds at nodes within, some of them zero.
                let seeds: Vec<(Var, f64)> =
                    (0..3).map(|k| (on_tape[random.below(on_tape.len())], [1.5, 0.0, -2.0][k])).collect();
                let gradient = tape.backward(&seeds);
                all.extend(bits(on_tape.iter().map(|&x| gradient.get(x).unwrap_or(0.0))));
                // More outputs than inputs, and the reverse.
                for (outputs, inputs) in [(1, 9), (9, 1), (9, 9), (3, 5), (5, 4), (9, 4)] {
                    let mut some = |n: usize| (0..n).map(|_| x[random.below(x.len())]).collect::<Vec<Var>>();
                    let (outputs, inputs) = (some(outputs), some(inputs));
                    all.extend(bits(tape.jacobian(&outputs, &inputs)));
                }
                all.push(tape.len() as u64);
            }
            all
        };
        let (plain, lean) = (run(Tape::new()), run(Tape::for_gradients()));
        assert_eq!(plain, lean, "seed {seed}");
        nonzero += plain.iter().filter(|&&bits| bits << 1 != 0).count();
    }
    assert!(nonzero > 10_000, "{nonzero}");
}

/// A panic in the middle of an operation leaves both kinds of tape as they were.
#[test]
fn a_panic_half_way_changes_nothing() {
    for tape in [Tape::new(), Tape::for_gradients()] {
        tape.keep_lines(false);
        let x = tape.vars([2.0, 3.0, 5.0]);
        let y = block([x[0], x[1], x[2], x[0], x[1]], 0);
        let expected = bits(y.backward().wrt(x));
        let _ = panic_of(|| preaccumulate(x, |[a, b, c]| if true { panic!("no") } else { a * b * c }));
        let _ = panic_of(|| tape.custom("c", x, |[a, _, _]| if true { panic!("no") } else { (a, [a; 3]) }));
        let _ = panic_of(|| {
            x.map(|x| {
                let _ = x * x;
                panic!("no")
            })
        });
        assert_eq!(tape.len(), 5);
        assert_eq!(bits(y.backward().wrt(x)), expected);
        assert_eq!((y * x[0]).backward()[y], 2.0);
    }
}

/// Operations on matrices, with seeds at some of their entries.
#[cfg(feature = "nalgebra")]
#[test]
fn matrices_among_long_rows() {
    use nalgebra::DMatrix;
    use tapegrad::matrix::{product, solve};
    let run = |tape: Tape| {
        tape.keep_lines(false);
        let x = tape.vars([4.0, 1.0, 0.5, 3.0]);
        let long = block([x[0], x[1], x[2], x[3], x[0]], 0);
        let a = DMatrix::from_row_slice(2, 2, &[long, x[1], x[2], x[3]]);
        let b = solve(&a, &product(&a, &DMatrix::from_row_slice(2, 2, &[x[3], long, x[1], Var::from(2.0)])));
        let after = block([b[0], b[1], b[2], b[3], long], 0);
        let c = product(&b, &a);
        let mut all = bits(after.backward().wrt(x));
        for k in 0..4 {
            all.extend(bits(c[k].backward().wrt(x)));
            all.extend(bits(tape.backward(&[(b[k], 2.0), (c[3 - k], -1.0)]).wrt(x)));
        }
        let outputs = [c[0], c[1], after, b[2], long, c[3], c[2], b[0], x[0]];
        for n in 1..=9 {
            all.extend(bits(tape.jacobian(&outputs[..n], &x[..1 + n % 4])));
        }
        all.push(tape.len() as u64);
        all
    };
    assert_eq!(run(Tape::new()), run(Tape::for_gradients()));
}
