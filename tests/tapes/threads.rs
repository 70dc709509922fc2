//! A tape per thread, variables and gradients anywhere; threads may end, and code may panic, at any time.

use crate::common::{assert_says, panic_of};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, mpsc};
use std::thread;
use tapegrad::{Dual, Gradient, Mark, Tape, Var, gradient, preaccumulate};

#[test]
fn what_may_cross_threads() {
    fn free<T: Send + Sync + Copy + Unpin + 'static>() {}
    free::<Var>();
    free::<Dual<Var, 3>>();
    free::<Mark>();
    fn sent<T: Send + Sync + 'static>() {}
    sent::<Gradient>();
    sent::<tapegrad::view::Listing>();
    sent::<tapegrad::view::NonFinite>();
    sent::<tapegrad::Error>();
    assert_eq!(size_of::<Var>(), 16);
    // The numbers, which directions reach it, and whose it is.
    assert_eq!(size_of::<Dual<Var, 3>>(), 16 * 4 + 8 + 8);
    assert_eq!(size_of::<Dual<f64, 8>>(), 8 * 9 + 8 + 8);
}

#[test]
fn a_tape_may_not() {
    // Of the three below, one applies to a type that is neither `Send` nor `Sync`. If another did, the call
    // would be ambiguous and not compile.
    trait Ambiguous<A> {
        fn is_bound_to_its_thread() {}
    }
    struct IfSend;
    struct IfSync;
    impl<T: ?Sized> Ambiguous<()> for T {}
    impl<T: ?Sized + Send> Ambiguous<IfSend> for T {}
    impl<T: ?Sized + Sync> Ambiguous<IfSync> for T {}
    <Tape as Ambiguous<_>>::is_bound_to_its_thread();
}

fn square(x: f64) -> f64 {
    let tape = Tape::new();
    let x = tape.var(x);
    (x * x).backward()[x]
}

#[test]
fn a_tape_per_worker() {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|k| {
                scope.spawn(move || {
                    let tape = Tape::new();
                    let w = tape.var(f64::from(k));
                    let mark = tape.mark();
                    (0..1000)
                        .map(|_| {
                            let g = (w * w * w).backward()[w];
                            tape.rewind(mark);
                            g
                        })
                        .sum::<f64>()
                })
            })
            .collect();
        for (k, worker) in workers.into_iter().enumerate() {
            assert_eq!(worker.join().unwrap(), 3000.0 * (k * k) as f64);
        }
    });
}

#[test]
fn variables_and_gradients_travel() {
    let (tape, g, x) = {
        let tape = Tape::new();
        let x = tape.var(3.0);
        let g = (x * x).backward();
        (tape, g, x)
    };
    // The gradient answers anywhere; the variable has its value anywhere.
    let (g, value) = thread::spawn(move || {
        assert_eq!(g[x], 6.0);
        let own = Tape::new();
        assert_eq!(g.get(own.var(3.0)), None);
        (g, x.value())
    })
    .join()
    .unwrap();
    assert_eq!((g[x], value), (6.0, 3.0));
    drop(tape);
}

#[test]
fn numbers_are_unique_among_threads() {
    // Everyone asks everyone's gradient for everyone's variables.
    let (sender, receiver) = mpsc::channel();
    for k in 0..8 {
        let sender = sender.clone();
        thread::spawn(move || {
            for _ in 0..50 {
                let tape = Tape::new();
                let x = tape.var(f64::from(k));
                sender.send((x, (x * 2.0).backward())).unwrap();
            }
        });
    }
    drop(sender);
    let all: Vec<(Var, Gradient)> = receiver.iter().collect();
    assert_eq!(all.len(), 400);
    for (i, (_, g)) in all.iter().enumerate() {
        for (j, (x, _)) in all.iter().enumerate() {
            assert_eq!(g.get(*x), (i == j).then_some(2.0));
        }
    }
}

#[test]
fn storms_of_short_threads() {
    for _ in 0..50 {
        thread::scope(|scope| {
            for k in 0..20 {
                scope.spawn(move || assert_eq!(square(f64::from(k)), 2.0 * f64::from(k)));
            }
        });
    }
}

#[test]
fn a_panic_while_recording() {
    let outer = Tape::new();
    let x = outer.var(3.0);
    for _ in 0..3 {
        let panic = panic_of(|| {
            let inner = Tape::new();
            let y = inner.var(1.0);
            let _ = y * y;
            gradient(|[z]| if z > 0.0 { panic!("on purpose {}", z * 2.0) } else { z }, [1.0])
        });
        assert_says(&panic.message, &["on purpose 2"]);
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            preaccumulate([x], |[_]| -> Dual { resume_unwind(Box::new("on purpose")) })
        }));
        assert!(unwound.is_err());
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            outer.custom("f", [x], |_| -> (f64, [f64; 1]) { resume_unwind(Box::new("on purpose")) })
        }));
        assert!(unwound.is_err());
    }
    // No tape is poisoned, and nothing of the panics is left on this one.
    assert_eq!(outer.len(), 1);
    assert_eq!((x * x).backward()[x], 6.0);
    assert_eq!(square(5.0), 10.0);
}

