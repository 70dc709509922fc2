//! From a recording to a drawing: which nodes are drawn as which vertices, and with which words.

use super::cut::nearest;
use super::drawing::{Arrow, Drawing, Role, Vertex};
use super::outputs::Outputs;
use super::units::{Unit, groups, operation, units};
use super::words::{Words, grouped, number, range, short_list, short_name};
use crate::table::ops::Op;
use crate::view::listing::{Guard, Listing, Node, Operand};
use indexmap::IndexMap;

/// What to draw of a recording.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub below: Option<Operand>,
    pub partials: bool,
    pub folded: bool,
    /// How many vertices are drawn.
    pub most: usize,
    /// How many significant digits a number has.
    pub digits: usize,
}

/// The drawing of a recording.
pub(super) fn drawing(listing: &Listing, options: &Options) -> Drawing {
    let outputs = Outputs::new(listing, options.below);
    let units = units(listing, &outputs.is_wanted, &outputs.is_output, options.folded);
    let folded = groups(listing, &units, &outputs.is_output, options.folded);
    let is_given_up = folded.is_none();
    let groups = folded.unwrap_or_else(|| (0..units.len()).map(|unit| vec![unit]).collect());
    let mut group_of = vec![0; units.len()];
    for (group, members) in groups.iter().enumerate() {
        members.iter().for_each(|&unit| group_of[unit] = group);
    }
    let mut drawing = Scene { listing, options, outputs, units, groups, group_of }.draw();
    if is_given_up {
        drawing.notes.push("not folded: there are too many forms to tell apart".to_owned());
    }
    drawing.notes.extend(guards(listing));
    drawing
}

/// The comparisons on which the recording depends, the first of many.
fn guards(listing: &Listing) -> Vec<String> {
    const MOST: usize = 3;
    let label = |operand| match operand {
        Operand::Node(index) => label(&listing.nodes[index]),
        Operand::Constant(_) => operand.to_string(),
    };
    let note = |guard: &Guard| {
        let comparison = guard.predicate.phrase(label(guard.left), label(guard.right));
        format!("guard: {comparison} is {}", guard.outcome)
    };
    let mut notes: Vec<String> = listing.guards.iter().take(MOST).map(note).collect();
    if listing.guards.len() > MOST {
        notes.push(format!("… {} further guards", grouped(listing.guards.len() - MOST)));
    }
    notes
}

/// The label of a node, with a name that is not too long.
fn label(node: &Node) -> String {
    match (&node.name, node.op) {
        (Some(name), Op::Input) => short_name(name),
        _ => node.label(),
    }
}

/// What a drawing is made from.
struct Scene<'a> {
    listing: &'a Listing,
    options: &'a Options,
    outputs: Outputs,
    units: Vec<Unit>,
    /// Units of the same form.
    groups: Vec<Vec<usize>>,
    /// By unit.
    group_of: Vec<usize>,
}

