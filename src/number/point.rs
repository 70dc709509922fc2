//! Points: the shapes in which a function takes its arguments and returns its results.

/// A collection of numbers of type `T` that functions are evaluated at, or return: a number, an array, a slice, a vector, a
/// tuple, or any of these inside another; an array of ndarray, with its feature.
///
/// Derivatives have the shape of the point; for a borrowed `&[T]` they are a vector. A closure gets numbers, arrays
/// and tuples by value, so that it can destructure them, lists as slices, and arrays of ndarray by reference. Numbers are
/// counted in the order in which they are written; in an array of ndarray that is the order of its indices, whatever its
/// layout in memory.
///
/// | point | a closure takes | derivatives |
/// |---|---|---|
/// | `f64` | `Var` | `f64` |
/// | `[f64; 2]`, `&[f64; 2]` | `[Var; 2]` | `[f64; 2]` |
/// | `&[f64]`, `Vec<f64>`, `&Vec<f64>` | `&[Var]` | `Vec<f64>` |
/// | `[[f64; 2]; 3]` | `[[Var; 2]; 3]` | `[[f64; 2]; 3]` |
/// | `(f64, &[f64])` | `(Var, &[Var])` | `(f64, Vec<f64>)` |
/// | `Array2<f64>`, `&Array2<f64>`, `ArrayView2<f64>` | `&Array2<Var>` | `Array2<f64>` |
///
/// ```
/// use tapegrad::{gradient, jacobian};
///
/// let line = |(slope, [x, y]): (tapegrad::Var, [_; 2])| slope * x - y;
/// assert_eq!(gradient(line, (2.0, [3.0, 4.0])), (3.0, [2.0, -1.0]));
///
/// // Results may have any shape; each has derivatives in the shape of the point.
/// assert_eq!(jacobian(|x| (x, [x * x, x.powi(3)]), 2.0), (1.0, [4.0, 12.0]));
/// ```
pub trait Point<T: Copy>: sealed::Sealed {
    /// The same shape with other contents.
    type Of<U: 'static>: 'static;

    /// The type of a closure's argument.
    type Args<'a, U: Copy + 'static>;

    /// Applies `f` to every number, in order. Not named `map`, which would hide that of an array of ndarray 0.17.
    #[doc(hidden)]
    fn map_numbers<U: 'static>(&self, f: &mut impl FnMut(T) -> U) -> Self::Of<U>;

    /// Visits the contents of the shape, in order.
    #[doc(hidden)]
    fn each<'a, U: 'static>(of: &'a Self::Of<U>, visit: &mut impl FnMut(&'a U));

    /// The shape as a closure's argument.
    #[doc(hidden)]
    fn args<U: Copy + 'static>(of: &Self::Of<U>) -> Self::Args<'_, U>;

    /// The lengths of all lists in the shape, depth first; those of the axes of an array.
    #[doc(hidden)]
    fn lengths<U: 'static>(of: &Self::Of<U>, lengths: &mut Vec<usize>);

    /// Whether the lists of these contents have the lengths of those of the point.
    #[doc(hidden)]
    fn has_shape_of<U: 'static>(&self, of: &Self::Of<U>) -> bool {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        Self::lengths(&self.map_numbers(&mut |_| ()), &mut own);
        Self::lengths(of, &mut others);
        own == others
    }

    /// How many numbers there are.
    #[doc(hidden)]
    fn count(&self) -> usize {
        let mut count = 0;
        self.map_numbers(&mut |_| count += 1);
        count
    }

    /// The numbers, in order.
    #[doc(hidden)]
    fn numbers(&self) -> Vec<T> {
        let mut numbers = Vec::new();
        self.map_numbers(&mut |number| numbers.push(number));
        numbers
    }

    /// The contents of the shape, in order.
    #[doc(hidden)]
    fn items<U: 'static>(of: &Self::Of<U>) -> Vec<&U> {
        let mut items = Vec::new();
        Self::each(of, &mut |item| items.push(item));
        items
    }

    /// The contents of the shape as numbers, in order.
    #[doc(hidden)]
    fn numbers_of<U: Copy + 'static>(of: &Self::Of<U>) -> Vec<U> {
        let mut numbers = Vec::new();
        Self::each(of, &mut |&number| numbers.push(number));
        numbers
    }

    /// The same shape filled with `items`, one per number.
    #[doc(hidden)]
    fn shaped<U: 'static>(&self, items: impl IntoIterator<Item = U>) -> Self::Of<U> {
        let mut items = items.into_iter();
        self.map_numbers(&mut |_| items.next().expect("an item per number"))
    }
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// A number is a point.
macro_rules! single_point {
    ([$($g:tt)*] $Number:ty) => {
        impl<$($g)*> $crate::number::point::sealed::Sealed for $Number {}
        impl<$($g)*> $crate::number::point::Point<$Number> for $Number {
            type Of<U: 'static> = U;
            type Args<'a, U: Copy + 'static> = U;

            #[inline]
            fn map_numbers<U: 'static>(&self, f: &mut impl FnMut($Number) -> U) -> U {
                f(*self)
            }
            fn each<'a, U: 'static>(of: &'a U, visit: &mut impl FnMut(&'a U)) {
                visit(of);
            }
            fn args<U: Copy + 'static>(of: &U) -> U {
                *of
            }
            fn lengths<U: 'static>(_: &U, _: &mut Vec<usize>) {}
        }
    };
}
pub(crate) use single_point;
single_point!([] f64);