#[test]
fn user_code_inside_may_use_tapes() {
    // The closure of a custom operation differentiates another function on another tape.
    let tape = Tape::new();
    let x = tape.var(3.0);
    let y = tape.custom("square", [x], |[x]| (x * x, [square(x)]));
    assert_eq!(y.backward()[x], 6.0);
    let z = preaccumulate([x], |[x]| x * square(2.0));
    assert_eq!(z.backward()[x], 4.0);
    let w = tape.no_grad(|| x * square(2.0));
    assert_eq!(w.value(), 12.0);
    assert_eq!(gradient(|[x]| x * gradient(|[y]| y * y, [5.0])[0], [1.0]), [10.0]);
}

thread_local! {
    static KEPT: RefCell<Option<Tape>> = const { RefCell::new(None) };
    static LATE: Late = const { Late(Cell::new(None)) };
}

/// What a thread does when it ends: before the tapes of the thread are gone if `LATE` was touched after
/// them, else after.
struct Late(Cell<Option<Box<dyn FnOnce()>>>);

impl Drop for Late {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

/// Runs `first` in a new thread, and what it returns when that thread ends.
fn at_thread_end<F: FnOnce() + 'static>(touch_late_first: bool, first: impl FnOnce() -> F + Send + 'static) {
    let thread = thread::spawn(move || {
        if touch_late_first {
            LATE.with(|_| ());
        }
        let last = first();
        LATE.with(|late| late.0.set(Some(Box::new(last))));
    });
    thread.join().unwrap();
}

#[test]
fn a_tape_in_a_thread_local() {
    for uses_tapes_before in [false, true] {
        let outcome = thread::spawn(move || {
            if uses_tapes_before {
                square(1.0);
            }
            KEPT.set(Some(Tape::new()));
            KEPT.with_borrow(|tape| {
                let x = tape.as_ref().unwrap().var(3.0);
                (x * x).backward()[x]
            })
        })
        .join();
        assert_eq!(outcome.unwrap(), 6.0);
    }
    assert_eq!(square(2.0), 4.0);
}

#[test]
fn a_tape_made_while_the_thread_ends() {
    // A panic in there would abort the process.
    static RESULTS: Mutex<Vec<f64>> = Mutex::new(Vec::new());
    for touch_late_first in [false, true] {
        for uses_tapes_before in [false, true] {
            at_thread_end(touch_late_first, move || {
                if uses_tapes_before {
                    square(1.0);
                }
                || RESULTS.lock().unwrap().push(square(7.0) + square(8.0))
            });
        }
    }
    assert_eq!(*RESULTS.lock().unwrap(), [30.0; 4]);
}

#[test]
fn a_tape_used_after_the_tapes_are_gone() {
    static MESSAGES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    at_thread_end(true, || {
        let tape = Tape::new();
        let x = tape.var(3.0);
        move || {
            let mut messages = MESSAGES.lock().unwrap();
            messages.push(message_of(|| tape.var(1.0)));
            messages.push(message_of(|| x * x));
            drop(tape);
        }
    });
    let messages = MESSAGES.lock().unwrap();
    assert_says(&messages[0], &["this thread is ending", "before that"]);
    assert_says(&messages[1], &["on no tape of this thread"]);
}

/// As `panic_of`, where thread-locals are going away.
fn message_of(f: impl FnOnce() -> Var) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("this should have been refused");
    *payload.downcast().expect("a message")
}

#[test]
fn a_dropped_tape_leaves_its_memory_to_the_next() {
    let tape = Tape::with_capacity(100_000);
    let held = tape.memory();
    assert!(held >= 100_000 * 40);
    let x = tape.var(1.0);
    let _ = (0..1000).fold(x, |y, _| y + x);
    drop(tape);
    let next = Tape::new();
    assert!(next.memory() >= held && next.is_empty());
    let x = next.var(3.0);
    assert_eq!((x * x).backward()[x], 6.0);
    // A clear keeps it too; `release_memory` gives it back.
    next.clear();
    assert!(next.memory() >= held);
    next.release_memory();
    assert!(next.memory() < 1000, "{} bytes", next.memory());
    let x = next.var(3.0);
    assert_eq!((x * x).backward()[x], 6.0);
}

#[test]
fn what_a_thread_keeps_has_a_bound() {
    // 64 MB are kept for later tapes, not everything that ever was.
    drop(Tape::with_capacity(4_000_000));
    let next = Tape::new();
    assert!(next.memory() < 64 << 20, "{} bytes", next.memory());
}

#[test]
fn a_forgotten_tape_does_no_harm() {
    thread::spawn(|| {
        let tape = Tape::new();
        let x = tape.var(3.0);
        std::mem::forget(tape);
        assert_eq!((x * x).backward()[x], 6.0);
        assert_eq!(square(5.0), 10.0);
    })
    .join()
    .unwrap();
}
