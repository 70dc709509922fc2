//! The contract of the kernels: within 2 units of the last place, special values exact, or declined; and never
//! declined where a table says so.

use super::{double, single};
use crate::table::special;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};
use std::path::PathBuf;

/// One kernel, over both types, and its reference.
struct Kernel {
    name: &'static str,
    arity: usize,
    double: fn(&[f64]) -> f64,
    single: fn(&[f32]) -> f32,
    /// The scalar function over `f64`.
    scalar: fn(&[f64]) -> f64,
    declines: Declines,
}

/// Where a kernel may decline: as text, and as a predicate of arguments that are not NaN, given the smallest normal
/// and the largest number of the type.
struct Declines {
    text: &'static str,
    may: fn(&[f64], Type) -> bool,
}

#[derive(Clone, Copy)]
struct Type {
    smallest: f64,
    largest: f64,
}

const DOUBLE: Type = Type { smallest: f64::MIN_POSITIVE, largest: f64::MAX };
const SINGLE: Type = Type { smallest: f32::MIN_POSITIVE as f64, largest: f32::MAX as f64 };

const NOWHERE: Declines = Declines { text: "nowhere", may: |_, _| false };
const BEYOND_1E9: Declines = Declines { text: "absolute value above 1e9", may: |x, _| x[0].abs() > 1e9 };
const UNLESS_NORMAL: Declines = Declines { text: "0, subnormal, infinite", may: |x, t| !is_normal(x[0], t) };

fn is_normal(x: f64, t: Type) -> bool {
    x >= t.smallest && x <= t.largest
}

macro_rules! kernel {
    ($name:ident($($x:ident),+), $scalar:expr, $declines:expr) => {
        Kernel {
            name: stringify!($name),
            arity: [$(stringify!($x)),+].len(),
            double: |x| { let &[$($x),+] = x else { panic!() }; double::$name($($x),+) },
            single: |x| { let &[$($x),+] = x else { panic!() }; single::$name($($x),+) },
            scalar: |x| { let &[$($x),+] = x else { panic!() }; $scalar($($x),+) },
            declines: $declines,
        }
    };
}

const KERNELS: &[Kernel] = &[
    kernel!(exp(x), f64::exp, NOWHERE),
    kernel!(exp2(x), f64::exp2, NOWHERE),
    kernel!(exp_m1(x), f64::exp_m1, NOWHERE),
    kernel!(ln(x), f64::ln, UNLESS_NORMAL),
    kernel!(
        ln_1p(x),
        f64::ln_1p,
        Declines { text: "-1, infinite", may: |x, _| x[0] == -1.0 || x[0].is_infinite() }
    ),
    kernel!(log2(x), f64::log2, UNLESS_NORMAL),
    kernel!(log10(x), f64::log10, UNLESS_NORMAL),
    kernel!(sin(x), f64::sin, BEYOND_1E9),
    kernel!(cos(x), f64::cos, BEYOND_1E9),
    kernel!(tan(x), f64::tan, BEYOND_1E9),
    kernel!(asin(x), f64::asin, NOWHERE),
    kernel!(acos(x), f64::acos, NOWHERE),
    kernel!(atan(x), f64::atan, NOWHERE),
    kernel!(
        atan2(y, x),
        f64::atan2,
        Declines {
            text: "infinite, both 0, results below 1e-289",
            may: |x, _| x[0].is_infinite()
                || x[1].is_infinite()
                || x[0] == 0.0 && x[1] == 0.0
                || x[0].atan2(x[1]).abs() < 1e-289
        }
    ),
    kernel!(sinh(x), f64::sinh, NOWHERE),
    kernel!(cosh(x), f64::cosh, NOWHERE),
    kernel!(tanh(x), f64::tanh, NOWHERE),
    kernel!(
        asinh(x),
        f64::asinh,
        Declines { text: "above half the largest", may: |x, t| x[0].abs() > t.largest / 2.0 }
    ),
    kernel!(
        acosh(x),
        f64::acosh,
        Declines { text: "above half the largest", may: |x, t| x[0].abs() > t.largest / 2.0 }
    ),
    kernel!(atanh(x), f64::atanh, Declines { text: "1, -1", may: |x, _| x[0].abs() == 1.0 }),
    kernel!(
        cbrt(x),
        f64::cbrt,
        Declines { text: "subnormal, infinite", may: |x, t| x[0] != 0.0 && !is_normal(x[0].abs(), t) }
    ),
    kernel!(
        hypot(a, b),
        f64::hypot,
        Declines { text: "infinite", may: |x, _| x[0].is_infinite() || x[1].is_infinite() }
    ),
    kernel!(
        powf(a, b),
        f64::powf,
        Declines {
            text: "base negative, 0, subnormal, infinite; exponent infinite",
            may: |x, t| !is_normal(x[0], t) || !x[1].is_finite()
        }
    ),
    kernel!(erf(x), special::erf, NOWHERE),
    kernel!(erfc(x), special::erfc, NOWHERE),
    kernel!(normal_cdf(x), special::normal_cdf, NOWHERE),
    kernel!(sigmoid(x), special::sigmoid, NOWHERE),
];

