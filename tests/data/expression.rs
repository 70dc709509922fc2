fn expression<R: Real>(x: &[R]) -> R {
    lt(x[0], x[1]).select(x[0], x[1])
}
