//! Every way to the values, the Jacobian and the Hessian of a program, each under its name.

use crate::programs::Program;
use crate::rounding::N;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use tapegrad::{
    Dual, Function, Pass, Real, Tape, Var, gradient, hessian, hvp, jacobian, jvp, preaccumulate,
    value_and_gradient, vjp,
};

thread_local! {
    static LISTENS: Cell<bool> = const { Cell::new(false) };
}

/// The result, or what the panic said.
pub fn attempt<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |panic| {
            if !LISTENS.get() {
                report(panic);
            }
        }));
    });
    let outer = LISTENS.replace(true);
    let result = catch_unwind(AssertUnwindSafe(f));
    LISTENS.set(outer);
    result.map_err(|panic| match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast_ref::<&str>().map_or(String::new(), |message| (*message).to_owned()),
    })
}

/// What one way gives, or the panic it ends with.
pub struct Answer {
    pub way: String,
    pub numbers: Result<Vec<f64>, String>,
}

#[derive(Default)]
pub struct Answers(pub Vec<Answer>);

impl Answers {
    fn add(&mut self, way: impl Into<String>, numbers: impl FnOnce() -> Vec<f64>) {
        self.0.push(Answer { way: way.into(), numbers: attempt(numbers) });
    }
}

/// A recorded function in all its forms that promise the same bits, and one that does not.
pub struct Forms {
    /// As recorded, after each pass alone, after all of them, loaded.
    pub same: Vec<(String, Function)>,
    pub reassociated: Result<Function, String>,
    /// What did not even come about.
    pub failed: Vec<(String, String)>,
}

impl Forms {
    pub fn of(program: &Program, x: &[f64]) -> Result<Forms, String> {
        let recorded = attempt(|| Function::record(|x: &[Var]| program.outputs(x), x).unwrap())?;
        let mut forms = Forms {
            same: Vec::new(),
            reassociated: attempt(|| recorded.with_passes(&[Pass::Reassociate])),
            failed: Vec::new(),
        };
        let mut add = |name: String, form: Result<Function, String>| match form {
            Ok(function) => forms.same.push((name, function)),
            Err(message) => forms.failed.push((name, message)),
        };
        for pass in Pass::EXACT {
            add(format!("{pass:?}"), attempt(|| recorded.with_passes(&[pass])));
        }
        add("optimized".into(), attempt(|| recorded.optimize()));
        add("loaded".into(), attempt(|| load(&recorded)));
        add("loaded, optimized".into(), attempt(|| load(&recorded.optimize())));
        if let Err(message) = &forms.reassociated {
            forms.failed.push(("Reassociate".into(), message.clone()));
        }
        forms.same.insert(0, ("recorded".into(), recorded));
        Ok(forms)
    }

    pub fn recorded(&self) -> &Function {
        &self.same[0].1
    }

    /// As recorded and, if it came about, optimised; with a prefix for names.
    fn derived(&self) -> impl Iterator<Item = (&'static str, &Function)> {
        let optimized = self.same.iter().find(|(name, _)| name == "optimized");
        [("", self.recorded())].into_iter().chain(optimized.map(|(_, f)| ("optimized: ", f)))
    }
}

fn load(function: &Function) -> Function {
    serde_json::from_str(&serde_json::to_string(function).unwrap()).unwrap()
}

fn plain(vars: &[Var]) -> Vec<f64> {
    vars.iter().map(|var| var.value()).collect()
}

/// The point as duals, a direction per input.
fn duals(x: &[f64]) -> Vec<Dual<f64, N>> {
    x.iter().enumerate().map(|(k, &x)| Dual::variable(x, k)).collect()
}

/// The program as one node per output.
fn as_blocks(program: &Program, vars: &[Var]) -> Vec<Var> {
    let inputs: [Var; N] = std::array::from_fn(|k| vars.get(k).copied().unwrap_or_default());
    let block = |output| preaccumulate(inputs, |x| program.outputs(&x[..vars.len()])[output]);
    (0..program.output_count()).map(block).collect()
}

/// A unit vector.
fn unit(k: usize, n: usize) -> Vec<f64> {
    (0..n).map(|j| if j == k { 1.0 } else { 0.0 }).collect()
}