/// Kernels whose worst error is above 2 units, with that error. There are none.
const EXCEPTIONS: &[(&str, f64)] = &[];

const LIMIT: f64 = 2.0;

fn limit(name: &str) -> f64 {
    EXCEPTIONS.iter().find(|(exception, _)| *exception == name).map_or(LIMIT, |(_, limit)| *limit)
}

/// A worst error, and where it occurs.
#[derive(Default)]
struct Worst {
    ulps: f64,
    at: Vec<f64>,
}

impl Worst {
    fn update(&mut self, ulps: f64, at: &[f64]) {
        if ulps > self.ulps {
            *self = Worst { ulps, at: at.to_vec() };
        }
    }
}

/// The unit of the last place.
fn unit(x: f64) -> f64 {
    let size = x.abs().clamp(f64::MIN_POSITIVE, f64::MAX.next_down());
    size.next_up() - size
}

/// The distance of `y` from `near + rest` units, in units of the last place of `near`.
fn ulps(y: f64, near: f64, rest: f64) -> f64 {
    let error = ((y - near) / unit(near) - rest).abs();
    if y == near && rest == 0.0 {
        0.0
    } else if error.is_nan() {
        f64::INFINITY
    } else {
        error
    }
}

fn single_ulps(y: f32, exact: f64) -> f64 {
    let near = exact as f32;
    let size = near.abs().clamp(f32::MIN_POSITIVE, f32::MAX.next_down());
    let error = (f64::from(y) - exact).abs() / f64::from(size.next_up() - size);
    if y == near {
        error.min(0.5)
    } else if error.is_nan() {
        f64::INFINITY
    } else {
        error
    }
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Compares a value with the exact one, and checks that the kernel declines only where it may.
fn judge(kernel: &Kernel, worst: &mut Worst, args: &[f64], near: f64, rest: f64) {
    let y = (kernel.double)(args);
    if !y.is_nan() {
        worst.update(ulps(y, near, rest), args);
    } else if !(kernel.declines.may)(args, DOUBLE) {
        panic!("{} declines {args:?}, of which the value is {near}", kernel.name);
    }
}

/// With the 50-digit fixtures of the tests of the table.
fn judge_by_fixtures(kernel: &Kernel, worst: &mut Worst) {
    let text = std::fs::read_to_string(file("fixtures").join(kernel.name).with_extension("txt")).unwrap();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let numbers: Vec<f64> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
        let (args, exact) = numbers.split_at(kernel.arity);
        // Subnormal results are tested elsewhere.
        if exact[0] != 0.0 && exact[0].abs() < f64::MIN_POSITIVE {
            continue;
        }
        judge(kernel, worst, args, exact[0], exact[1] / unit(exact[0]));
    }
}

