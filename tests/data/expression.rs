pub fn expression<R: Real>(x: &[R]) -> R {
    let v0 = if x[1] < x[1] { x[1] } else { x[1] };
    let v1 = (x[0].sin() * 1.875 + 2.125).powi(2);
    let v2 = (v0.sin() * 4.0).abs();
    let v3 = variance(&[v0.sin() * 2.0]);
    let v4 = norm(&[x[1], x[2], x[2], x[2], x[0], v1.sin() * 2.0]);
    let v5 = (v2.sin() * 4.0).mul(v2.sin() * 4.0);
    let v6 = R::constant(-0.75);
    let v7 = R::constant(2.375);
    let v8 = (x[0].sin() * 1.875 + 2.125).digamma();
    let v9 = dot(&[v8.sin() * 2.0, v4.sin() * 2.0], &[v8.sin() * 2.0, v5.sin() * 2.0]);
    let v10 = (v2.sin() * 1.75 + 2.25).atan2(v6);
    let v11 = (v0.sin() * 4.0).atan();
    let v12 = R::constant(-3.375);
    let v13 = lt(v11, x[0]).select(v10, v12);
    let v14 = if v13 < v9 { v2 } else { v3 };
    let v15 = (v14.sin() * 4.0).add(v9.sin() * 4.0);
    let v16 = v7.clamp(v7.sin() * 0.5 + -1.5, v15.sin() * 0.5 + 1.5);
    v16
}
