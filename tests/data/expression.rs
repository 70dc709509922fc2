pub fn expression<R: Real>(x: &[R]) -> R {
    let v0 = if x[1] < x[1] { x[1] } else { x[1] };
    let v1 = (v0.sin() * 4.0).signum();
    let v2 = variance(&[v0.sin() * 2.0]);
    let v3 = affine(&[x[1], x[2]], &[x[2], x[2]], x[0]);
    let v4 = (v1.sin() * 4.0).mul(v1.sin() * 4.0);
    let v5 = R::constant(-0.75);
    let v6 = R::constant(2.375);
    let v7 = (x[0].sin() * 1.875 + 2.125).polygamma(1);
    let v8 = dot(&[v7.sin() * 2.0, v3.sin() * 2.0], &[v7.sin() * 2.0, v4.sin() * 2.0]);
    let v9 = (v1.sin() * 1.75 + 2.25).atan2(v5);
    let v10 = (v0.sin() * 4.0).atan();
    let v11 = R::constant(-3.375);
    let v12 = lt(v10, x[0]).select(v9, v11);
    let v13 = if v12 < v8 { v1 } else { v2 };
    let v14 = (v13.sin() * 4.0).add(v8.sin() * 4.0);
    let v15 = v6.clamp(v6.sin() * 0.5 + -1.5, v14.sin() * 0.5 + 1.5);
    v15
}
