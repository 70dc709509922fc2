//! Which vertices of a graph play the same part in it.

use rustc_hash::FxHashMap;

/// What is known of a vertex before its neighbours are looked at.
pub(super) struct Form {
    /// Different for vertices that are never drawn as one.
    pub kind: u32,
    /// The vertices that it is computed from, all before it; `None` for a constant.
    pub operands: Vec<Option<usize>>,
    /// Whether the order of the operands tells them apart.
    pub is_ordered: bool,
}

/// Refinements after which no classes are formed.
const MOST_ROUNDS: usize = 24;

/// The class of each vertex. Vertices of a class are of one kind, and each is computed from as many vertices of any class as
/// the others. They are used in the same place of the same class, each pair or by way of others of theirs. A class has one
/// vertex, or at least `least`.
///
/// The classes are refined by operands and by users in turn until nothing changes. `None` if that takes too long.
pub(super) fn classes(forms: &[Form], least: usize) -> Option<Vec<u32>> {
    let mut classes: Vec<u32> = forms.iter().map(|form| form.kind).collect();
    let mut count = 0;
    for _ in 0..MOST_ROUNDS {
        classes = few_apart(&by_users(forms, &by_operands(forms, &classes)), least);
        let refined = classes.iter().max().map_or(0, |&class| class as usize + 1);
        if refined == count {
            return Some(classes);
        }
        count = refined;
    }
    None
}

/// Numbers for lists: the same number for the same list, from 0 on in the order of the first of each.
#[derive(Default)]
pub(super) struct Numbers(FxHashMap<Vec<u32>, u32>);

impl Numbers {
    pub fn of(&mut self, list: &[u32]) -> u32 {
        if let Some(&number) = self.0.get(list) {
            return number;
        }
        let number = self.0.len() as u32;
        self.0.insert(list.to_vec(), number);
        number
    }
}

/// Stands for a constant among classes.
const CONSTANT: u32 = u32::MAX;

/// Vertices whose operands, and theirs, are of different classes become different.
fn by_operands(forms: &[Form], classes: &[u32]) -> Vec<u32> {
    let mut numbers = Numbers::default();
    let mut refined: Vec<u32> = Vec::with_capacity(forms.len());
    let mut list = Vec::new();
    for (form, &class) in forms.iter().zip(classes) {
        list.clear();
        list.push(class);
        list.extend(form.operands.iter().map(|operand| operand.map_or(CONSTANT, |vertex| refined[vertex])));
        if !form.is_ordered {
            list[1..].sort_unstable();
        }
        refined.push(numbers.of(&list));
    }
    refined
}

/// Vertices become different that have no use in common, by the same class in the same place, not even by way of others of
/// their class.
fn by_users(forms: &[Form], classes: &[u32]) -> Vec<u32> {
    // Vertices of a class are equally high, and lower than their users.
    let mut heights = vec![0_usize; forms.len()];
    for (vertex, form) in forms.iter().enumerate() {
        heights[vertex] =
            form.operands.iter().flatten().map(|&operand| heights[operand] + 1).max().unwrap_or(0);
    }
    let mut order: Vec<usize> = (0..forms.len()).collect();
    order.sort_by_key(|&vertex| std::cmp::Reverse(heights[vertex]));

    let mut uses: Vec<Vec<[u32; 2]>> = vec![Vec::new(); forms.len()];
    let mut refined = vec![0; forms.len()];
    let mut numbers = Numbers::default();
    let mut representatives: Vec<usize> = (0..forms.len()).collect();
    for level in order.chunk_by(|&a, &b| heights[a] == heights[b]) {
        let mut first_with: FxHashMap<[u32; 3], usize> = FxHashMap::default();
        for &vertex in level {
            let of_this = std::mem::take(&mut uses[vertex]);
            // What nothing uses is alike, too.
            let of_this = if of_this.is_empty() { vec![[u32::MAX; 2]] } else { of_this };
            for [user, place] in of_this {
                let first = *first_with.entry([classes[vertex], user, place]).or_insert(vertex);
                let [a, b] = [first, vertex].map(|vertex| find(&mut representatives, vertex));
                representatives[a] = b;
            }
        }
        for &vertex in level {
            let representative = find(&mut representatives, vertex);
            refined[vertex] = numbers.of(&[representative as u32]);
            for (place, operand) in forms[vertex].operands.iter().enumerate() {
                if let Some(operand) = *operand {
                    uses[operand]
                        .push([refined[vertex], if forms[vertex].is_ordered { place as u32 } else { 0 }]);
                }
            }
        }
    }
    refined
}

/// The vertex that stands for all that are alike, with shorter ways to it for the next time.
fn find(representatives: &mut [usize], mut vertex: usize) -> usize {
    while representatives[vertex] != vertex {
        representatives[vertex] = representatives[representatives[vertex]];
        vertex = representatives[vertex];
    }
    vertex
}

/// Each vertex of a class of fewer than `least` gets a class of its own. Classes are numbered anew.
fn few_apart(classes: &[u32], least: usize) -> Vec<u32> {
    let mut sizes = vec![0; classes.iter().max().map_or(0, |&class| class as usize + 1)];
    classes.iter().for_each(|&class| sizes[class as usize] += 1);
    let mut numbers = Numbers::default();
    let apart = |(vertex, &class): (usize, &u32)| match sizes[class as usize] >= least {
        true => numbers.of(&[class]),
        false => numbers.of(&[class, vertex as u32]),
    };
    classes.iter().enumerate().map(apart).collect()
}
