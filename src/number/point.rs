//! Points: the shapes in which a function takes its arguments.

/// A collection of numbers that functions are evaluated at: `[T; N]`, `&[T; N]`, `&[T]`, `Vec<T>` or
/// `&Vec<T>`.
///
/// Results have the shape of the point: an array gives arrays, the others give vectors. A closure gets
/// arrays by value, to take apart, and the others as a slice.
pub trait Point<T: Copy>: sealed::Sealed {
    /// The same shape with other contents: `[U; N]` or `Vec<U>`.
    type Of<U>;

    /// How a closure takes it: `[U; N]` or `&[U]`.
    type Args<'a, U: Copy + 'a>;

    /// Applies `f` to every number, in order.
    fn map<U>(&self, f: impl FnMut(T) -> U) -> Self::Of<U>;

    /// The numbers as a slice.
    fn as_slice(&self) -> &[T];

    /// The contents of the shape as a slice.
    fn slice<U>(of: &Self::Of<U>) -> &[U];

    /// The shape, as a closure takes it.
    fn args<U: Copy>(of: &Self::Of<U>) -> Self::Args<'_, U>;
}

mod sealed {
    pub trait Sealed {}
    impl<T, const N: usize> Sealed for [T; N] {}
    impl<T> Sealed for [T] {}
    impl<T> Sealed for Vec<T> {}
    impl<P: Sealed + ?Sized> Sealed for &P {}
}

macro_rules! impl_point {
    (array [$($g:tt)*] $Point:ty) => {
        impl<T: Copy, $($g)*> Point<T> for $Point {
            type Of<U> = [U; N];
            type Args<'a, U: Copy + 'a> = [U; N];

            #[inline]
            fn map<U>(&self, mut f: impl FnMut(T) -> U) -> [U; N] {
                std::array::from_fn(|k| f(self[k]))
            }
            fn as_slice(&self) -> &[T] {
                &self[..]
            }
            fn slice<U>(of: &[U; N]) -> &[U] {
                of
            }
            fn args<U: Copy>(of: &[U; N]) -> [U; N] {
                *of
            }
        }
    };
    (list $Point:ty) => {
        impl<T: Copy> Point<T> for $Point {
            type Of<U> = Vec<U>;
            type Args<'a, U: Copy + 'a> = &'a [U];

            fn map<U>(&self, f: impl FnMut(T) -> U) -> Vec<U> {
                self.iter().copied().map(f).collect()
            }
            fn as_slice(&self) -> &[T] {
                self
            }
            fn slice<U>(of: &Vec<U>) -> &[U] {
                of
            }
            fn args<U: Copy>(of: &Vec<U>) -> &[U] {
                of
            }
        }
    };
}
impl_point!(array [const N: usize] [T; N]);
impl_point!(array [const N: usize] &[T; N]);
impl_point!(list & [T]);
impl_point!(list Vec<T>);
impl_point!(list &Vec<T>);