/// With the points that `tests/data/lanes.py` generated.
fn judge_by_points(kernel: &Kernel, worst: &mut Worst) {
    let bytes = std::fs::read(file("lanes").join(kernel.name).with_extension("bin")).unwrap();
    let size = 8 * kernel.arity + 9;
    assert_eq!(bytes.len() % size, 0);
    for record in bytes.chunks(size) {
        let numbers: Vec<f64> = record[..size - 1]
            .chunks(8)
            .map(|number| f64::from_le_bytes(number.try_into().unwrap()))
            .collect();
        let (args, near) = numbers.split_at(kernel.arity);
        judge(kernel, worst, args, near[0], f64::from(record[size - 1] as i8) / 254.0);
    }
}

/// The generator of Steele, Lea and Flood (2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number of any size, or below some limit.
    fn double(&mut self) -> f64 {
        let bits = self.next();
        let unit = (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
        match bits % 4 {
            0 => f64::from_bits(bits.rotate_right(2)),
            1 => unit * 1000.0,
            2 => unit * 10.0,
            _ => unit * 1.5,
        }
    }

    fn single(&mut self) -> f32 {
        let bits = self.next();
        let x = self.double() as f32;
        if bits.is_multiple_of(4) { f32::from_bits((bits >> 32) as u32) } else { x }
    }
}

const RANDOM_POINTS: usize = if cfg!(debug_assertions) { 50_000 } else { 1_000_000 };

/// Over `f32`, at random points, with the scalar function over `f64`.
fn judge_single(kernel: &Kernel, worst: &mut Worst) {
    let mut random = SplitMix(1);
    for _ in 0..RANDOM_POINTS {
        let args: Vec<f32> = (0..kernel.arity).map(|_| random.single()).collect();
        judge_single_at(kernel, worst, &args);
    }
}

fn judge_single_at(kernel: &Kernel, worst: &mut Worst, args: &[f32]) {
    let doubles: Vec<f64> = args.iter().copied().map(f64::from).collect();
    let exact = (kernel.scalar)(&doubles);
    let y = (kernel.single)(args);
    if !y.is_nan() {
        worst.update(single_ulps(y, exact), &doubles);
    } else if !exact.is_nan() && !(kernel.declines.may)(&doubles, SINGLE) {
        panic!("{} over f32 declines {args:?}, of which the value is {exact}", kernel.name);
    }
}

