//! The tests are tested: forms that differ in one respect only are told apart.

use crate::common::panic_of;
use crate::form::{Form, check};
use tapegrad::Real;

macro_rules! form {
    ($name:ident, $x:ident => $value:expr) => {
        struct $name;
        impl Form for $name {
            fn call<R: Real>($x: &[R]) -> R {
                $value
            }
        }
    };
}
form!(Right, x => x[0] * x[1] + x[0]);
form!(AnotherValue, x => x[0] * x[1] + x[0] + 1e-15);
form!(AnotherSlope, x => x[0] * x[1].stop_gradient() + x[0]);
form!(AnotherOrder, x => x[0] + x[0] * x[1]);
form!(AnotherOperation, x => x[0].mul_add(x[1], x[0] * 0.0) + x[0]);
form!(Opaque, x => R::constant(x[0].value() * x[1].value()) + x[0]);

#[test]
fn forms_that_differ_are_told_apart() {
    let at: &[&[f64]] = &[&[3.0, 0.5]];
    check::<Right, Right>(at);
    for wrong in [
        check::<Right, AnotherValue>,
        check::<Right, AnotherSlope>,
        check::<Right, AnotherOrder>,
        check::<Right, AnotherOperation>,
        check::<Right, Opaque>,
    ] {
        let _ = panic_of(|| wrong(at));
    }
}
