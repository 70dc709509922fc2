//! Code over nalgebra's scalars, in both versions: products, decompositions, rotations; against closed forms and in every mode.

macro_rules! version {
    ($nalgebra:ident) => {
        mod $nalgebra {
            use tapegrad::{Function, Gradient, Tape, Var, check_all, gradient};
            #[allow(unused_imports)]
            use $nalgebra::{
                DMatrix, DVector, Isometry3, Matrix2, Matrix3, RealField, Rotation3, Translation3,
                UnitQuaternion, Vector2, Vector3,
            };

            const A: [f64; 9] = [2.0, -1.0, 0.5, 0.25, 3.0, 1.0, -0.75, 0.5, 4.0];

            fn adjoints(g: &Gradient, matrix: &Matrix3<Var>) -> Matrix3<f64> {
                matrix.map(|entry| g[entry])
            }

            #[track_caller]
            fn near(a: &Matrix3<f64>, b: &Matrix3<f64>) {
                assert!((a - b).amax() < 1e-13 * b.amax().max(1.0), "{a}{b}");
            }

            /// ∂ det A / ∂ A = det A · A⁻ᵀ
            #[test]
            fn a_determinant() {
                let tape = Tape::new();
                let a = Matrix3::from_row_slice(&tape.vars(A));
                let plain = Matrix3::from_row_slice(&A);
                let expected = plain.try_inverse().unwrap().transpose() * plain.determinant();
                near(&adjoints(&a.determinant().backward(), &a), &expected);
                // By the LU decomposition of a matrix of any size.
                let dynamic = DMatrix::from_row_slice(3, 3, a.transpose().as_slice());
                near(&adjoints(&dynamic.lu().determinant().backward(), &a), &expected);
            }

            /// d log det A = tr(A⁻¹ dA), by the Cholesky decomposition of A Aᵀ: 2 log det A.
            #[test]
            fn a_log_determinant() {
                let tape = Tape::new();
                let a = Matrix3::from_row_slice(&tape.vars(A));
                let factor = (a * a.transpose()).cholesky().unwrap().l();
                let log_det = factor.diagonal().map(|x| x.ln()).sum() * 2.0;
                let expected = Matrix3::from_row_slice(&A).try_inverse().unwrap().transpose() * 2.0;
                near(&adjoints(&log_det.backward(), &a), &expected);
            }

            /// Through pivoting: ∂ Σx / ∂ b = A⁻ᵀ 1, ∂ Σx / ∂ A = −A⁻ᵀ 1 xᵀ, by two decompositions.
            #[test]
            fn linear_systems() {
                let plain = Matrix3::from_row_slice(&A);
                let by_b = plain.try_inverse().unwrap().transpose() * Vector3::repeat(1.0);
                for by_qr in [false, true] {
                    let tape = Tape::new();
                    let a = Matrix3::from_row_slice(&tape.vars(A));
                    let b = Vector3::from(tape.vars([1.0, 2.0, 3.0]));
                    let x = if by_qr { a.qr().solve(&b).unwrap() } else { a.lu().solve(&b).unwrap() };
                    let g = x.sum().backward();
                    assert!((b.map(|entry| g[entry]) - by_b).amax() < 1e-13);
                    near(&adjoints(&g, &a), &(-by_b * x.map(|entry| entry.value()).transpose()));
                }
            }

            /// ∂ tr(A B) / ∂ A = Bᵀ; ∂ |v| = v / |v|
            #[test]
            fn products_and_norms() {
                let tape = Tape::new();
                let a = Matrix3::from_row_slice(&tape.vars(A));
                let b = Matrix3::from_row_slice(&A).transpose() * 0.5;
                let g = (a * b.map(Var::from)).trace().backward();
                near(&adjoints(&g, &a), &b.transpose());
                let v = Vector3::from(tape.vars([3.0, 4.0, 12.0]));
                let g = v.norm().backward();
                assert!((v.map(|entry| g[entry]) - Vector3::new(3.0, 4.0, 12.0) / 13.0).amax() < 1e-15);
            }

            /// The negative log-likelihood of a Gaussian with a covariance by its factor, by Cholesky.
            fn gaussian<R: RealField + Copy>(parameters: &[R], data: &[[f64; 2]]) -> R {
                let real = |x: f64| $nalgebra::convert::<f64, R>(x);
                let mean = Vector2::new(parameters[0], parameters[1]);
                let factor = Matrix2::new(parameters[2].exp(), R::zero(), parameters[3], parameters[4].exp());
                let cholesky = (factor * factor.transpose()).cholesky().expect("positive definite");
                let log_det =
                    cholesky.l().diagonal().iter().fold(R::zero(), |sum, x| sum + x.ln()) * real(2.0);
                data.iter().fold(R::zero(), |sum, &[x, y]| {
                    let z = Vector2::new(real(x), real(y)) - mean;
                    sum + (z.dot(&cholesky.solve(&z)) + log_det + R::two_pi().ln() * real(2.0)) * real(0.5)
                })
            }

            #[test]
            fn a_gaussian_log_likelihood() {
                let data = [[0.3, 1.2], [-0.5, 0.8], [1.1, 2.0], [0.0, 0.1]];
                let at = vec![0.2, 0.9, -0.3, 0.4, 0.1];
                check_all!(|p| gaussian(p, &data), at.clone()).assert_pass();
                let f = Function::record(|p| gaussian(p, &data), &at).unwrap();
                let there = [0.1, 1.0, -0.1, 0.3, 0.2];
                let (value, slopes) = f.evaluator().value_and_gradient(&there).unwrap();
                assert_eq!(value.to_bits(), gaussian(&there, &data).to_bits());
                assert_eq!(slopes, gradient(|p| gaussian(p, &data), &there[..]));
            }

            /// The log-likelihood of a Kalman filter: a position and a speed, of which the position is measured.
            fn kalman<R: RealField + Copy>([log_process, log_noise, speed]: [R; 3], data: &[f64]) -> R {
                let real = |x: f64| $nalgebra::convert::<f64, R>(x);
                let (one, zero) = (R::one(), R::zero());
                let step = Matrix2::new(one, real(0.5), zero, one);
                let process = Matrix2::identity() * log_process.exp();
                let mut mean = Vector2::new(zero, speed);
                let mut covariance = Matrix2::identity();
                let measured = Vector2::new(one, zero);
                data.iter().fold(zero, |sum, &y| {
                    mean = step * mean;
                    covariance = step * covariance * step.transpose() + process;
                    let innovation = real(y) - mean[0];
                    let variance = (measured.transpose() * covariance * measured)[0] + log_noise.exp();
                    let gain = covariance * measured / variance;
                    mean += gain * innovation;
                    covariance = (Matrix2::identity() - gain * measured.transpose()) * covariance;
                    sum + (innovation * innovation / variance + variance.ln()) * real(0.5)
                })
            }

            #[test]
            fn a_kalman_filter() {
                let data = [0.4, 1.1, 1.4, 2.2, 2.4, 3.1];
                check_all!(|p| kalman(p, &data), [-2.0, -1.0, 0.8]).assert_pass();
                let f = Function::record(|p| kalman(p, &data), [-2.0, -1.0, 0.8]).unwrap();
                let there = [-1.5, -0.7, 0.6];
                assert_eq!(f.evaluator().value(&there).unwrap().to_bits(), kalman(there, &data).to_bits());
                assert_eq!(f.evaluator().gradient(&there).unwrap(), gradient(|p| kalman(p, &data), there));
            }

            /// Where the hand of an arm with seven joints is: its squared distance from a point.
            fn reach<R: RealField + Copy>(angles: &[R]) -> R {
                let real = |x: f64| $nalgebra::convert::<f64, R>(x);
                let axes = [Vector3::z_axis(), Vector3::y_axis()];
                let hand = angles.iter().enumerate().fold(Isometry3::identity(), |hand, (k, &angle)| {
                    let turn = UnitQuaternion::from_axis_angle(&axes[k % 2], angle);
                    hand * turn * Translation3::new(R::zero(), R::zero(), real(0.3))
                });
                let tool = hand.transform_vector(&Vector3::new(R::zero(), real(0.1), R::zero()));
                let target = Vector3::new(real(0.5), real(-0.2), real(0.8));
                (hand.translation.vector + tool - target).norm_squared()
            }

            #[test]
            fn forward_kinematics_of_seven_joints() {
                let at = vec![0.1, -0.4, 0.7, 0.3, -0.9, 0.5, 0.2];
                check_all!(|x| reach(x), at.clone()).assert_pass();
                let f = Function::record(|x| reach(x), &at).unwrap();
                let there: Vec<f64> = at.iter().map(|angle| angle * 0.5 + 0.1).collect();
                assert_eq!(f.evaluator().value(&there).unwrap().to_bits(), reach(&there).to_bits());
                assert_eq!(f.evaluator().gradient(&there).unwrap(), gradient(|x| reach(x), &there[..]));
            }

            /// A rotation about z turns x by −y and y by x.
            #[test]
            fn rotations() {
                let turned = |[angle]: [Var; 1]| {
                    let rotation = Rotation3::from_axis_angle(&Vector3::z_axis(), angle);
                    let v = rotation * Vector3::new(1.0, 2.0, 0.0).map(Var::from);
                    [v.x, v.y]
                };
                let j = tapegrad::jacobian(turned, [0.3]);
                let (sin, cos) = 0.3f64.sin_cos();
                assert!((j[0][0] - (-sin - 2.0 * cos)).abs() < 1e-14);
                assert!((j[1][0] - (cos - 2.0 * sin)).abs() < 1e-14);
            }

            /// Vectors of any length; and a value that leaves for a plain number is noticed by a recording.
            #[test]
            fn dynamic_vectors_and_what_leaves() {
                let square = |x: &[Var]| DVector::from_column_slice(x).norm_squared();
                assert_eq!(gradient(square, &[1.0, 2.0, 3.0][..]), [2.0, 4.0, 6.0]);
                let leaves = |[x]: [Var; 1]| {
                    let plain: f64 = $nalgebra::try_convert(x).unwrap();
                    x * plain
                };
                assert!(matches!(Function::record(leaves, [2.0]), Err(tapegrad::Error::ValueRead { .. })));
            }
        }
    };
}
version!(nalgebra);
version!(nalgebra_0_33);
