//! Code over arrays of ndarray, in both versions: against closed forms and in every mode; columns of batches.

macro_rules! version {
    ($ndarray:ident) => {
        mod $ndarray {
            use crate::common::{assert_says, refusal};
            use tapegrad::batch::{Column, Samples};
            use tapegrad::interop::$ndarray::{columns, matrix};
            use $ndarray::{
                Array, Array0, Array1, Array2, ArrayD, Axis, Dimension, LinalgScalar, ScalarOperand,
                ShapeBuilder, array, concatenate, s, stack,
            };
            // `Point` in scope must not hide methods of arrays.
            #[allow(unused_imports)]
            use tapegrad::Point;
            use tapegrad::{
                Dual, Error, Function, Gradient, Real, Tape, Var, check_all, gradient, hessian, jacobian,
            };

            /// What code over arrays asks of its numbers, beside [`Real`].
            trait Scalar: Real + LinalgScalar + ScalarOperand {}
            impl<R: Real + LinalgScalar + ScalarOperand> Scalar for R {}

            fn a() -> Array2<f64> {
                array![[1.0, -2.0, 0.5], [3.0, 0.25, -1.0]]
            }

            fn b() -> Array2<f64> {
                array![[2.0, 1.0], [-0.5, 4.0], [1.5, -3.0]]
            }

            /// Of different numbers, so that none can take the place of another.
            fn numbered<Sh: ShapeBuilder>(shape: Sh) -> Array<f64, Sh::Dim> {
                let mut count = 0.0;
                Array::from_shape_simple_fn(shape, || {
                    count += 1.0;
                    count
                })
            }

            fn adjoints<D: Dimension>(g: &Gradient, array: &Array<Var, D>) -> Array<f64, D> {
                array.mapv(|entry| g[entry])
            }

            #[track_caller]
            fn near<D: Dimension>(a: &Array<f64, D>, b: &Array<f64, D>) {
                assert_eq!(a.shape(), b.shape());
                assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-13 * b.abs().max(1.0)), "{a}\n{b}");
            }

            /// Sums and products compare nothing, so a recording of them holds at every point.
            #[test]
            fn products_have_no_guards() {
                let tape = Tape::recording();
                let [x, y] = [a(), b()].map(|plain| tape.vars(plain));
                let sum = (x.dot(&y) * 2.0 + x.dot(&y.column(0)).insert_axis(Axis(1))).mean().unwrap();
                assert!(tape.guards().is_empty());
                assert!(tape.function(x.as_slice().unwrap(), &[sum]).is_err(), "y is not among the inputs");
            }

            /// ∂ Σ AB / ∂ A = 1 (B 1)ᵀ, ∂ Σ AB / ∂ B = (Aᵀ 1) 1ᵀ, and the same with one column.
            #[test]
            fn products() {
                let tape = Tape::new();
                let [x, y] = [a(), b()].map(|plain| plain.mapv(|number| tape.var(number)));
                let product = x.dot(&y);
                near(&product.mapv(Var::value), &a().dot(&b()));
                let g = product.sum().backward();
                let one = Array2::<f64>::ones((2, 2));
                near(&adjoints(&g, &x), &one.dot(&b().t()));
                near(&adjoints(&g, &y), &a().t().dot(&one));
                // Matrix by vector, vector by matrix, vector by vector.
                let v = y.column(0).to_owned();
                let g = x.dot(&v).sum().backward();
                near(&adjoints(&g, &v), &a().sum_axis(Axis(0)));
                let g = v.dot(&y).sum().backward();
                let rows = b().sum_axis(Axis(1));
                near(&adjoints(&g, &v), &(&rows + &b().column(0)));
                let g = v.dot(&v).backward();
                near(&adjoints(&g, &v), &(b().column(0).to_owned() * 2.0));
                // ∂ |u wᵀ|² / ∂ u = 2 u |w|², the outer product by broadcasting.
                let [u, w] = [x.row(0), x.row(1)];
                let outer = &u.insert_axis(Axis(1)) * &w;
                assert_eq!(outer.dim(), (3, 3));
                let g = outer.mapv(|entry| entry * entry).sum().backward();
                let [plain, other] = [a().row(0).to_owned(), a().row(1).to_owned()];
                near(&adjoints(&g, &u.to_owned()), &(plain * 2.0 * other.dot(&other)));
            }

            #[test]
            fn sums_and_means() {
                let weights = array![1.0, 10.0, 100.0];
                let by = |f: fn(&Array2<Var>) -> Var| gradient(|x| f(x), a());
                assert_eq!(by(|x| x.sum()), Array2::<f64>::ones((2, 3)));
                near(&by(|x| x.mean().unwrap()), &Array2::from_elem((2, 3), 1.0 / 6.0));
                let columns = gradient(|x| (&x.sum_axis(Axis(0)) * &weights).sum(), a());
                assert_eq!(columns, &Array2::<f64>::ones((2, 3)) * &weights);
                let means = gradient(|x| (x.mean_axis(Axis(0)).unwrap() * &weights).sum(), a());
                assert_eq!(means, Array2::from_elem((2, 3), 0.5) * &weights);
                // ∂ Π x / ∂ x = Π x / x; ∂ var x / ∂ x = 2 (x − mean) / n.
                near(&by(|x| x.product()), &a().mapv(|x| a().product() / x));
                let variance = by(|x| x.iter().copied().collect::<Array1<_>>().var(Var::from(0.0)));
                near(&variance, &((a() - a().mean().unwrap()) / 3.0));
            }

            /// A single number, also a plain one, on the right of every operator; by value, by reference, in place.
            #[test]
            fn numbers_as_operands() {
                fn every_form<R: Scalar>(x: &Array1<R>, y: R) -> R {
                    let mut z = x * y + y - x.clone() / y;
                    z += y;
                    z -= y * y;
                    z *= y;
                    z /= y + 2.0;
                    (&z * 3.0 - x % 1.5 + &(x / 2.0)).sum()
                }
                // Σ 3 (xy + 2y − x/y − y²) y / (y + 2) − x % 1.5 + x/2
                let (x, y) = (array![0.5, -1.0, 2.25], 1.25);
                let slope = 3.0 * (y - 1.0 / y) * y / (y + 2.0) - 0.5;
                let (by_x, _) = gradient(|(x, y)| every_form(x, y), (&x, y));
                near(&by_x, &Array1::from_elem(3, slope));
                check_all!(|(x, y)| every_form(x, y), (x, y)).assert_pass();
            }

            /// A row is added to every row, a column to every column: derivatives are sums over what was repeated.
            #[test]
            fn broadcasting() {
                let tape = Tape::new();
                let x = a().mapv(|number| tape.var(number));
                let row = array![0.5, -1.0, 2.0].mapv(|number| tape.var(number));
                let column = array![[4.0], [-3.0]].mapv(|number| tape.var(number));
                let g = (&(&x * &row) * &column).sum().backward();
                let [plain_row, plain_column] = [row.mapv(Var::value), column.column(0).mapv(Var::value)];
                near(&adjoints(&g, &row), &plain_column.dot(&a()));
                near(&adjoints(&g, &column), &a().dot(&plain_row).insert_axis(Axis(1)));
                near(&adjoints(&g, &x), &(&column.mapv(Var::value) * &plain_row));
                // Plain numbers on the right, or on the left of an owned array.
                let g = (&x * &a()).sum().backward();
                assert_eq!(adjoints(&g, &x), a());
                let g = (&a() * x.clone()).sum().backward();
                assert_eq!(adjoints(&g, &x), a());
            }

            #[test]
            fn parts_put_together() {
                let weights = numbered((4, 3));
                let of = |x: &Array2<Var>| {
                    let both = concatenate![Axis(0), x.view(), x.mapv(|x| x * 2.0).view()];
                    let rows = stack![Axis(0), x.row(1), x.row(0), both.row(2), both.row(3)];
                    (&rows * &weights).sum()
                };
                let rows = |k: usize| weights.row(k).to_owned();
                let expected = stack![Axis(0), rows(1) + rows(2) * 2.0, rows(0) + rows(3) * 2.0];
                assert_eq!(gradient(of, a()), expected);
            }

            /// Whatever the layout in memory, each derivative stands where its variable stands.
            #[test]
            fn layouts() {
                fn check<'a, D: Dimension + 'static>(x: $ndarray::ArrayView<'a, f64, D>) {
                    let factors = numbered(x.raw_dim());
                    let cubes = |w: &Array<Var, D>| {
                        assert_eq!(w.shape(), factors.shape());
                        (w.map(|w| w.powi(3)) * &factors).sum()
                    };
                    let expected = x.map(|x| 3.0 * x * x) * &factors;
                    assert_eq!(gradient(cubes, x.clone()), expected);
                    assert_eq!(gradient(cubes, &x), expected);
                    assert_eq!(gradient(cubes, x.to_owned()), expected);
                    let tape = Tape::new();
                    let vars = tape.vars(&x);
                    assert_eq!(vars.mapv(Var::value), x);
                    assert_eq!(cubes(&vars).backward().wrt(&vars), expected);
                    // An array of variables in the layout of the numbers.
                    let vars = x.mapv(|x| tape.var(x));
                    let g = cubes(&vars).backward();
                    assert_eq!(g.wrt(&vars), expected);
                    assert_eq!(g.wrt(vars.view()), expected);
                    // The inputs of a recording are in the logical order.
                    let f = Function::record(cubes, &x).unwrap();
                    let at: Vec<f64> = x.iter().copied().collect();
                    let expected: Vec<f64> = expected.iter().copied().collect();
                    assert_eq!(f.evaluator().gradient(&at).unwrap(), expected);
                }
                let x = numbered((3, 4));
                check(x.view());
                check(x.t());
                check(numbered((3, 4).f()).view());
                check(x.slice(s![..;-1, ..]));
                check(x.slice(s![.., ..;-1]));
                check(x.slice(s![1.., ..;2]));
                check(x.slice(s![..;-2, 1..3]).reversed_axes());
                check(x.row(1));
                check(x.column(2));
                check(x.column(2).slice(s![..;-1]));
                check(x.broadcast((2, 3, 4)).unwrap());
                check(x.view().into_dyn());
                check(x.t().into_dyn());
                check(numbered((2, 3, 4)).view().permuted_axes([2, 0, 1]));
                check(Array0::from_elem((), 2.0).view());
                check(Array1::zeros(0).view());
                check(Array2::zeros((0, 3)).view());
                check(Array2::zeros((3, 0)).t());
            }

            #[test]
            fn points_of_several_arrays() {
                let x = array![1.0, 2.0].mapv(Var::from);
                let line = |(w, b, scale): (&Array2<_>, &Array1<_>, Var)| (w.dot(&x) + b).sum() * scale;
                let (by_w, by_b, by_scale) = gradient(line, (b(), array![1.0, 2.0, 3.0], 2.0));
                assert_eq!(by_w, array![[2.0, 4.0], [2.0, 4.0], [2.0, 4.0]]);
                assert_eq!((by_b, by_scale), (array![2.0, 2.0, 2.0], 7.0 + 6.0));
                // Arrays in lists; and the type of an array of zeros is known.
                let layers = vec![a(), b()];
                let by_layers = gradient(|layers| layers[0].dot(&layers[1]).sum(), &layers);
                assert_eq!(by_layers[0], Array2::<f64>::ones((2, 2)).dot(&b().t()));
                assert_eq!(by_layers[1].dim(), (3, 2));
                assert_eq!(gradient(|w| w.dot(w) + w.sum(), Array1::zeros(2)), array![1.0, 1.0]);
            }

            /// 2 × 3 numbers are neither 3 × 2 nor 6 numbers.
            #[test]
            fn shapes_are_compared() {
                let square = |x: &Array2<Var>| x * x;
                let forward = |x: &Array2<Dual>| x * x;
                let (y, by_x) = tapegrad::vjp(square, a(), a());
                assert_eq!((y, by_x), (&a() * &a(), &(&a() * &a()) * 2.0));
                assert_eq!(tapegrad::jvp(forward, a(), a()).1, &(&a() * &a()) * 2.0);
                let turned = a().t().to_owned();
                let says = |message: String| assert_says(&message, &["must have the same shape"]);
                says(refusal(|| tapegrad::vjp(square, a(), turned.clone())));
                says(refusal(|| tapegrad::jvp(forward, a(), turned.clone())));
                let [flat, nested] = [vec![6], vec![2, 3]].map(ArrayD::zeros);
                says(refusal(|| tapegrad::hvp(|x| (x * x).sum(), nested, flat)));
                let vars = a().mapv(Var::from);
                says(refusal(|| Tape::new().custom("turned", vars, |_| (0.0, turned))));
            }

            /// Least squares: ∂ |Xw − y|² / ∂ w = 2 Xᵀ (Xw − y), with the constant second derivative 2 XᵀX.
            fn squares<R: Scalar>(w: &Array1<R>, x: &Array2<f64>, y: &Array1<f64>) -> R {
                let error = x.mapv(R::from).dot(w) - y;
                error.dot(&error)
            }

            #[test]
            fn linear_regression() {
                let x = array![[1.0, 0.5], [1.0, -1.0], [1.0, 2.0], [1.0, 3.5]];
                let (y, w) = (array![1.0, 0.25, 2.5, 4.0], array![0.3, -0.7]);
                near(&gradient(|w| squares(w, &x, &y), &w), &(x.t().dot(&(x.dot(&w) - &y)) * 2.0));
                let second = hessian(|w| squares(w, &x, &y), &w);
                near(&matrix(&second, 2, 2).unwrap(), &(x.t().dot(&x) * 2.0));
                check_all!(|w| squares(w, &x, &y), w.clone()).assert_pass();
                let f = Function::record(|w| squares(w, &x, &y), &w).unwrap();
                let minimum = {
                    // One step of Newton's method.
                    let h = matrix(f.evaluator().hessian(&[0.0, 0.0]).unwrap(), 2, 2).unwrap();
                    let g = f.evaluator().gradient(&[0.0, 0.0]).unwrap();
                    let det = h[[0, 0]] * h[[1, 1]] - h[[0, 1]] * h[[1, 0]];
                    array![[-h[[1, 1]], h[[0, 1]]], [h[[1, 0]], -h[[0, 0]]]].dot(&Array1::from(g)) / det
                };
                let slopes = f.evaluator().gradient(minimum.as_slice().unwrap()).unwrap();
                assert!(slopes.iter().all(|slope| slope.abs() < 1e-12), "{slopes:?}");
            }

            /// The squared error of tanh(X W + b) v.
            fn network<R: Scalar>(
                (w, b, v): (&Array2<R>, &Array1<R>, &Array1<R>),
                x: &Array2<f64>,
                y: &Array1<f64>,
            ) -> R {
                let hidden = (x.mapv(R::from).dot(w) + b).mapv(|z| z.tanh());
                (hidden.dot(v) - y).mapv(|error| error * error).sum()
            }

            #[test]
            fn a_network_against_its_backpropagation_by_hand() {
                let x = array![[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0]];
                let y = array![0.3, -0.6, 0.9];
                let (w, b, v) = (
                    array![[0.2, -0.4, 0.6], [0.7, 0.1, -0.3]],
                    array![0.1, -0.2, 0.0],
                    array![1.0, -0.5, 0.25],
                );
                let hidden = (x.dot(&w) + &b).mapv(f64::tanh);
                let by_output = (hidden.dot(&v) - &y) * 2.0;
                let by_sum = &by_output.view().insert_axis(Axis(1)) * &v * hidden.mapv(|h| 1.0 - h * h);
                let point = (&w, &b, &v);
                let (by_w, by_b, by_v) = gradient(|point| network(point, &x, &y), point);
                near(&by_w, &x.t().dot(&by_sum));
                near(&by_b, &by_sum.sum_axis(Axis(0)));
                near(&by_v, &hidden.t().dot(&by_output));
                check_all!(|point| network(point, &x, &y), (w.clone(), b.clone(), v.clone())).assert_pass();
                let f = Function::record(|point| network(point, &x, &y), point).unwrap();
                let at: Vec<f64> = w.iter().chain(&b).chain(&v).map(|number| number * 0.5).collect();
                let (value, slopes) = f.evaluator().value_and_gradient(&at).unwrap();
                let half = (&(&w * 0.5), &(&b * 0.5), &(&v * 0.5));
                assert_eq!(value.to_bits(), network(half, &x, &y).to_bits());
                let (by_w, by_b, by_v) = gradient(|point| network(point, &x, &y), half);
                assert_eq!(slopes, by_w.iter().chain(&by_b).chain(&by_v).copied().collect::<Vec<_>>());
            }

            #[test]
            fn jacobians_have_the_shapes_of_results_and_points() {
                // ∂ (A xᵢ) / ∂ x = A
                let rows = jacobian(|x: &Array1<Var>| a().mapv(Var::from).dot(x), array![1.0, 2.0, 3.0]);
                assert_eq!(rows[1], a().row(1));
                assert_eq!(matrix(&rows, 2, 3).unwrap(), a());
                assert_eq!(matrix(&[[1.0, 2.0], [3.0, 4.0]], 2, 2).unwrap(), array![[1.0, 2.0], [3.0, 4.0]]);
                assert_eq!(matrix(vec![0.0; 0], 0, 3).unwrap().dim(), (0, 3));
                let error = matrix(&rows, 3, 3).unwrap_err();
                assert_eq!(error, Error::Length { what: "derivatives", expected: 9, got: 6 });
            }

            #[test]
            fn nothing_at_all() {
                let empty = Array1::<Var>::zeros(0);
                assert_eq!(empty.sum(), 0.0);
                assert_eq!(empty.dot(&empty), 0.0);
                let none = Array2::<f64>::zeros((0, 2));
                let by = gradient(|(w, x)| w.dot(&x.t()).sum() + x[[0, 0]], (&none, array![[1.0, 2.0]]));
                assert_eq!((by.0, by.1), (none, array![[1.0, 0.0]]));
                assert_eq!(hessian(|x| x.dot(x), Array1::zeros(0)).len(), 0);
            }

            #[track_caller]
            fn same(column: &Column<'_>, expected: $ndarray::ArrayView1<'_, f64>) {
                assert_eq!(column.len(), expected.len());
                assert_eq!((0..column.len()).map(|k| column.get(k)).collect::<Array1<_>>(), expected);
            }

            /// In every layout without gaps, the columns are those of the table.
            #[test]
            fn columns_of_tables() {
                let f = Function::record(|[x, y, z]| x * 100.0 + y * 10.0 + z, [0.0; 3])
                    .unwrap()
                    .batched(0..0)
                    .unwrap();
                // More rows than there are lanes, and not a multiple of them.
                for rows in [0, 1, 2, 3, 37] {
                    let [standard, turned] = [numbered((rows, 3)), numbered((3, rows))];
                    for table in [
                        standard.view(),
                        turned.t(),
                        numbered((rows, 3).f()).view(),
                        standard.slice(s![..;-1, ..]),
                        standard.slice(s![.., ..;-1]),
                        standard.slice(s![..;-1, ..;-1]),
                        turned.slice(s![..;-1, ..]).reversed_axes(),
                        turned.slice(s![.., ..;-1]).reversed_axes(),
                    ] {
                        let columns = columns(table).unwrap();
                        assert_eq!(columns.len(), 3);
                        columns
                            .iter()
                            .zip(table.columns())
                            .for_each(|(column, expected)| same(column, expected));
                        let samples = Samples::new(&columns).unwrap();
                        assert_eq!(samples.len(), rows);
                        let values = f.evaluator().values(&[], &samples).unwrap();
                        assert_eq!(Array1::from(values), table.dot(&array![100.0, 10.0, 1.0]));
                        if rows > 2 {
                            let chosen = samples.choose(&[2, 0, 2]).unwrap();
                            let row = |k: usize| table.row(k).dot(&array![100.0, 10.0, 1.0]);
                            assert_eq!(f.evaluator().values(&[], &chosen).unwrap(), [row(2), row(0), row(2)]);
                        }
                    }
                }
                assert!(columns(Array2::zeros((5, 0)).view()).unwrap().is_empty());
            }

            #[test]
            fn columns_without_a_copy_or_not_at_all() {
                let table = numbered((4, 3));
                let whole = columns(table.view()).unwrap();
                same(&whole[1], table.column(1));
                let error = columns(table.slice(s![.., 0..2])).unwrap_err();
                assert_eq!(error, Error::Layout { shape: vec![4, 2], strides: vec![3, 1] });
                assert!(error.to_string().contains("take the columns of the whole array"));
                assert!(columns(table.slice(s![..;2, ..])).is_err());
                assert!(columns(table.row(0).broadcast((4, 3)).unwrap()).is_err());
                // A part without gaps, of one row or of many; of a row the stride does not count.
                for part in
                    [table.slice(s![1..3, ..]), table.slice(s![1..2, 1..]), table.slice(s![1..;5, ..])]
                {
                    let columns = columns(part).unwrap();
                    columns.iter().zip(part.columns()).for_each(|(column, expected)| same(column, expected));
                    assert_eq!(Samples::new(&columns).unwrap().len(), part.nrows());
                }
                // Single columns.
                let row = table.row(2);
                same(&Column::try_from(row).unwrap(), row);
                same(&Column::try_from(row.slice(s![..;-1])).unwrap(), row.slice(s![..;-1]));
                same(&Column::try_from(row.slice(s![1..2])).unwrap(), row.slice(s![1..2]));
                same(&Column::try_from(Array1::zeros(0).view()).unwrap(), Array1::zeros(0).view());
                assert!(matches!(Column::try_from(table.column(0)), Err(Error::Layout { .. })));
            }
        }
    };
}
version!(ndarray);
version!(ndarray_0_16);
