//! scratch
use tapegrad::{Function, Var};
fn main() {
    let n = 200; let steps = 4;
    let f = Function::record(|x: &[Var]| {
        let ends = Var::from(0.0);
        let mut cells: Vec<Var> = [&[ends], x, &[ends]].concat();
        let mut next = cells.clone();
        for _ in 0..steps {
            for (next, w) in next[1..].iter_mut().zip(cells.windows(3)) {
                let (left,u,right)=(w[0],w[1],w[2]);
                *next = u - u * (right - left) * 0.05 + (left - u * 2.0 + right) * 0.2;
            }
            std::mem::swap(&mut cells, &mut next);
        }
        cells.iter().map(|&u| u * u * 0.5).sum::<Var>()
    }, &vec![0.5; n][..]).unwrap();
    println!("{}", f.vectorised().plan());
}