impl<P: sealed::Sealed, const N: usize> sealed::Sealed for [P; N] {}
impl<T: Copy, P: Point<T>, const N: usize> Point<T> for [P; N] {
    type Of<U: 'static> = [P::Of<U>; N];
    type Args<'a, U: Copy + 'static> = [P::Args<'a, U>; N];

    #[inline]
    fn map_numbers<U: 'static>(&self, f: &mut impl FnMut(T) -> U) -> [P::Of<U>; N] {
        std::array::from_fn(|k| self[k].map_numbers(f))
    }
    fn each<'a, U: 'static>(of: &'a [P::Of<U>; N], visit: &mut impl FnMut(&'a U)) {
        of.iter().for_each(|part| P::each(part, visit));
    }
    fn args<U: Copy + 'static>(of: &[P::Of<U>; N]) -> [P::Args<'_, U>; N] {
        std::array::from_fn(|k| P::args(&of[k]))
    }
    fn lengths<U: 'static>(of: &[P::Of<U>; N], lengths: &mut Vec<usize>) {
        of.iter().for_each(|part| P::lengths(part, lengths));
    }
}

/// Lists of any length; the same shape with other contents is a vector.
macro_rules! list_point {
    ($List:ty) => {
        impl<P: sealed::Sealed> sealed::Sealed for $List {}
        impl<T: Copy, P: Point<T>> Point<T> for $List {
            type Of<U: 'static> = Vec<P::Of<U>>;
            type Args<'a, U: Copy + 'static> = &'a [P::Of<U>];

            fn map_numbers<U: 'static>(&self, f: &mut impl FnMut(T) -> U) -> Vec<P::Of<U>> {
                self.iter().map(|part| part.map_numbers(f)).collect()
            }
            fn each<'a, U: 'static>(of: &'a Vec<P::Of<U>>, visit: &mut impl FnMut(&'a U)) {
                of.iter().for_each(|part| P::each(part, visit));
            }
            fn args<U: Copy + 'static>(of: &Vec<P::Of<U>>) -> &[P::Of<U>] {
                of
            }
            fn lengths<U: 'static>(of: &Vec<P::Of<U>>, lengths: &mut Vec<usize>) {
                lengths.push(of.len());
                of.iter().for_each(|part| P::lengths(part, lengths));
            }
        }
    };
}
list_point!(&[P]);
list_point!(Vec<P>);
list_point!(&Vec<P>);

impl<P: sealed::Sealed, const N: usize> sealed::Sealed for &[P; N] {}
impl<T: Copy, P: Point<T>, const N: usize> Point<T> for &[P; N] {
    type Of<U: 'static> = [P::Of<U>; N];
    type Args<'a, U: Copy + 'static> = [P::Args<'a, U>; N];

    fn map_numbers<U: 'static>(&self, f: &mut impl FnMut(T) -> U) -> [P::Of<U>; N] {
        (*self).map_numbers(f)
    }
    fn each<'a, U: 'static>(of: &'a [P::Of<U>; N], visit: &mut impl FnMut(&'a U)) {
        <[P; N]>::each(of, visit);
    }
    fn args<U: Copy + 'static>(of: &[P::Of<U>; N]) -> [P::Args<'_, U>; N] {
        <[P; N]>::args(of)
    }
    fn lengths<U: 'static>(of: &[P::Of<U>; N], lengths: &mut Vec<usize>) {
        <[P; N]>::lengths(of, lengths);
    }
}

macro_rules! tuple_point {
    ($($P:ident $k:tt),*) => {
        impl<$($P: sealed::Sealed),*> sealed::Sealed for ($($P,)*) {}
        impl<T: Copy, $($P: Point<T>),*> Point<T> for ($($P,)*) {
            type Of<U: 'static> = ($($P::Of<U>,)*);
            type Args<'a, U: Copy + 'static> = ($($P::Args<'a, U>,)*);

            fn map_numbers<U: 'static>(&self, f: &mut impl FnMut(T) -> U) -> Self::Of<U> {
                ($(self.$k.map_numbers(f),)*)
            }
            fn each<'a, U: 'static>(of: &'a Self::Of<U>, visit: &mut impl FnMut(&'a U)) {
                $($P::each(&of.$k, visit);)*
            }
            fn args<U: Copy + 'static>(of: &Self::Of<U>) -> Self::Args<'_, U> {
                ($($P::args(&of.$k),)*)
            }
            fn lengths<U: 'static>(of: &Self::Of<U>, lengths: &mut Vec<usize>) {
                $($P::lengths(&of.$k, lengths);)*
            }
        }
    };
}
tuple_point!(A 0);
tuple_point!(A 0, B 1);
tuple_point!(A 0, B 1, C 2);
tuple_point!(A 0, B 1, C 2, D 3);
tuple_point!(A 0, B 1, C 2, D 3, E 4);
tuple_point!(A 0, B 1, C 2, D 3, E 4, F 5);
