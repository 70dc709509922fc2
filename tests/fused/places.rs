//! Where the attribute may stand, and the expression form.

use crate::common::panic_of;
use tapegrad::{Real, Tape, Var, fuse, fused, gradient};

struct Spring {
    stiffness: f64,
    at: f64,
}

impl Spring {
    #[fused]
    fn energy<R: Real>(&self, x: R) -> R {
        (x - self.at) * (x - self.at) * self.stiffness * 0.5
    }

    /// Documented and inlined.
    #[fused]
    #[inline(always)]
    #[must_use]
    pub fn force<R: Real>(&self, x: R) -> R {
        -(x - self.at) * self.stiffness
    }
}

trait Model {
    fn loss<R: Real>(&self, x: &[R]) -> R;

    #[fused]
    fn regular<R: Real>(&self, x: &[R]) -> R {
        self.loss(x) + x.iter().map(|&x| x * x).sum::<R>() * 0.5
    }
}

#[fused]
impl Model for Spring {
    fn loss<R: Real>(&self, x: &[R]) -> R {
        let (a, b) = (x[0] * 2.0 + 1.0, x[1] * x[0] - 1.0);
        self.energy(a) * b + a
    }
}

#[fused]
impl Spring {
    const HALF: f64 = 0.5;

    const fn doubled(by: f64) -> f64 {
        by * 2.0 + 0.0
    }

    fn pull<R: Real>(&self, x: R) -> R {
        x * Self::HALF + x * Self::doubled(self.at)
    }
}

#[fused]
fn captured(shift: f64) -> impl Fn(Var) -> Var {
    move |x| x * x + shift
}

#[fused]
async fn later<R: Real>(x: R) -> R {
    x * x + 1.0
}

#[fused]
fn with_bounds<R>(x: &[R]) -> &R
where
    R: Real,
{
    if x[0] * 2.0 + 1.0 > x[1] { &x[0] } else { &x[1] }
}

fn nodes(f: impl FnOnce(&[Var]) -> Var) -> usize {
    let tape = Tape::new();
    let x = tape.vars(&vec![0.5, 0.75]);
    let _ = f(&x);
    tape.len() - 2
}

#[test]
fn methods_implementations_and_defaults() {
    let spring = Spring { stiffness: 3.0, at: 0.25 };
    assert_eq!(nodes(|x| spring.energy(x[0])), 1);
    assert_eq!(nodes(|x| spring.force(x[0])), 1);
    assert_eq!(nodes(|x| spring.loss(x)), 4);
    // The sum, the rest, and what `loss` does.
    assert_eq!(nodes(|x| spring.regular(x)), 4 + 2);
    assert_eq!(nodes(|x| spring.pull(x[1])), 1);
    assert_eq!(nodes(|x| captured(0.5)(x[0])), 1);
    assert_eq!(spring.pull(1.0), 0.5 + 0.5);
    assert_eq!(with_bounds(&[1.0, 2.0]), &1.0);
    drop(later(1.0));
    let plain = |x: f64| (x - 0.25) * (x - 0.25) * 1.5;
    let slope = gradient(|[x]: [Var; 1]| spring.energy(x), [2.0])[0];
    assert!((slope - (plain(2.0 + 1e-6) - plain(2.0 - 1e-6)) / 2e-6).abs() < 1e-6);
}

#[test]
fn mutable_references_as_receivers() {
    #[fused]
    fn wave<R: Real>(x: &mut R) -> R {
        x.sin() * 2.0 + 1.0
    }
    assert_eq!(nodes(|x| wave(&mut { x[0] })), 1);
}

/// A place behind a pointer may be changed under another name.
#[test]
#[allow(unsafe_code)]
fn places_with_two_names() {
    fn next(at: *mut f64) -> f64 {
        // SAFETY: the pointer is that of a variable which is alive.
        unsafe {
            *at += 1.0;
            *at
        }
    }
    #[fused]
    fn twice(at: *mut f64, same: *mut f64) -> f64 {
        // SAFETY: as above.
        unsafe { *at * next(same) + *at }
    }
    let mut x = 1.0;
    let at = &raw mut x;
    assert_eq!(twice(at, at), 1.0 * 2.0 + 2.0);
}

/// What is none of ours panics at the line of the user.
#[test]
fn panics_of_other_types_are_at_their_line() {
    #[fused]
    fn quotient(mut a: usize, b: usize, c: usize) -> usize {
        a += a * 2 / b;
        a / c + a
    }
    let line = line!() - 2;
    for (b, c, line) in [(1, 0, line), (0, 1, line - 1)] {
        let panic = panic_of(|| quotient(3, b, c));
        assert_eq!((panic.line, panic.file.as_str()), (line, file!()));
    }
}

#[test]
fn expressions_and_closures() {
    let f = fuse!(|x: Var, y: Var| x * y + x.sin());
    assert_eq!(nodes(|x| f(x[0], x[1])), 1);
    // Plain numbers may stand on the left of variables, as without the macro.
    assert_eq!(nodes(|x| fuse!(2.0 * x[0] + 1.0 / x[1])), 1);
    assert_eq!(nodes(|x| fuse!(x[0])), 0);
    assert_eq!(fuse!(2 * 3 + 1), 7);
    assert_eq!(
        gradient(
            fuse!(|[x]: [Var; 1]| {
                let y = x * x + 1.0;
                y * y - x
            }),
            [2.0]
        ),
        [39.0]
    );
}
