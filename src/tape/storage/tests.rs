use super::*;
use crate::table::number::Lists;
use crate::table::rules::reduction;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

/// In an integration test this would take 2³² tapes.
#[test]
fn tapes_without_nodes_do_not_run_into_the_numbers_of_others() {
    let mut storage = Storage::new();
    let end = storage.cold().numbers_end;
    storage.cold_mut().segments[0].origin = end - FIRST as u64;
    storage.begin(usize::MAX, Keep::Entries);
    let left = storage.numbers_left().expect("a window");
    assert!(left.end - left.start >= (MOST - FIRST) as u64);
}
/// The system provides memory when it is written to, whether it is used afterwards or not.
#[test]
fn what_is_reserved_is_not_written() {
    let mut storage = Storage::new();
    storage.begin(usize::MAX, Keep::Entries);
    storage.keep_lines(false);
    assert!(storage.reserve(100_000).is_ok());
    let sizes = |storage: &Storage| {
        [(storage.rows.len(), storage.rows.capacity()), (storage.entries.len(), storage.entries.capacity())]
    };
    let before = sizes(&storage);
    assert!(before.iter().all(|&(len, capacity)| len < 100 && capacity >= FIRST + 100_000));
    let x = storage.push_leaf(1.0, Location::caller());
    for _ in 1..100_000 {
        storage
            .append(Op::Custom, 1.0, &[x, x], &[1.0, 1.0], &|_| true, Location::caller())
            .ok()
            .expect("room");
    }
    assert_eq!(storage.len(), 100_000);
    assert_eq!(sizes(&storage).map(|size| size.1), before.map(|size| size.1));
}

#[test]
fn a_panic_within_a_row_leaves_the_tape_as_it_was() {
    let mut storage = Storage::new();
    storage.begin(usize::MAX, Keep::Entries);
    storage.keep_lines(false);
    let x = storage.push_leaf(1.0, Location::caller());
    let lists = Lists { first: &[x], second: &[2.0], last: None };
    let fails = (|item: Var| item, |_: f64| -> Var { panic!("on purpose") });
    let push = || storage.try_push_reduction::<reduction::Dot, _, _>(2.0, lists, fails);
    assert!(catch_unwind(AssertUnwindSafe(push)).is_err());
    assert_eq!((storage.len(), storage.pool.slots.len(), storage.pool.operands.len()), (1, 0, 0));
}
