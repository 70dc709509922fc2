use tapegrad::{Real, Tape, Var, fused, gradient};

#[fused]
fn f<R: Real>(x: R, y: &R, k: f64) -> R {
    let z = (x * *y + k).sin() / (x - 2.0);
    let n = 3;
    let m = n * 2 + 1;
    z * x.powi(m) + y.max(0.5) - k
}

#[fused]
fn g<R: Real>(xs: &[R]) -> R {
    let mut s = R::constant(0.0);
    for (i, x) in xs.iter().enumerate() {
        s += *x * *x * (i * 2 + 1) as f64;
    }
    s + xs.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0).sum::<R>()
}

#[fused(block)]
fn call<R: Real>([spot, strike, rate, volatility, time]: [R; 5]) -> R {
    let spread = volatility * time.sqrt();
    let d1 = ((spot / strike).ln() + (rate + volatility * volatility * 0.5) * time) / spread;
    let d2 = d1 - spread;
    spot * d1.normal_cdf() - strike * (-rate * time).exp() * d2.normal_cdf()
}

#[test]
fn it_works() {
    let tape = Tape::new();
    let [x, y] = tape.vars([1.5, 0.7]);
    let z = f(x, &y, 0.3);
    println!("{}", tape.listing());
    assert_eq!(z.value(), f(1.5, &0.7, 0.3));
    let g1 = z.backward();
    println!("{} {}", g1[x], g1[y]);
    let v = gradient(|x: &[Var]| g(x), &[1.0, 2.0, 3.0][..]);
    println!("{v:?}");
    let tape = Tape::new();
    let x = tape.vars([100.0, 100.0, 0.02, 0.3, 1.0]);
    let y = call(x);
    println!("{}", tape.listing());
    println!("{:?}", y.backward().wrt(&x));
    println!("{:?}", call([100.0, 100.0, 0.02, 0.3, 1.0]));
}
