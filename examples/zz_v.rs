//! x
#[path = "../benches/workloads/mod.rs"]
mod workloads;
use tapegrad::{Function, Var};
use workloads::{Workload, Size, Visitor, visit_all};
struct V(String);
impl Visitor for V {
    fn visit<W: Workload<M>, const M: usize>(&mut self, workload: W) {
        if W::NAME != self.0 { return }
        let x = workload.point(0).to_vec();
        let f = Function::record(|x: &[Var]| workload.plain(0, x), &x[..]).unwrap();
        let plan = f.vectorised();
        eprintln!("{}: {}", W::NAME, plan.plan());
        eprintln!("{}", plan.describe());
        let mut e = plan.evaluator();
        let mut g = vec![0.0; x.len()];
        for _ in 0..100 { if M == 1 { e.value_and_gradient_into(&x, &mut g).unwrap(); } }
    }
}
fn main() { visit_all(Size::Full, &mut V(std::env::args().nth(1).unwrap())); }