pub fn values(program: &Program, x: &[f64], forms: &Forms) -> Answers {
    let mut all = Answers::default();
    let m = program.output_count();
    all.add("f64", || program.outputs(x));
    all.add("tape", || plain(&program.outputs(&Tape::new().vars(x))));
    all.add("recording tape", || plain(&program.outputs(&Tape::recording().vars(x))));
    all.add("constants", || plain(&program.outputs(&x.iter().map(|&x| Var::from(x)).collect::<Vec<_>>())));
    all.add("Dual", || program.outputs(&duals(x)).iter().map(|y| y.primal()).collect());
    all.add("blocks", || plain(&as_blocks(program, &Tape::new().vars(x))));
    all.add("jvp", || jvp(|[y]: [Dual; 1]| program_of_first(program, x, y), [x[0]], [1.0]).0);
    all.add("value_and_gradient", || {
        (0..m).map(|k| value_and_gradient(|x: &[Var]| program.outputs(x)[k], x).0).collect()
    });
    for (name, f) in &forms.same {
        all.add(format!("{name}: values"), || f.evaluator().values(x).unwrap());
        all.add(format!("{name}: value"), || {
            (0..m).map(|k| f.output(k).unwrap().evaluator().value(x).unwrap()).collect()
        });
    }
    let f = forms.recorded();
    all.add("call, f64", || f.call(x).unwrap());
    all.add("call, Var", || plain(&f.call(&Tape::new().vars(x)).unwrap()));
    all.add("call, Dual", || f.call(&duals(x)).unwrap().iter().map(|y| y.primal()).collect());
    all.add("call_as_node", || plain(&f.call_as_node(&Tape::new().vars(x)).unwrap()));
    all.add("recorded again", || {
        let again = Function::record(|x: &[Var]| f.call(x).unwrap(), x).unwrap();
        again.evaluator().values(x).unwrap()
    });
    all.add("jvp()", || {
        let x = [x, &unit(0, x.len())].concat();
        f.jvp().unwrap().evaluator().values(&x).unwrap()[..m].to_vec()
    });
    all
}

/// The outputs as a function of the first input alone.
fn program_of_first(program: &Program, x: &[f64], first: Dual) -> Vec<Dual> {
    let mut x: Vec<Dual> = x.iter().map(|&x| Dual::constant(x)).collect();
    x[0] = first;
    program.outputs(&x)
}

/// The rows of the gradients of variables, by others.
fn swept(outputs: &[Var], by: &[Var]) -> Vec<f64> {
    let row = |y: &Var| {
        let g = y.backward();
        by.iter().map(|&x| g.get(x).unwrap_or(0.0)).collect::<Vec<_>>()
    };
    outputs.iter().flat_map(row).collect()
}

/// Rows from columns.
fn transposed(columns: Vec<Vec<f64>>, rows: usize) -> Vec<f64> {
    (0..rows).flat_map(|row| columns.iter().map(move |column| column[row]).collect::<Vec<_>>()).collect()
}

pub fn jacobians(program: &Program, x: &[f64], forms: &Forms) -> Answers {
    let mut all = Answers::default();
    let (n, m) = (x.len(), program.output_count());
    let on_tape = |f: &dyn Fn(&[Var]) -> Vec<Var>| {
        let tape = Tape::new();
        let vars = tape.vars(x);
        swept(&f(&vars), &vars)
    };
    let for_gradients = |f: &dyn Fn(&[Var]) -> Vec<Var>| {
        let tape = Tape::for_gradients();
        tape.keep_lines(false); // the quick path, in debug builds too
        let vars = tape.vars(x);
        swept(&f(&vars), &vars)
    };
    let of_duals = |outputs: Vec<Dual<f64, N>>| -> Vec<f64> {
        outputs.iter().flat_map(|y| y.tangents()[..n].to_vec()).collect()
    };
    all.add("tape", || on_tape(&|x| program.outputs(x)));
    all.add("jacobian", || jacobian(|x: &[Var]| program.outputs(x), x).concat());
    all.add("gradient", || (0..m).flat_map(|k| gradient(|x: &[Var]| program.outputs(x)[k], x)).collect());
    all.add("vjp", || (0..m).flat_map(|k| vjp(|x: &[Var]| program.outputs(x), x, unit(k, m)).1).collect());
    all.add("Dual", || of_duals(program.outputs(&duals(x))));
    all.add("jvp", || {
        let column = |k| jvp(|x: &[Dual]| program.outputs(x), x, &unit(k, n)[..]).1;
        transposed((0..n).map(column).collect(), m)
    });
    all.add("blocks", || on_tape(&|x| as_blocks(program, x)));
    all.add("tape for gradients", || for_gradients(&|x| program.outputs(x)));
    all.add("blocks on a tape for gradients", || for_gradients(&|x| as_blocks(program, x)));
    for (name, f) in &forms.same {
        all.add(format!("{name}: jacobian_at"), || {
            let mut jacobian = vec![7.0; n * m];
            f.evaluator().jacobian_into(x, &mut jacobian).unwrap();
            jacobian
        });
        all.add(format!("{name}: value_and_gradient"), || {
            let mut jacobian = vec![7.0; n * m];
            for (k, row) in jacobian.chunks_exact_mut(n).enumerate() {
                f.output(k).unwrap().evaluator().value_and_gradient_into(x, row).unwrap();
            }
            jacobian
        });
    }
    let f = forms.recorded();
    all.add("call, Var", || on_tape(&|x| f.call(x).unwrap()));
    all.add("call, Dual", || of_duals(f.call(&duals(x)).unwrap()));
    all.add("call_as_node", || on_tape(&|x| f.call_as_node(x).unwrap()));
    for (name, f) in forms.derived() {
        all.add(format!("{name}jacobian()"), || f.jacobian().unwrap().evaluator().values(x).unwrap());
        all.add(format!("{name}jacobian().optimize()"), || {
            f.jacobian().unwrap().optimize().evaluator().values(x).unwrap()
        });
        all.add(format!("{name}gradient_of()"), || {
            let row = |k| f.gradient_of(k).unwrap().evaluator().values(x).unwrap();
            (0..m).flat_map(row).collect()
        });
        all.add(format!("{name}vjp()"), || {
            let vjp = f.vjp().unwrap();
            let row = |k| vjp.evaluator().values(&[x, &unit(k, m)].concat()).unwrap()[m..].to_vec();
            (0..m).flat_map(row).collect()
        });
        all.add(format!("{name}jvp()"), || {
            let jvp = f.jvp().unwrap();
            let column = |k| jvp.evaluator().values(&[x, &unit(k, n)].concat()).unwrap()[m..].to_vec();
            transposed((0..n).map(column).collect(), m)
        });
    }
    all
}