impl Scene<'_> {
    fn draw(&self) -> Drawing {
        let mut drawing = Drawing::default();
        let operands = |group: &Vec<usize>| {
            let links = self.units[group[0]].links.iter();
            links.filter_map(|link| Some(self.group_of[link.from?])).collect()
        };
        let operands: Vec<Vec<usize>> = self.groups.iter().map(operands).collect();
        let has_output = |group: &Vec<usize>| self.indices(group).any(|index| self.outputs.is_output[index]);
        let has_output: Vec<bool> = self.groups.iter().map(has_output).collect();
        let drawn = nearest(&operands, &has_output, self.options.most);
        let mut vertex_of = vec![None; self.groups.len()];
        for (vertex, &group) in drawn.iter().enumerate() {
            vertex_of[group] = Some(vertex);
            drawing.vertices.push(self.vertex(&self.groups[group], has_output[group]));
        }
        for (vertex, &group) in drawn.iter().enumerate() {
            self.arrows(&self.groups[group], vertex, &vertex_of, &mut drawing);
        }
        self.constants(&mut drawing);
        let drawn_nodes: usize = drawn.iter().map(|&group| self.indices(&self.groups[group]).count()).sum();
        let nodes: usize = self.units.iter().map(|unit| unit.nodes.len()).sum();
        if drawn_nodes < nodes {
            let s = if nodes - drawn_nodes == 1 { "" } else { "s" };
            drawing.notes.push(format!("… {} further node{s}", grouped(nodes - drawn_nodes)));
        }
        if drawing.vertices.iter().any(|vertex| vertex.count > 1) {
            drawing
                .notes
                .push("× n: n parts of one form, drawn once with the range of their numbers".to_owned());
        }
        drawing
    }

    /// The nodes of a group.
    fn indices(&self, group: &[usize]) -> impl Iterator<Item = usize> {
        group.iter().flat_map(|&unit| self.units[unit].nodes.iter().copied())
    }

    /// The nodes whose numbers are shown: all results, but only the last of additions that are drawn as one.
    fn shown(&self, group: &[usize]) -> impl Iterator<Item = &Node> {
        let is_sum = self.operation(group[0]).op == Op::TWO_TERMS;
        group.iter().flat_map(move |&unit| {
            let nodes = &self.units[unit].nodes;
            let first = if is_sum { nodes.len() - 1 } else { 0 };
            nodes[first..].iter().map(|&index| &self.listing.nodes[index])
        })
    }

    fn operation(&self, unit: usize) -> &Node {
        operation(self.listing, &self.units[unit])
    }

    fn vertex(&self, group: &[usize], is_output: bool) -> Vertex {
        let digits = self.options.digits;
        let low = self.indices(group).min().expect("a node");
        let high = self.indices(group).max().expect("a node");
        let values = range(self.shown(group).map(|node| node.value), digits);
        let adjoints = range(self.shown(group).filter_map(|node| node.adjoint), digits);
        let mut facts: Vec<_> = values.map(|words| ("value", words)).into_iter().collect();
        facts.extend(adjoints.map(|words| ("adjoint", words)));
        if is_output {
            let places = self.indices(group).filter_map(|index| self.outputs.places.get(&index));
            facts.push(("output", self.places(places.flatten().copied().collect())));
        }
        Vertex {
            role: if self.operation(group[0]).op == Op::Input { Role::Input } else { Role::Operation },
            is_output,
            index: if low == high { format!("#{low}") } else { format!("#{low} … #{high}") },
            title: self.title(group),
            count: group.len(),
            facts,
        }
    }

    /// Which of several outputs.
    fn places(&self, places: Vec<usize>) -> Words {
        let text = if self.outputs.count > 1 { short_list(places.iter()) } else { String::new() };
        Words { text, is_warning: false }
    }

    /// What is computed; an operand that differs within a group is a dot.
    fn title(&self, group: &[usize]) -> String {
        let [first, last] = [group[0], group[group.len() - 1]].map(|unit| self.operation(unit));
        let name = first.name.as_deref().map_or_else(|| first.op.to_string(), short_name);
        if first.op == Op::Input {
            return match &last.name {
                Some(last) if group.len() > 1 => format!("{name} … {}", short_name(last)),
                _ => name,
            };
        }
        let operand = |place: usize| {
            let of = |unit: usize| self.units[unit].links[place].operand;
            let first = of(group[0]);
            let is_same = |unit: &usize| match (of(*unit), first) {
                (Operand::Constant(a), Operand::Constant(b)) => a.to_bits() == b.to_bits(),
                (other, _) => other == first,
            };
            match first {
                _ if !group.iter().all(is_same) => "·".to_owned(),
                Operand::Constant(value) => number(value, self.options.digits),
                Operand::Node(index) => label(&self.listing.nodes[index]),
            }
        };
        format!("{name}({})", short_list((0..self.units[group[0]].links.len()).map(operand)))
    }

    /// The arrows to the vertex of a group.
    fn arrows(&self, group: &[usize], to: usize, vertex_of: &[Option<usize>], drawing: &mut Drawing) {
        // Of an operation with several results, no partials are known.
        let is_known = !self.operation(group[0]).op.is_compound();
        let mut by_source: IndexMap<usize, Vec<Option<f64>>> = IndexMap::new();
        for link in group.iter().flat_map(|&unit| &self.units[unit].links) {
            if let Some(from) = link.from {
                by_source.entry(self.group_of[from]).or_default().push(link.partial);
            }
        }
        let mut left_out = 0;
        for (source, partials) in by_source {
            let Some(from) = vertex_of[source] else {
                left_out += partials.len() / group.len();
                continue;
            };
            let is_twice = group.len() == 1 && partials.len() == 2;
            for partials in partials.chunks(if is_twice { 1 } else { partials.len() }) {
                drawing.arrows.push(Arrow {
                    from,
                    to,
                    count: partials.len() / group.len(),
                    partial: self.partial(partials),
                    is_dashed: is_known && partials.iter().all(Option::is_none),
                });
            }
        }
        if left_out > 0 {
            let s = if left_out == 1 { "" } else { "s" };
            let title = format!("… {} operand{s}", grouped(left_out));
            drawing.arrows.push(Arrow {
                from: drawing.vertices.len(),
                to,
                count: 1,
                partial: None,
                is_dashed: false,
            });
            drawing.vertices.push(Vertex {
                role: Role::LeftOut,
                is_output: false,
                index: String::new(),
                title,
                count: 1,
                facts: Vec::new(),
            });
        }
    }

    /// These partials in words, if they are asked for.
    fn partial(&self, partials: &[Option<f64>]) -> Option<Words> {
        if !self.options.partials {
            return None;
        }
        let words = range(partials.iter().flatten().copied(), self.options.digits)?;
        let without = partials.iter().filter(|partial| partial.is_none()).count();
        let rest = if without > 0 { format!(", {} without part", grouped(without)) } else { String::new() };
        Some(Words { text: words.text + &rest, ..words })
    }

    /// Outputs that are constants, each once.
    fn constants(&self, drawing: &mut Drawing) {
        let constants = &self.outputs.constants;
        for (&bits, places) in constants.iter().take(self.options.most) {
            let value = f64::from_bits(bits);
            let words = Words { is_warning: !value.is_finite(), ..self.places(places.clone()) };
            drawing.vertices.push(Vertex {
                role: Role::Constant,
                is_output: true,
                index: String::new(),
                title: number(value, self.options.digits),
                count: 1,
                facts: vec![("output", words)],
            });
        }
        if constants.len() > self.options.most {
            let more = grouped(constants.len() - self.options.most);
            drawing.notes.push(format!("… {more} further outputs that are constants"));
        }
    }
}
