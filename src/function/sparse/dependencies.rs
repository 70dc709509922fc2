//! Which variables each output depends on: the pattern of a Jacobian.
//!
//! Each place has the set of the variables it depends on. Places share sets, and one that depends on many variables has
//! none: of an output that does, the set is found by a search, which ends where sets are known. So a sum of everything
//! costs no more than its terms, however it is bracketed.

use super::pattern::Pattern;
use crate::function::Function;
use crate::function::ir::graph::{Graph, Place};

/// Sets of at most this number of variables are always kept;
const SMALL: usize = 32;
/// those of at most this number, while all sets together have at most `ROOM` variables for each place.
const MOST: usize = 1024;
const ROOM: usize = 16;

/// The pattern of the Jacobian: one row per output, one column per variable.
pub(crate) fn pattern(function: &Function) -> Pattern {
    let graph = &function.graph;
    let mut sets = Sets::new(graph.places());
    let mut of = vec![EMPTY; graph.places()];
    for (variable, place) in function.variable_places().enumerate() {
        of[place as usize] = sets.keep(&[variable as u32]);
    }
    for instruction in graph.instructions.iter() {
        for (k, result) in instruction.results().enumerate() {
            of[result] = if k > 0 && instruction.has_equal_sources() {
                of[instruction.result]
            } else {
                sets.union(instruction.sources(k).map(|place| of[place as usize]))
            };
        }
    }
    let mut search = Search::new(graph, function.variables());
    let mut pattern = Pattern::new(function.variables());
    for output in function.output_places() {
        match of[output as usize] {
            LARGE => {
                let row = search.variables_of(output, &of, &sets);
                pattern.push(row.iter().map(|&variable| variable as usize));
            }
            set => pattern.push(sets.get(set).iter().map(|&variable| variable as usize)),
        }
    }
    pattern
}

/// The name of a set.
type Set = u32;
const EMPTY: Set = 0;
/// Not kept.
const LARGE: Set = Set::MAX;

/// Sets of variables, each in ascending order.
struct Sets {
    elements: Vec<u32>,
    /// Where each ends.
    ends: Vec<usize>,
    room: usize,
    /// Memory of `union`.
    different: Vec<Set>,
    merged: Vec<u32>,
}

impl Sets {
    fn new(places: usize) -> Sets {
        let room = ROOM.saturating_mul(places);
        Sets { elements: Vec::new(), ends: vec![0], room, different: Vec::new(), merged: Vec::new() }
    }

    fn get(&self, set: Set) -> &[u32] {
        match set as usize {
            0 => &[],
            set => &self.elements[self.ends[set - 1]..self.ends[set]],
        }
    }

    fn keep(&mut self, set: &[u32]) -> Set {
        self.elements.extend_from_slice(set);
        self.ends.push(self.elements.len());
        self.ends.len() as Set - 1
    }

    fn union(&mut self, sets: impl Iterator<Item = Set>) -> Set {
        self.different.clear();
        for set in sets {
            match set {
                EMPTY => {}
                LARGE => return LARGE,
                set if self.different.last() == Some(&set) => {}
                set => self.different.push(set),
            }
        }
        if self.different.len() > 2 {
            self.different.sort_unstable();
            self.different.dedup();
        }
        let Some(&largest) = self.different.iter().max_by_key(|&&set| self.get(set).len()) else {
            return EMPTY;
        };
        if self.different.len() == 1 {
            return largest;
        }
        if self.different.iter().map(|&set| self.get(set).len()).sum::<usize>() > 2 * MOST {
            return LARGE;
        }
        let mut merged = std::mem::take(&mut self.merged);
        merged.clear();
        self.different.iter().for_each(|&set| merged.extend_from_slice(self.get(set)));
        // Stable, since that sort makes use of what is ascending already.
        merged.sort();
        merged.dedup();
        let union = if merged.len() == self.get(largest).len() {
            largest
        } else if merged.len() <= SMALL
            || merged.len() <= MOST && self.elements.len() + merged.len() <= self.room
        {
            self.keep(&merged)
        } else {
            LARGE
        };
        self.merged = merged;
        union
    }
}

/// A search for all variables that an output depends on. Its memory is reused.
struct Search<'g> {
    graph: &'g Graph,
    /// By place and by variable: the last search that found it.
    places: Vec<u32>,
    variables: Vec<u32>,
    count: u32,
    open: Vec<Place>,
    row: Vec<u32>,
}

impl<'g> Search<'g> {
    fn new(graph: &'g Graph, variables: usize) -> Search<'g> {
        let (places, variables) = (vec![0; graph.places()], vec![0; variables]);
        Search { graph, places, variables, count: 0, open: Vec::new(), row: Vec::new() }
    }

    /// The variables in ascending order.
    fn variables_of(&mut self, output: Place, of: &[Set], sets: &Sets) -> &[u32] {
        // There are fewer than 2³² outputs, so this never begins again.
        self.count += 1;
        self.row.clear();
        self.open.push(output);
        while let Some(place) = self.open.pop() {
            let instruction = self.graph.instructions.of(place).expect("an input has a set of one variable");
            let result = match instruction.has_equal_sources() {
                true => 0,
                false => place as usize - instruction.result,
            };
            // Where all results have the same sources, the first stands for all.
            if std::mem::replace(&mut self.places[instruction.result + result], self.count) == self.count {
                continue;
            }
            for source in instruction.sources(result) {
                match of[source as usize] {
                    LARGE => self.open.push(source),
                    set => {
                        if std::mem::replace(&mut self.places[source as usize], self.count) == self.count {
                            continue;
                        }
                        for &variable in sets.get(set) {
                            let found = &mut self.variables[variable as usize];
                            if std::mem::replace(found, self.count) != self.count {
                                self.row.push(variable);
                            }
                        }
                    }
                }
            }
        }
        self.row.sort_unstable();
        &self.row
    }
}
