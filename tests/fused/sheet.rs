//! Code of many kinds: what the attribute does not know by its words, it leaves to the types.

use crate::form::{Form, both_forms};
use std::f64::consts::PI;
use std::ops::{Add, Mul, Neg, Sub};
use tapegrad::{Real, lists};

const SCALE: f64 = 1.25;
static SHIFT: f64 = -0.75;

/// A point in the plane, as a user would write it: its operators are not ours.
#[derive(Clone, Copy)]
struct Point<R> {
    x: R,
    y: R,
}

impl<R: Real> Point<R> {
    fn dot(self, other: Self) -> R {
        self.x * other.x + self.y * other.y
    }

    /// Has the name of a function of the table.
    fn abs(self) -> R {
        self.x.hypot(self.y)
    }

    fn max(self, other: Self) -> Self {
        if self.x > other.x { self } else { other }
    }
}

impl<R: Real> Add for Point<R> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Point { x: self.x + other.x, y: self.y + other.y }
    }
}

impl<R: Real> Sub for Point<R> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Point { x: self.x - other.x, y: self.y - other.y }
    }
}

impl<R: Real> Mul<R> for Point<R> {
    type Output = Self;
    fn mul(self, by: R) -> Self {
        Point { x: self.x * by, y: self.y * by }
    }
}

impl<R: Real> Neg for Point<R> {
    type Output = Self;
    fn neg(self) -> Self {
        Point { x: -self.x, y: -self.y }
    }
}

/// Not `Copy`: its operators take it by value.
#[derive(Clone)]
struct Series<R>(Vec<R>);

impl<R: Real> Series<R> {
    fn total(&self) -> R {
        self.0.iter().copied().sum()
    }

    /// Has the name of a function of the table, and takes itself by reference.
    fn recip(&self) -> Series<R> {
        Series(self.0.iter().map(|x| x.recip()).collect())
    }
}

impl<R: Real> Series<R> {
    /// Has the name of a function of the table, and takes a closure.
    fn log(&self, f: impl Fn(R) -> R) -> R {
        f(self.0[0])
    }

    /// Has the name of a function of the table, and changes itself.
    fn exp(&mut self) -> R {
        self.0[0] += 1.0;
        self.0[0]
    }
}

impl<R: Real> Add for Series<R> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Series(self.0.iter().zip(&other.0).map(|(a, b)| *a + *b).collect())
    }
}

impl<R: Real> Mul<R> for Series<R> {
    type Output = Self;
    fn mul(self, by: R) -> Self {
        Series(self.0.iter().map(|a| *a * by).collect())
    }
}

/// Another type of operand than `R`.
fn between<R: Real + Sub<F, Output = R> + Mul<F, Output = R>, F: Copy>(x: R, at: F, scale: F) -> R {
    (x * x - at) * scale + x
}

#[tapegrad::fused]
fn fused_between<R: Real + Sub<F, Output = R> + Mul<F, Output = R>, F: Copy>(x: R, at: F, scale: F) -> R {
    (x * x - at) * scale + x
}

fn root<R: Real>(x: R) -> Option<R> {
    (x >= 0.0).then(|| x.sqrt())
}

