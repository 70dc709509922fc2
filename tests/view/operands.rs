//! Unfolded, a drawing has a vertex for each node and an arrow for each operand, in every format.

use crate::escaped::labels_of_dot;
use crate::programs::{Program, Random, any_point};
use std::collections::BTreeMap;
use tapegrad::view::{Listing, Operand};
use tapegrad::{Function, primitives::Op};

/// Listings of random programs: tame ones with branches, and wide ones with numbers that are not finite.
pub fn listings(count: usize) -> Vec<Listing> {
    let mut random = Random(19);
    let mut listings = Vec::new();
    while listings.len() < count {
        let n = 1 + random.below(3);
        let x = any_point(&mut random, n);
        let program = if random.below(2) == 0 {
            Program::random(&mut random, n, 14, true)
        } else {
            Program::wide(&mut random, n)
        };
        let Ok(f) = Function::record(|x| program.outputs(x), &x[..]) else { continue };
        listings.extend(f.evaluator().listing(&x));
    }
    listings
}

/// How often each node is an operand of each other.
fn operands(listing: &Listing) -> BTreeMap<[usize; 2], usize> {
    let mut operands = BTreeMap::new();
    for node in &listing.nodes {
        assert_ne!(node.op, Op::Entry);
        for operand in &node.operands {
            if let &Operand::Node(operand) = operand {
                *operands.entry([operand, node.index]).or_default() += 1;
            }
        }
    }
    operands
}

/// An arrow `n1 -> n2` and how many operands it stands for.
fn arrow(line: &str, head: &str) -> Option<([usize; 2], usize)> {
    let (from, rest) = line.trim().split_once(head)?;
    let from = from.trim().strip_prefix('n')?.parse().ok()?;
    let to = rest.rsplit(' ').find_map(|word| word.strip_prefix('n'));
    let to = to.or_else(|| rest.trim().strip_prefix('n')).expect("a vertex").trim_end_matches(';');
    let count = rest.split_once("× ").map_or(1, |(_, count)| {
        let digits: String = count.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    });
    Some(([from, to.parse().unwrap()], count))
}

#[test]
fn every_node_and_every_operand() {
    for listing in listings(150) {
        let graph = listing.graph().folded(false).at_most(10_000);
        let (dot, mermaid) = (graph.to_dot(), graph.to_mermaid());
        let headings = labels_of_dot(&dot);
        for node in &listing.nodes {
            let heading = format!("#{} ", node.index);
            assert!(headings[node.index].starts_with(&heading), "{dot}");
            assert!(headings[node.index].contains(node.op.name()) || node.op == Op::Input, "{dot}");
        }
        let in_dot = dot
            .lines()
            .filter_map(|line| arrow(line.split(" [").next()?, "->").map(|a| (a.0, arrow_count(line))));
        let mut seen = BTreeMap::new();
        in_dot.for_each(|(ends, count)| *seen.entry(ends).or_default() += count);
        assert_eq!(seen, operands(&listing), "{dot}");
        let mut seen = BTreeMap::new();
        for line in mermaid.lines() {
            let line = line.replace("-.->", "-->");
            if let Some((from, rest)) = line.trim().split_once(" -->") {
                let to = rest.rsplit(' ').next().unwrap();
                let ends = [from, to].map(|end| end.strip_prefix('n').unwrap().parse::<usize>().unwrap());
                *seen.entry(ends).or_default() += arrow_count(&line);
            }
        }
        assert_eq!(seen, operands(&listing), "{mermaid}");
    }
}

fn arrow_count(line: &str) -> usize {
    line.split_once("× ").map_or(1, |(_, count)| {
        let digits: String = count.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    })
}

#[test]
fn the_same_bytes_each_time() {
    for listing in listings(30) {
        let draw = || {
            let graph = listing.graph().with_partials(true);
            [graph.to_dot(), graph.to_mermaid(), graph.to_svg(), graph.to_string()]
        };
        assert_eq!(draw(), draw());
    }
}
