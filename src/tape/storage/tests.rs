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
    storage.begin(usize::MAX, None);
    let left = storage.numbers_left().expect("a window");
    assert!(left.end - left.start >= (MOST - FIRST) as u64);
}
/// The system provides memory when it is written to, whether it is used afterwards or not.
#[test]
fn what_is_reserved_is_not_written() {
    let mut storage = Storage::new();
    storage.begin(usize::MAX, None);
    storage.keep_lines(false);
    assert!(storage.reserve(100_000).is_ok());
    let (len, capacity) = (storage.room.len(), storage.room.capacity());
    assert!(len < 100 && capacity >= FIRST + 100_000);
    for _ in 0..100_000 {
        storage.push_leaf(1.0, Location::caller());
    }
    assert_eq!((storage.len(), storage.room.capacity()), (100_000, capacity));
}

#[test]
fn a_panic_between_two_columns_leaves_them_equally_long() {
    let mut storage = Storage::new();
    storage.begin(usize::MAX, None);
    storage.keep_lines(false);
    let x = storage.push_leaf(1.0, Location::caller());
    let lists = Lists { first: &[x], second: &[2.0], last: None };
    let fails = (|item: Var| item, |_: f64| -> Var { panic!("on purpose") });
    let push = || storage.try_push_reduction::<reduction::Dot, _, _>(2.0, lists, fails);
    assert!(catch_unwind(AssertUnwindSafe(push)).is_err());
    assert_eq!(storage.pool.operands.len(), storage.pool.slots.len());
}