both_forms! {
    fn arithmetic(x) at [[0.3, -1.2, 2.5], [4.0, 0.1, -3.0]] {
        (x[0] * x[1] + x[2]) / (x[0] - x[1] * 2.0) % 3.0 - -x[2]
    }
    fn negations(x) at [[0.3, -1.2, 2.5]] {
        -(-x[0] * x[1]) - (-(x[2]))
    }
    fn functions(x) at [[0.3, -0.2, 0.5]] {
        x[0].sin() * x[1].exp() + (x[2] * x[0]).tanh() - x[1].powi(3) + x[2].powf(2.5) + x[0].atan2(x[2])
    }
    fn three_operands(x) at [[0.3, -1.2, 2.5]] {
        x[0].mul_add(x[1], x[2]) * x[0].clamp(-1.0, 1.0) + x[1]
    }
    fn kinks(x) at [[0.3, -1.2, 2.5], [-0.3, 1.2, -2.5]] {
        x[0].relu() * x[1].abs() + x[2].max(x[0]) - x[1].min(0.25) + x[2].leaky_relu(0.1) * x[0].signum()
    }
    fn flat(x) at [[0.3, -1.2, 2.5]] {
        x[0].floor() * x[1] + x[2].round() - x[0] * 0.5
    }
    fn select(x) at [[0.3, -1.2, 2.5], [0.0, 1.0, 2.0]] {
        x[0].select(x[1] * 2.0, x[2] / x[0]) + x[1] * x[2]
    }
    fn stopped(x) at [[0.3, -1.2, 2.5]] {
        x[0].stop_gradient() * x[1] + x[2]
    }
    fn shadowing(x) at [[0.3, -1.2, 2.5]] {
        let y = x[0] * x[1] + 1.0;
        let y = y * y - x[2];
        {
            let y = y / 2.0 + x[0];
            let x = y * y + 1.0;
            x * y - 0.5
        }
    }
    fn early_return(x) at [[0.3, -1.2, 2.5], [1.3, 0.2, 0.5]] {
        let y = x[0] * x[1] + x[2];
        if y > 0.0 {
            return y * y + x[0];
        }
        y * 3.0 - x[1]
    }
    fn question_mark(x) at [[0.3, 1.2, 2.5], [0.3, -1.2, 2.5]] {
        fn inner<R: Real>(x: &[R]) -> Option<R> {
            Some(root(x[0])? * root(x[1])? + x[2])
        }
        inner(x).unwrap_or(x[0] * x[2] + 1.0)
    }
    fn question_mark_in_a_statement(x) at [[0.3, 1.2, 2.5], [0.3, -1.2, 2.5]] {
        let inner = || Some(root(x[0])? * root(x[1])? + x[2] * 2.0);
        inner().unwrap_or(x[0])
    }
    fn loops_and_indices(x) at [[0.3, -1.2, 2.5]] {
        let mut sum = R::constant(0.5);
        let n = x.len();
        for i in 0..2 * n - 1 {
            let k = (i * 2 + 1) % n;
            sum += x[k] * x[(i + 1) % n] - x[(k * 2 + i) % n] * (i * 3 + k) as f64;
        }
        sum
    }
    fn while_and_break(x) at [[0.3, 1.2, 2.5]] {
        let (mut y, mut steps) = (x[0], 0usize);
        while y < 20.0 {
            y = y * x[1] + x[2];
            steps = steps * 1 + 1;
            if steps + 2 * steps > 30 { break; }
            if steps % 3 == 2 { continue; }
            y -= x[0] * 0.125;
        }
        y * x[0] + steps as f64
    }
    fn matches(x) at [[0.3, -1.2, 2.5], [3.3, -1.2, 2.5]] {
        let y = x[0] * x[1] - 1.0;
        match (y < -2.0, x.len()) {
            (true, 3) => y * y + x[2],
            (false, n) if n * 2 + 1 == 7 => (y + x[2] * 2.0).exp() * x[0],
            _ => y,
        }
    }
    fn if_as_an_operand(x) at [[0.3, -1.2, 2.5], [-0.3, -1.2, 2.5]] {
        (if x[0] > 0.0 { x[1] * x[2] + 1.0 } else { x[2] }) * x[0] + x[1]
    }
    fn block_as_an_operand(x) at [[0.3, -1.2, 2.5]] {
        x[0] * { let t = x[1] + x[2] * 2.0; t * t + 1.0 } + x[1]
    }
    fn sums(x) at [[0.3, -1.2, 2.5]] {
        x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
    }
    fn sums_of_references(x) at [[0.3, -1.2, 2.5]] {
        x.iter().zip(x).map(|(a, &b)| *a * b).sum::<R>() + x[0] * 2.0
    }
    fn sums_of_blocks(x) at [[0.3, -1.2, 2.5]] {
        x.iter().map(|&a| { let b = a * 2.0 + 1.0; b * b - a }).sum::<R>() * 0.5
    }
    fn sums_of_sums(x) at [[0.3, -1.2, 2.5]] {
        x.iter().map(|&a| x.iter().map(|&b| a * b + 1.0).sum::<R>() * a).sum()
    }
    fn sums_of_integers(x) at [[0.3, -1.2, 2.5]] {
        let n: usize = (0..4).map(|k| k * 2 + 1).sum();
        let m = [1.5f64, 2.5].iter().map(|a| a * 2.0 + 1.0).sum::<f64>();
        x[0] * n as f64 + m
    }
    fn sums_of_moved_items(x) at [[0.3, -1.2, 2.5]] {
        vec![x[0], x[1]].into_iter().map(move |a| a * x[2] + a).sum()
    }
    fn empty_sums(x) at [[0.3, -1.2, 2.5]] {
        x[..0].iter().map(|&a| a * a).sum::<R>() + x[0] * x[1]
    }
    fn sums_with_kinks(x) at [[0.3, -1.2, 2.5]] {
        x.iter().map(|&a| a.relu() * x[1]).sum()
    }
    fn sums_and_one(x) at [[0.3, -1.2, 2.5]] {
        x.iter().map(|&a| a * a + 0.5).sum::<R>() + x[1]
    }
    fn sums_and_a_reference(x) at [[0.3, -1.2, 2.5]] {
        let (bias, weights) = x.split_last().expect("a bias");
        weights.iter().zip(x).map(|(&w, &x)| w * x).sum::<R>() + *bias
    }
    fn empty_sums_and_one(x) at [[0.3, -1.2, 2.5]] {
        x[..0].iter().map(|&a| a * a).sum::<R>() + x[0]
    }
    fn sums_and_plain_numbers(x) at [[0.3, -1.2, 2.5]] {
        let (k, n) = (0.5, 3);
        let m: usize = (0..4).map(|k| k * 2 + 1).sum::<usize>() + n;
        let f = [1.5f64, 2.5].iter().map(|a| a * 2.0 + 1.0).sum::<f64>() + SCALE;
        let s = x.iter().map(|&a| a * f).sum::<R>() + k;
        x.iter().map(|&a| a * s + m as f64).sum::<R>() + SHIFT
    }
    fn sums_and_a_name_that_they_change(x) at [[0.3, -1.2, 2.5]] {
        let mut n = x[0];
        x.iter().map(|&a| { n += a; a * n }).sum::<R>() + n
    }
    fn sums_and_names_like_ours(x) at [[0.3, -1.2, 2.5]] {
        let (sum, items, value) = (x[0], x[1], x[2]);
        let first = x.iter().map(|&a| a * items).sum::<R>() + sum;
        let second = x.iter().map(|&a| a * value).sum::<R>() + items;
        let third = [1.0, 2.0].iter().map(|a: &f64| a * 2.0).sum::<f64>() + SCALE;
        first * second + third
    }
    fn long_sums_and_one(x) at [[0.3, -1.2, 2.5]] {
        (0..150).flat_map(|_| x).map(|&a| (a - 0.5).relu() * x[0] + a).sum::<R>() + x[1]
    }
    fn sums_and_one_within_sums(x) at [[0.3, -1.2, 2.5]] {
        let inside = |a: R| x.iter().map(|&b| b * a).sum::<R>() + a;
        x.iter().map(|&a| { let s = inside(a); s * s + x.iter().map(|&b| a * b).sum::<R>() + a }).sum::<R>() + x[2]
    }
    fn folds(x) at [[0.3, -1.2, 2.5]] {
        x.iter().fold(R::constant(1.0), |product, &a| product * a + 0.5)
    }
    fn chains(x) at [[0.3, -1.2, 2.5]] {
        let squares: Vec<R> = x.iter().map(|a| *a * *a + 1.0).filter(|a| *a > 1.5).collect();
        squares.iter().rev().enumerate().map(|(k, a)| *a * (k * 2 + 1) as f64 - 0.5).sum()
    }
    fn references(x) at [[0.3, -1.2, 2.5]] {
        let (a, b) = (&x[0], &x[1]);
        let product = *a * *b + x[2];
        let by_reference = a.sin() + b.cos() * *a;
        product * by_reference - a.powi(2)
    }
    fn mutable_references(x) at [[0.3, -1.2, 2.5]] {
        let mut values = x.to_vec();
        for (k, y) in values.iter_mut().enumerate() {
            *y += x[k] * x[0];
            *y *= *y + 1.0;
        }
        let last = &mut values[2];
        *last = last.sin() + *last * 2.0;
        values[0] - values[1] * values[2]
    }
    fn assignments(x) at [[0.3, -1.2, 2.5]] {
        let mut y = x[0];
        y += x[1] * x[2];
        y -= y * 0.5;
        y *= x[0] + 2.0;
        y /= x[2] * 2.0;
        y %= x[2] + 10.0;
        y += 1.0;
        y
    }
    fn assignments_to_places(x) at [[0.3, -1.2, 2.5]] {
        let mut p = Point { x: x[0], y: x[1] };
        let mut list = [x[0], x[1]];
        let k = 1;
        p.x += p.y * x[2];
        list[k] -= list[k - 1] * x[2] + 1.0;
        list[1 - k] *= list[k] + p.x;
        p.x + list[0] * list[1]
    }
    fn assignments_of_integers(x) at [[0.3, -1.2, 2.5]] {
        let (mut n, mut f) = (3usize, 0.5f64);
        n += n * 2;
        n -= 1 + n / 4;
        f += f * 3.0 + 1.0;
        x[0] * f + n as f64 * 2.0
    }
    fn tuples(x) at [[0.3, -1.2, 2.5]] {
        let (a, b) = (x[0] * x[1] + 1.0, x[2] - x[0] * 2.0);
        let pair = (a * b - 1.0, [a + b * 2.0, b]);
        pair.0 * pair.1[0] + pair.1[1]
    }
    fn structs(x) at [[0.3, -1.2, 2.5]] {
        let (p, q) = (Point { x: x[0], y: x[1] * 2.0 + 1.0 }, Point { x: x[1], y: x[2] });
        let r = (p + q) * x[0] - -q;
        r.x * r.y + p.dot(q) * 2.0
    }
    fn methods_with_our_names(x) at [[0.3, -1.2, 2.5]] {
        let (p, q) = (Point { x: x[0], y: x[1] }, Point { x: x[1], y: x[2] });
        let largest = (p + q).max(q);
        largest.abs() * x[0] + p.max(q).abs()
    }
    fn moved_operands(x) at [[0.3, -1.2, 2.5]] {
        let (a, b) = (Series(x.to_vec()), Series(vec![x[2]; 3]));
        let kept = a.clone();
        let sum = a + b + Series(vec![x[0]; 3]) * x[1];
        (sum + kept).total() * x[0] + 1.0
    }
    fn borrowed_receivers(x) at [[0.3, -1.2, 2.5]] {
        let a = Series(x.to_vec());
        let inverse = a.recip() + a.recip();
        inverse.total() * a.total() + x[0]
    }
    fn strings(x) at [[0.3, -1.2, 2.5]] {
        let name = String::from("a");
        let text = name + "b" + &"c".repeat(2 + x.len() * 2);
        x[0] * text.len() as f64 + x[1]
    }
    fn closures(x) at [[0.3, -1.2, 2.5]] {
        let by = x[2];
        let f = |a: R, b: R| a * b + by;
        let g = move |a: R| (a * by - 1.0).sin();
        f(g(x[0]), x[1]) * g(x[1]) + f(x[0], x[0])
    }
    fn constants(x) at [[0.3, -1.2, 2.5]] {
        const LOCAL: f64 = 0.1;
        let k = SCALE * 2.0 + SHIFT;
        let by_reference = &k;
        (x[0] * SCALE + SHIFT) * LOCAL + x[1] * k - x[2] * *by_reference + PI
    }
    fn literals(x) at [[0.3, -1.2, 2.5]] {
        x[0] * 1e-3 + x[1] * 2. - x[2] * 1_000.5f64 + -0.5 + x[0].max(-0.25)
    }
    fn plain_numbers_alone(x) at [[0.3, -1.2, 2.5]] {
        let n = 7i32;
        let f = 2.5f64;
        let y = f.sqrt() * 3.0 + f.powi(n - 5) + (n * 2 + 1) as f64;
        let single = 1.5f32;
        x[0] * y + (single * 2.0 + 1.0) as f64
    }
    fn integers_as_exponents(x) at [[0.3, -1.2, 2.5]] {
        let n = x.len() as i32;
        x[0].powi(n) * x[1].powi(n * 2 - 5) + x[2].powi(-1)
    }
    fn the_same_operand_twice(x) at [[0.3, -1.2, 2.5]] {
        let y = x[0];
        y * y * y + y.sin() / y - (y)
    }
    fn calls_as_operands(x) at [[0.3, -1.2, 2.5]] {
        let helper = |a: R| a + 1.0;
        helper(x[0]) * helper(x[1]) + Point { x: x[0], y: x[2] }.dot(Point { x: x[1], y: x[1] }) * 2.0
    }
    fn calls_that_change_operands(x) at [[0.3, -1.2, 2.5]] {
        fn next<R: Real>(y: &mut R) -> R {
            *y += 1.0;
            *y
        }
        fn count(n: &mut usize) -> usize {
            *n += 1;
            *n
        }
        let (mut y, mut n) = (x[0], 2usize);
        let z = y * next(&mut y) + y * x[1];
        let k = n * count(&mut n) + n;
        z * k as f64 + y
    }
    fn temporaries(x) at [[0.3, -1.2, 2.5]] {
        let first = |list: &[R]| list[0];
        first(&[x[0] * 2.0 + 1.0, x[1]]) * x[2] + *vec![x[1]].first().unwrap() * x[0]
    }
    fn lists_and_masks(x) at [[0.3, -1.2, 2.5]] {
        let y = lists::dot(x, x) * 0.5 + lists::log_sum_exp(x);
        y * tapegrad::masks::lt(x[0], x[1]).select(x[2] * 2.0 + 1.0, x[0] - x[1] * 3.0)
    }
    fn sine_and_cosine(x) at [[0.3, -1.2, 2.5]] {
        let (sin, cos) = (x[0] * x[1] + 1.0).sin_cos();
        sin * x[2] + cos.copysign(x[1]) * 2.0
    }
    fn comparisons(x) at [[0.3, -1.2, 2.5]] {
        let a = x[0] * x[1] + 1.0 < x[2] - x[0] * 2.0;
        let b = x.len() * 2 + 1 > 6 && !(x[0] * 2.0 + 1.0).is_nan();
        if a && b { x[0] * 2.0 + x[1] } else { x[2] }
    }
    fn nested_functions(x) at [[0.3, -1.2, 2.5]] {
        fn inner<R: Real>(a: R, b: R) -> R {
            a * b + 1.0
        }
        inner(x[0] * 2.0 + 1.0, x[1]) * x[2] + inner(x[1], x[0])
    }
    fn another_type_of_operand(x) at [[0.3, -1.2, 2.5]] {
        fused_between(x[0], 0.5, 2.0) + between(x[1], x[2], x[0]) * 2.0
    }
    fn casts_and_ranges(x) at [[0.3, -1.2, 2.5]] {
        let n = (x.len() * 2 + 1) as f64 * 0.5;
        let part = &x[x.len() - 2 - 1..x.len() * 1 - 0];
        let copies = [x[0] * 2.0 + 1.0; 2 + 1 * 2];
        part[0] * n + copies[3]
    }
    fn labelled_loops(x) at [[0.3, -1.2, 2.5]] {
        let mut y = x[0];
        let found = 'outer: loop {
            for k in 0..10 {
                y = y * x[1] + x[2] * k as f64;
                if k * 3 + 1 > 9 { break 'outer y * 2.0 + 1.0; }
            }
        };
        found - y * 0.5
    }
    fn let_else(x) at [[0.3, -1.2, 2.5]] {
        let Some(y) = x.first().map(|a| *a * 2.0 + 1.0) else { return x[1] };
        if let [a, .., b] = x && x.len() * 2 - 1 > 3 {
            return *a * *b + y;
        }
        y
    }
    fn iterators_as_receivers(x) at [[0.3, -1.2, 2.5]] {
        let n = x.iter().map(|_| 2usize).max().unwrap() * 3 + 1;
        let m = n.min(4) * 2 + n.max(3);
        x[0] * m as f64 + x[1].max(x[2])
    }
    fn boxes(x) at [[0.3, -1.2, 2.5]] {
        let a = Box::new(x[0]);
        let b = std::rc::Rc::new(x[1]);
        *a * *b + a.sin() * b.cos()
    }
    fn macros_that_change_operands(x) at [[0.5, -1.25, 2.5]] {
        let (mut y, mut z) = (x[0], x[1]);
        macro_rules! next {
            ($value:expr) => {{ y += $value; y }};
        }
        let w = y * next!(1.0) + y * next!(z) - y;
        z += next!(2.0) * x[2] + 1.0;
        w * z + y
    }
    fn receivers_beside_their_methods(x) at [[0.3, -1.2, 2.5]] {
        let a = Series(x.to_vec());
        let b = a.recip() + a.recip() * a.clone().0[1];
        let mut c = a.clone();
        b.total() + c.exp() * x[0] - c.exp() * x[1]
    }
    fn receivers_within_something(x) at [[0.3, -1.2, 2.5]] {
        let cell = std::cell::RefCell::new(vec![Series(x.to_vec())]);
        let list = [Series(vec![x[1]]), Series(vec![x[2]])];
        let k = 1u8;
        let sum = cell.borrow()[0].recip() + list[k as usize].recip() + list[list.len() - 1].recip();
        let rest = std::cell::RefCell::new(x.to_vec());
        sum.total() * rest.borrow()[0].sin() + rest.borrow()[usize::from(k)].cos() * x[k as usize].sin()
    }
    fn closures_as_arguments(x) at [[0.3, -1.2, 2.5]] {
        Series(x.to_vec()).log(|a| a.sin() * 2.0 + 1.0) * x[1] + x[2]
    }
    fn closures_without_types(x) at [[0.3, -1.2, 2.5]] {
        let by = x[2];
        let f = |a, b| a * b + by;
        f(x[0], x[1]) * 2.0 + f(x[1], x[2])
    }
    fn sums_that_capture(x) at [[0.3, -1.2, 2.5]] {
        let w = x.to_vec();
        let inner = x.iter().map(move |&a| a * w[0] + w[1]).sum::<R>();
        let mut n = 0;
        let counted: R = x.iter().map(|&a| { n += 1; a * n as f64 + 1.0 }).sum();
        inner * counted + n as f64
    }
    fn inferred_types(x) at [[0.3, -1.2, 2.5]] {
        let half = 0.5;
        let single: f32 = half * 2.0 + 1.0;
        let quarter = 0.25;
        let other = single * quarter + 1.0;
        let n = 3u64.max("5".parse().unwrap()) * 2 + 1;
        let terms: f32 = [single, other].iter().map(|a| a * half + 1.0).sum();
        x[0] * other as f64 + x[1].max(2.0) * n as f64 - terms as f64
    }
    fn large_integers(x) at [[0.3, -1.2, 2.5]] {
        let n = (x.len() as u64).max(3_000_000_000) - 2_999_999_999;
        let m = (x.len() as i64).min(-3_000_000_000) + 3_000_000_000 + 2;
        x[0] * n as f64 + x[1] * m as f64
    }
    fn generic_arguments(x) at [[0.3, -1.2, 2.5]] {
        const HALF: usize = 1;
        let (pairs, _) = x.as_chunks::<{ HALF * 2 + 0 }>();
        pairs[0][0] * pairs[0][1] + x[2]
    }
    fn names_like_ours(x) at [[0.3, -1.2, 2.5]] {
        let [mut value, items] = [x[0], x[1]];
        let (operand0, leaf0) = (x[2], x[1]);
        value += operand0 * leaf0 + items;
        let sum: R = [value, items].iter().map(|value| *value * operand0).sum();
        sum * leaf0 + value
    }
    fn taken_operands(x) at [[0.3, -1.2, 2.5]] {
        let mut list = x.to_vec();
        let mut rest = x.iter();
        let y = std::mem::take(&mut list[0]) * 2.0 + list[0] * x[1] + *rest.next().unwrap() * *rest.next().unwrap();
        let mut k = 0;
        y * x[{ k += 1; k }] - x[{ k += 1; k }] * k as f64
    }
    fn assignments_with_effects(x) at [[0.3, -1.2, 2.5]] {
        let (mut n, mut list) = (0, x.to_vec());
        let mut next = || { n += 1; n };
        list[next()] += x[0] * x[1];
        list[next()] *= x[0] + x[1] * 2.0;
        list[0] * list[1] + list[2] * n as f64
    }
    fn leaving_from_within(x) at [[0.3, -1.2, 2.5], [1.3, 0.2, 0.5]] {
        'a: {
            let y = x[0] * if x[0] > 1.0 { break 'a x[1] * x[2] + 1.0 } else { x[1] } + 2.0;
            y * y - match x.len() { 3 => x[2], _ => return y * y + 1.0 } * 0.5
        }
    }
    fn mutable_parameters(x) at [[0.3, -1.2, 2.5]] {
        fn same<R: Real>(x: R) -> R { x }
        let mut y = x[0];
        {
            let y = &mut y;
            *y += x[1] * *y;
            *y = y.sin() * same(*y) + y.cos();
        }
        y * x[2] + 1.0
    }
    fn a_constant_result(x) at [[0.3, -1.2, 2.5]] {
        let one = R::constant(1.0);
        let zero = one * 2.0 - (one + one);
        if x[0] > 100.0 { zero } else { one * 3.0 + zero }
    }
    fn many_operands(x) at [[0.3, -1.2, 2.5, 1.5, 0.7, 0.2, -0.4, 1.1, 0.9, 2.1, -2.2, 0.6, 0.8, 1.7, 3.3, 0.25, 0.35, 0.45]] {
        x[0] * x[1] + x[2] * x[3] - x[4] * x[5] + x[6] * x[7] - x[8] * x[9] + x[10] * x[11] + x[12] * x[13]
            - x[14] * x[15] + x[16] * x[17]
    }
}

/// Two variables may have one name, if a macro wrote one of them.
macro_rules! with_a_name_of_its_own {
    ($(#[$fused:meta])? $name:ident $x:ident) => {
        $(#[$fused])?
        fn $name<R: Real>($x: R, y: R) -> R {
            let mut x = $x * 2.0;
            let z = $x * x + y * x;
            x += $x * y;
            z * x + $x
        }
    };
}
with_a_name_of_its_own! { two_names x }
with_a_name_of_its_own! { #[tapegrad::fused] two_names_fused x }

#[test]
fn variables_of_one_name() {
    assert_eq!(two_names_fused(3.0, 5.0), two_names(3.0, 5.0));
    assert_eq!(two_names(3.0, 5.0), (18.0 + 30.0) * 21.0 + 3.0);
}
