//! The engines, each used as its documentation says, and with reused memory where possible.

use crate::tasks::{Scalar, Task};

/// Writes the gradient of a task.
pub type Engine = Box<dyn FnMut(&Task, &mut [f64])>;

/// All engines that are compiled in.
pub fn all() -> Vec<(&'static str, Engine)> {
    vec![
        ("echidna", Box::new(echidna)),
        ("reverse", reverse()),
        ("aad", Box::new(aad)),
        ("easy-ml", easy_ml()),
        #[cfg(feature = "xad-rs")]
        ("xad-rs", xad_rs()),
        #[cfg(feature = "rustquant")]
        ("RustQuant", rustquant()),
    ]
}

/// `impl Scalar`: the functions by path, taking `self` by value or by reference.
macro_rules! scalar {
    ([$($g:tt)*] $T:ty, { $($path:tt)* }, |$x:ident| $relu:expr) => {
        impl<$($g)*> Scalar for $T {
            scalar! { @methods { $($path)* } sin exp ln sqrt }
            #[inline]
            fn relu(self) -> Self {
                let $x = self;
                $relu
            }
        }
    };
    (@methods $path:tt $($method:ident)*) => { $( scalar! { @method $path $method } )* };
    (@method { & $($path:tt)* } $method:ident) => {
        #[inline]
        fn $method(self) -> Self {
            $($path)*::$method(&self)
        }
    };
    (@method { $($path:tt)* } $method:ident) => {
        #[inline]
        fn $method(self) -> Self {
            $($path)*::$method(self)
        }
    };
}

// Without a rectifier, one branches, as micrograd does.

scalar!([] echidna::Reverse<f64>, { num_traits::Float }, |x| {
    if echidna::Scalar::value(&x) > 0.0 { x } else { echidna::Reverse::constant(0.0) }
});

fn echidna(task: &Task, gradient: &mut [f64]) {
    // The tape comes from a pool.
    gradient.copy_from_slice(&echidna::grad(|x| task.evaluate(x), &task.x));
}

scalar!(['a] reverse::Var<'a>, { &reverse::Var }, |x| if x.val() > 0.0 { x } else { x * 0.0 });

fn reverse() -> Engine {
    use reverse::Gradient;
    let tape = reverse::Tape::new();
    Box::new(move |task, gradient| {
        tape.clear();
        let x = tape.add_vars(&task.x);
        gradient.copy_from_slice(&task.evaluate(&x).grad().wrt(&x));
    })
}

scalar!(['a] aad::Variable<'a, f64>, { aad::Variable::<f64> }, |x| {
    if x.value() > 0.0 { x } else { aad::Variable::constant(0.0) }
});

fn aad(task: &Task, gradient: &mut [f64]) {
    // A tape cannot be cleared.
    let tape = aad::Tape::with_capacity(16 * task.x.len());
    let x: Vec<_> = tape.create_variables_iter(&task.x).collect();
    let gradients = task.evaluate(&x).compute_gradients().expect("a gradient");
    for (by, x) in gradient.iter_mut().zip(&x) {
        *by = gradients.get_gradient(x).expect("a variable");
    }
}

impl Scalar for easy_ml::differentiation::Record<'_, f64> {
    #[inline]
    fn sin(self) -> Self {
        easy_ml::numeric::extra::Sin::sin(self)
    }
    #[inline]
    fn exp(self) -> Self {
        easy_ml::numeric::extra::Exp::exp(self)
    }
    #[inline]
    fn ln(self) -> Self {
        easy_ml::numeric::extra::Ln::ln(self)
    }
    #[inline]
    fn sqrt(self) -> Self {
        easy_ml::numeric::extra::Sqrt::sqrt(self)
    }
    #[inline]
    fn relu(self) -> Self {
        if self.number > 0.0 { self } else { Self::constant(0.0) }
    }
}

fn easy_ml() -> Engine {
    let tape = easy_ml::differentiation::WengertList::new();
    Box::new(move |task, gradient| {
        tape.clear();
        let x: Vec<_> = task.x.iter().map(|&x| tape.variable(x)).collect();
        let derivatives = task.evaluate(&x).derivatives();
        for (by, x) in gradient.iter_mut().zip(&x) {
            *by = derivatives[x];
        }
    })
}

#[cfg(feature = "xad-rs")]
scalar!([] xad_rs::AReal<f64>, { &xad_rs::Real }, |x| if x.value() > 0.0 { x } else { x * 0.0 });

#[cfg(feature = "xad-rs")]
fn xad_rs() -> Engine {
    let mut tape = xad_rs::Tape::with_capacity(1 << 10, 1 << 11);
    Box::new(move |task, gradient| {
        let of = xad_rs::ops::compute_gradient_rev_with(&mut tape, &task.x, |x| task.evaluate(x));
        gradient.copy_from_slice(&of.1);
    })
}

#[cfg(feature = "rustquant")]
scalar!(['a] RustQuant_autodiff::Variable<'a>, { RustQuant_autodiff::Variable }, |x| {
    if x.value > 0.0 { x } else { x * 0.0 }
});

#[cfg(feature = "rustquant")]
fn rustquant() -> Engine {
    use RustQuant_autodiff::{Accumulate, Gradient};
    let graph = RustQuant_autodiff::Graph::new();
    Box::new(move |task, gradient| {
        graph.clear();
        let x = graph.vars(&task.x);
        gradient.copy_from_slice(&task.evaluate(&x).accumulate().wrt(&x));
    })
}