#[test]
fn errors_are_within_two_units() {
    let page = include_str!("../../../../docs/guide/batches.md");
    let mut failures = Vec::new();
    for kernel in KERNELS {
        let (mut worst, mut worst_single) = (Worst::default(), Worst::default());
        judge_by_fixtures(kernel, &mut worst);
        judge_by_points(kernel, &mut worst);
        judge_single(kernel, &mut worst_single);
        let (double, single) = (worst.ulps, worst_single.ulps);
        let row = format!("| `{}` | {double:.2} | {single:.2} | {} |", kernel.name, kernel.declines.text);
        println!("{row}");
        // The page has the figures of a release build, which tries more points.
        let start = format!("| `{}` |", kernel.name);
        let is_there = if cfg!(debug_assertions) { page.contains(&start) } else { page.contains(&row) };
        if !is_there {
            failures.push(format!("the page on batches lacks this row: {row}"));
        }
        for (worst, ty) in [(worst, "f64"), (worst_single, "f32")] {
            if worst.ulps > limit(kernel.name) {
                failures.push(format!("{} over {ty}: {} at {:?}", kernel.name, worst.ulps, worst.at));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// An accurate scalar function: near 1 the `acosh` of the standard library is wrong by many units in the last
/// place, and its other inverse hyperbolic functions are not much better.
fn accurate(kernel: &Kernel) -> fn(&[f64]) -> f64 {
    match kernel.name {
        "asinh" => |x| libm::asinh(x[0]),
        "acosh" => |x| libm::acosh(x[0]),
        "atanh" => |x| libm::atanh(x[0]),
        _ => kernel.scalar,
    }
}

/// The scalar functions are not an exact reference, but they are available at all points.
#[test]
fn random_points_agree_with_the_scalar_function() {
    let mut random = SplitMix(2);
    for kernel in KERNELS {
        let scalar = accurate(kernel);
        for _ in 0..RANDOM_POINTS {
            let args: Vec<f64> = (0..kernel.arity).map(|_| random.double()).collect();
            let (y, scalar) = ((kernel.double)(&args), scalar(&args));
            let context = || format!("{}({args:?}) is {y:e}, not {scalar:e}", kernel.name);
            if y.is_nan() {
                assert!(scalar.is_nan() || (kernel.declines.may)(&args, DOUBLE), "{}", context());
            } else {
                assert!(ulps(y, scalar, 0.0) <= 2.0 * LIMIT, "{}", context());
            }
        }
    }
}

/// Zeros, infinities, NaN, the limits of the type, and arguments whose values are integers or fractions of π.
fn special_numbers() -> Vec<f64> {
    let positive = [0.0, 5e-324, f64::MIN_POSITIVE, 1e-300, 1e-20, 0.5, 1.0, 2.0, 8.0, 1e9, 1e300, f64::MAX];
    let infinite = [f64::INFINITY, f64::NAN];
    positive.into_iter().chain(infinite).flat_map(|x| [x, -x]).collect()
}

/// Whether the bits of a value are guaranteed: the result is an integer, an argument, or a fraction of π.
fn is_special(value: f64, args: &[f64]) -> bool {
    let angles = [PI, FRAC_PI_2, FRAC_PI_4];
    let is_whole = value.fract() == 0.0 && value.abs() < 1e6;
    value.is_infinite() || is_whole || args.contains(&value) || angles.contains(&value.abs())
}

fn special_arguments(arity: usize) -> Vec<Vec<f64>> {
    let numbers = special_numbers();
    if arity == 1 {
        return numbers.into_iter().map(|x| vec![x]).collect();
    }
    numbers.iter().flat_map(|&x| numbers.iter().map(move |&y| vec![x, y])).collect()
}

#[test]
fn special_values_are_those_of_the_scalar_function_or_declined() {
    for kernel in KERNELS {
        for args in special_arguments(kernel.arity) {
            let (y, scalar) = ((kernel.double)(&args), (kernel.scalar)(&args));
            let context = format!("{}({args:?}) is {y:e}, not {scalar:e}", kernel.name);
            if y.is_nan() {
                assert!(scalar.is_nan() || (kernel.declines.may)(&args, DOUBLE), "{context}");
            } else if is_special(scalar, &args) {
                assert_eq!(y.to_bits(), scalar.to_bits(), "{context}");
            } else {
                assert!(ulps(y, scalar, 0.0) <= LIMIT, "{context}");
            }
        }
    }
}

#[test]
fn special_values_over_f32_are_rounded_ones_or_declined() {
    for kernel in KERNELS {
        for args in special_arguments(kernel.arity) {
            let singles: Vec<f32> = args.iter().map(|&x| x as f32).collect();
            let args: Vec<f64> = singles.iter().copied().map(f64::from).collect();
            let (y, scalar) = ((kernel.single)(&singles), (kernel.scalar)(&args));
            let context = format!("{} over f32 ({args:?}) is {y:e}, not {scalar:e}", kernel.name);
            if y.is_nan() {
                assert!(scalar.is_nan() || (kernel.declines.may)(&args, SINGLE), "{context}");
            } else if is_special(scalar, &args) {
                assert_eq!(y.to_bits(), (scalar as f32).to_bits(), "{context}");
            } else {
                assert!(single_ulps(y, scalar) <= LIMIT, "{context}");
            }
        }
    }
}