/// The roots of the inputs: at 0 their slopes are infinite, so that it matters what reaches an output.
pub fn roots<R: Real>(x: &[R]) -> Vec<R> {
    x.iter().map(|x| x.sqrt()).collect()
}

/// The Jacobian of the program behind roots of its inputs.
pub fn behind_roots(program: &Program, x: &[f64]) -> Answers {
    let mut all = Answers::default();
    let (n, m) = (x.len(), program.output_count());
    let on_tape = |f: &dyn Fn(&[Var]) -> Vec<Var>| {
        let tape = Tape::new();
        let vars = tape.vars(x);
        swept(&f(&roots(&vars)), &vars)
    };
    let f = || Function::record(|x: &[Var]| program.outputs(x), roots(x)).unwrap();
    all.add("tape", || on_tape(&|x| program.outputs(x)));
    all.add("Dual", || {
        let outputs = program.outputs(&roots(&duals(x)));
        outputs.iter().flat_map(|y| y.tangents()[..n].to_vec()).collect()
    });
    all.add("blocks", || on_tape(&|x| as_blocks(program, x)));
    all.add("call", || on_tape(&|x| f().call(x).unwrap()));
    all.add("call_as_node", || on_tape(&|x| f().call_as_node(x).unwrap()));
    all.add("recorded", || {
        let whole = Function::record(|x: &[Var]| f().call(&roots(x)).unwrap(), x).unwrap();
        let mut jacobian = vec![7.0; n * m];
        whole.evaluator().jacobian_into(x, &mut jacobian).unwrap();
        jacobian
    });
    all
}

/// The Hessians of the first output.
pub fn hessians(program: &Program, x: &[f64], forms: &Forms) -> Answers {
    let mut all = Answers::default();
    let n = x.len();
    all.add("hessian", || hessian(|x: &[_]| program.outputs(x)[0], x).concat());
    all.add("hvp", || {
        let row = |k| hvp(|x: &[_]| program.outputs(x)[0], x, &unit(k, n)[..]);
        (0..n).flat_map(row).collect()
    });
    all.add("Dual of Dual", || {
        let inner = duals(x);
        let outer: Vec<Dual<Dual<f64, N>, N>> =
            inner.iter().enumerate().map(|(k, &x)| Dual::variable(x, k)).collect();
        let y = program.outputs(&outer)[0];
        (0..n).flat_map(|k| y.tangent(k).tangents()[..n].to_vec()).collect()
    });
    for (name, f) in &forms.same {
        all.add(format!("{name}: hessian_at"), || {
            let mut hessian = vec![7.0; n * n];
            f.output(0).unwrap().evaluator().hessian_into(x, &mut hessian).unwrap();
            hessian
        });
    }
    let f = &forms.recorded().output(0).unwrap();
    all.add("Function::hvp", || {
        let mut hessian = vec![7.0; n * n];
        for (k, row) in hessian.chunks_exact_mut(n).enumerate() {
            f.evaluator().hvp_into(x, &unit(k, n), row).unwrap();
        }
        hessian
    });
    for (name, f) in forms.derived() {
        let f = f.output(0).unwrap();
        all.add(format!("{name}hessian()"), || f.hessian().unwrap().evaluator().values(x).unwrap());
        all.add(format!("{name}hessian().optimize()"), || {
            f.hessian().unwrap().optimize().evaluator().values(x).unwrap()
        });
        all.add(format!("{name}gradient().jacobian_at"), || {
            let mut hessian = vec![7.0; n * n];
            f.gradient().unwrap().evaluator().jacobian_into(x, &mut hessian).unwrap();
            hessian
        });
        all.add(format!("{name}hvp()"), || {
            let hvp = f.hvp().unwrap();
            let row = |k| hvp.evaluator().values(&[x, &unit(k, n)].concat()).unwrap();
            (0..n).flat_map(row).collect()
        });
    }
    all.add("call, Dual of Var", || {
        let tape = Tape::new();
        let vars = tape.vars(x);
        let row = |k: usize| {
            let dual = |(j, &x): (usize, &Var)| if j == k { Dual::variable(x, 0) } else { Dual::constant(x) };
            let duals: Vec<Dual<Var>> = vars.iter().enumerate().map(dual).collect();
            swept(&[f.call(&duals).unwrap()[0].tangent(0)], &vars)
        };
        (0..n).flat_map(row).collect()
    });
    all
}
