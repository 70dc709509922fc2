//! A thread keeps the memory of its dropped tapes as long as recent tapes have needed it, and gives back what they have not.
//! Each test has a thread, and so memory, of its own.

mod common;

use common::{assert_says, panic_of, quick_tape};
use std::panic::catch_unwind;
use tapegrad::Tape;

const MB: usize = 1 << 20;
/// Nodes that take more than is kept in any case where `keep_little` was called.
const LARGE: usize = 50_000;

/// Instead of 64 MB, which take a while to fill.
fn keep_little() {
    Tape::keep_spare_memory(MB);
}

/// Records so many nodes, and drops the tape; gives what it held.
fn use_tape(nodes: usize) -> usize {
    let tape = quick_tape();
    fill(&tape, nodes)
}

/// So many such tapes, one after the other.
fn use_tapes(count: usize, nodes: usize) {
    for _ in 0..count {
        use_tape(nodes);
    }
}

fn fill(tape: &Tape, nodes: usize) -> usize {
    for _ in 0..nodes {
        tape.var(1.0);
    }
    tape.memory()
}

#[test]
fn large_memory_serves_the_next_tape() {
    // Ten million operands take more than 64 MB.
    let list = vec![0.5; 1_000_000];
    let fill = |tape: &Tape| {
        let x = tape.var(1.0);
        for _ in 0..6 {
            let _ = tapegrad::lists::affine(&vec![x; list.len()], &list, 1.0);
        }
        tape.memory()
    };
    let tape = quick_tape();
    let held = fill(&tape);
    assert!(held > 64 * MB);
    drop(tape);
    assert_eq!(Tape::spare_memory(), held);
    let tape = quick_tape();
    assert_eq!((tape.memory(), Tape::spare_memory()), (held, 0));
    assert_eq!(fill(&tape), held, "the memory was there");
}

#[test]
fn a_few_small_tapes_in_between_do_no_harm() {
    keep_little();
    let held = use_tape(LARGE);
    assert!(held > 2 * MB - MB / 8);
    for _ in 0..3 {
        use_tapes(15, 10);
        assert_eq!(use_tape(LARGE), held);
        assert_eq!(Tape::spare_memory(), held);
    }
    // A tape that was cleared or rewound has needed what it had at most.
    for _ in 0..20 {
        let tape = quick_tape();
        fill(&tape, LARGE);
        tape.clear();
        fill(&tape, 10);
    }
    assert_eq!(Tape::spare_memory(), held);
}

#[test]
fn what_recent_tapes_have_not_needed_goes_back() {
    keep_little();
    let held = use_tape(LARGE);
    for tapes in 1..16 {
        use_tape(1000);
        assert_eq!(Tape::spare_memory(), held, "after {tapes}");
    }
    use_tape(1000);
    assert!(Tape::spare_memory() < MB / 8, "{} bytes", Tape::spare_memory());
    // Room that was asked for and not used has not been needed.
    drop(Tape::with_capacity(LARGE));
    assert!(Tape::spare_memory() < MB / 8, "{} bytes", Tape::spare_memory());
    // Operands of lists, and lines, count like nodes.
    let lines = |tape: &Tape| {
        tape.keep_lines(true);
        fill(tape, LARGE);
    };
    let lists = |tape: &Tape| {
        let _ = tapegrad::lists::sum(&vec![tape.var(1.0); 4 * LARGE]);
    };
    for use_it in [&lines as &dyn Fn(&Tape), &lists] {
        let tape = quick_tape();
        use_it(&tape);
        let held = tape.memory();
        assert!(held > 2 * MB);
        drop(tape);
        assert_eq!(Tape::spare_memory(), held);
        use_tapes(16, 1000);
        assert!(Tape::spare_memory() < MB / 8, "{} bytes", Tape::spare_memory());
    }
}

#[test]
fn tapes_that_lived_together() {
    // A hundred at a time, four megabytes in all.
    keep_little();
    let together = || {
        let tapes: Vec<Tape> = (0..100).map(|_| quick_tape()).collect();
        tapes.iter().map(|tape| fill(tape, 1000)).sum::<usize>()
    };
    let held = together();
    assert!(held > 3 * MB);
    for _ in 0..20 {
        assert_eq!(Tape::spare_memory(), held);
        assert_eq!(together(), held);
    }
    // One at a time needs but one; what is kept in any case stays.
    use_tapes(40, 1000);
    let kept = Tape::spare_memory();
    assert!((MB - MB / 8..=MB).contains(&kept), "{kept} bytes");
}

#[test]
fn a_thread_may_say_how_much_it_keeps() {
    let small = use_tape(10_000);
    assert_eq!(Tape::spare_memory(), small);
    Tape::keep_spare_memory(0);
    use_tapes(16, 10);
    assert!(Tape::spare_memory() < 10_000, "{} bytes", Tape::spare_memory());
    // Everything, needed or not.
    Tape::keep_spare_memory(usize::MAX);
    let held = use_tape(LARGE);
    use_tapes(50, 10);
    assert_eq!(Tape::spare_memory(), held);
    // And at once. Live tapes are not concerned.
    let tape = quick_tape();
    let x = tape.var(3.0);
    drop(Tape::with_capacity(1000));
    assert!(Tape::spare_memory() > 0);
    Tape::release_spare_memory();
    assert_eq!(Tape::spare_memory(), 0);
    assert_eq!((x * x).backward()[x], 6.0);
    // Other threads have their own.
    let other =
        std::thread::spawn(|| (Tape::spare_memory(), use_tape(10), Tape::spare_memory())).join().unwrap();
    assert_eq!((other.0, other.1), (0, other.2));
}

#[test]
fn more_than_there_is() {
    let too_many = |nodes: usize| {
        assert_says(
            &panic_of(|| Tape::with_capacity(nodes)).message,
            &[
                "no memory for a tape of",
                &nodes.to_string(),
                "40 bytes",
                "at most 2147483645",
                "reserve fewer",
            ],
        );
    };
    too_many(usize::MAX);
    too_many(usize::MAX / 40);
    too_many(4_294_967_294);
    // There may be 160 GB, or not; the process goes on.
    let most = catch_unwind(|| drop(Tape::with_capacity(4_294_967_293)));
    assert!(most.is_ok() || Tape::spare_memory() < MB);
    assert_eq!(use_tape(1), quick_tape().memory());
}
