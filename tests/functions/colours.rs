//! Promise: colours are valid, by their definition, and few where few are enough.

use crate::programs::Random;
use tapegrad::{Function, Var, sparse::Pattern};

/// Two columns with a nonzero in the same row must not have the same colour: the first row where they do.
fn conflict(pattern: &Pattern, colours: &[u32]) -> Option<usize> {
    (0..pattern.rows()).find(|&row| {
        let mut of: Vec<u32> = pattern.row(row).iter().map(|&column| colours[column]).collect();
        of.sort_unstable();
        of.windows(2).any(|pair| pair[0] == pair[1])
    })
}

/// The first entry of a symmetric matrix that stands alone neither in its row nor, mirrored, in that of its column, among
/// the columns of its colour.
fn hidden(pattern: &Pattern, colours: &[u32]) -> Option<(usize, usize)> {
    let (whole, _) = pattern.mirrored();
    let is_alone = |row: usize, column: usize| {
        whole.row(row).iter().filter(|&&other| colours[other] == colours[column]).count() == 1
    };
    pattern.triplets().find(|&(row, column)| !is_alone(row, column) && !is_alone(column, row))
}

/// A Jacobian with these rows, of a function that is recorded.
fn with_rows(rows: &[Vec<usize>], variables: usize) -> Pattern {
    let outputs =
        |x: &[Var]| rows.iter().map(|row| row.iter().map(|&k| x[k].exp()).sum()).collect::<Vec<Var>>();
    let f = Function::record(outputs, &vec![0.0; variables][..]).unwrap();
    let pattern = f.jacobian_pattern();
    for (k, row) in rows.iter().enumerate() {
        let mut row = row.clone();
        row.sort_unstable();
        row.dedup();
        assert_eq!(pattern.row(k), row);
    }
    pattern
}

/// The Hessian of a sum of products of these pairs and, of each variable, a square.
fn with_pairs(pairs: &[(usize, usize)], variables: usize) -> Pattern {
    let energy = |x: &[Var]| {
        let squares = x.iter().map(|&x| x * x);
        squares.chain(pairs.iter().map(|&(a, b)| x[a] * x[b])).sum::<Var>()
    };
    Function::record(energy, &vec![0.0; variables][..]).unwrap().hessian_pattern().unwrap()
}

fn colours_of_columns(pattern: &Pattern) -> usize {
    let colouring = pattern.column_colouring().unwrap();
    assert_eq!(conflict(pattern, &colouring.of), None);
    assert!(colouring.of.iter().all(|&colour| (colour as usize) < colouring.colours));
    colouring.colours
}

fn star_colours(pattern: &Pattern) -> usize {
    let colouring = pattern.star_colouring().unwrap();
    assert_eq!(hidden(pattern, &colouring.of), None);
    assert!(colouring.of.iter().all(|&colour| (colour as usize) < colouring.colours));
    colouring.colours
}

#[test]
fn banded_jacobians_take_their_bandwidth() {
    for (width, n) in [(1, 40), (2, 40), (3, 40), (5, 300), (90, 400)] {
        let rows: Vec<Vec<usize>> = (0..=n - width).map(|k| (k..k + width).collect()).collect();
        assert_eq!(colours_of_columns(&with_rows(&rows, n)), width);
    }
}

#[test]
fn banded_hessians_take_at_most_their_bandwidth() {
    for (half, n) in [(0, 40), (1, 40), (2, 40), (3, 100), (7, 200)] {
        let pairs: Vec<_> = (0..n).flat_map(|a| (a + 1..n.min(a + half + 1)).map(move |b| (a, b))).collect();
        let colours = star_colours(&with_pairs(&pairs, n));
        assert!(colours <= 2 * half + 1, "{colours} for {half} below the diagonal");
        assert!(colours > half, "neighbours differ");
    }
}

#[test]
fn arrows_take_two() {
    for hub in [0, 50, 99] {
        let pairs: Vec<_> = (0..100).filter(|&k| k != hub).map(|k| (hub, k)).collect();
        assert_eq!(star_colours(&with_pairs(&pairs, 100)), 2);
    }
}

#[test]
fn any_pattern_has_a_valid_colouring() {
    let mut random = Random(5);
    for _ in 0..100 {
        let variables = 1 + random.below(40);
        let any = |random: &mut Random| random.below(variables);
        let rows: Vec<Vec<usize>> =
            (0..random.below(40)).map(|_| (0..random.below(6)).map(|_| any(&mut random)).collect()).collect();
        let pattern = with_rows(&rows, variables);
        let most = (0..rows.len()).map(|row| pattern.row(row).len()).max().unwrap_or(0);
        let colours = colours_of_columns(&pattern);
        assert!(colours >= most && colours <= variables);
        let pairs: Vec<(usize, usize)> =
            (0..random.below(60)).map(|_| (any(&mut random), any(&mut random))).collect();
        star_colours(&with_pairs(&pairs, variables));
    }
}

#[test]
fn too_many_colours_are_refused() {
    let rows = [(0..1200).collect::<Vec<usize>>()];
    assert!(with_rows(&rows, 1200).column_colouring().is_none());
    assert_eq!(with_rows(&rows[..0], 0).column_colouring().unwrap().colours, 0);
}

/// The checkers above find what is wrong on purpose.
#[test]
fn wrong_colours_are_found() {
    let rows: Vec<Vec<usize>> = (0..9).map(|k| vec![k, k + 1]).collect();
    let pattern = with_rows(&rows, 10);
    let mut colours = pattern.column_colouring().unwrap().of;
    colours[4] = colours[3];
    assert_eq!(conflict(&pattern, &colours), Some(3));
    let pattern = with_pairs(&(0..9).map(|k| (k, k + 1)).collect::<Vec<_>>(), 10);
    // Two colours in turns are no star colouring of a path of four.
    assert_eq!(hidden(&pattern, &[0, 1, 0, 1, 0, 1, 0, 1, 0, 1]), Some((2, 1)));
    assert_eq!(hidden(&pattern, &[0, 0, 1, 2, 0, 1, 2, 0, 1, 2]), Some((0, 0)));
}
