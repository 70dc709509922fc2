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
    // How long the longest way to the vertex is. That of a user is longer.
    let mut heights = vec![0_u32; forms.len()];
    for (vertex, form) in forms.iter().enumerate() {
        heights[vertex] =
            form.operands.iter().flatten().map(|&operand| heights[operand] + 1).max().unwrap_or(0);
    }
    let mut downwards: Vec<usize> = (0..forms.len()).collect();
    downwards.sort_by_key(|&vertex| std::cmp::Reverse(heights[vertex]));
    let levels: Vec<&[usize]> = downwards.chunk_by(|&a, &b| heights[a] == heights[b]).collect();

    let mut numbers = Numbers::default();
    let kinds = forms.iter().zip(&heights).map(|(form, &height)| numbers.of(&[form.kind, height])).collect();
    let mut classes = Classes::new(kinds, least);
    for _ in 0..MOST_ROUNDS {
        let refined = Classes::new(by_operands(forms, &classes), least);
        let refined = Classes::new(by_users(forms, &levels, &refined), least);
        if refined.sizes.len() == classes.sizes.len() {
            return Some(classes.of);
        }
        classes = refined;
    }
    None
}

/// Vertices by class.
struct Classes {
    of: Vec<u32>,
    /// How many vertices each class has.
    sizes: Vec<u32>,
}

impl Classes {
    /// These classes, but each vertex of a class of fewer than `least` in a class of its own.
    fn new(of: Vec<u32>, least: usize) -> Classes {
        let mut sizes = vec![0; of.iter().max().map_or(0, |&class| class as usize + 1)];
        of.iter().for_each(|&class| sizes[class as usize] += 1);
        let mut numbers = Numbers::default();
        let apart = |class: u32| match sizes[class as usize] as usize >= least {
            true => numbers.of(&[class]),
            false => numbers.unique(),
        };
        let of: Vec<u32> = of.into_iter().map(apart).collect();
        let mut sizes = vec![0; numbers.next as usize];
        of.iter().for_each(|&class| sizes[class as usize] += 1);
        Classes { of, sizes }
    }

    fn is_alone(&self, vertex: usize) -> bool {
        self.sizes[self.of[vertex] as usize] == 1
    }
}

/// Numbers for lists, from 0 on: the same number for the same list.
#[derive(Default)]
struct Numbers {
    lists: FxHashMap<Vec<u32>, u32>,
    next: u32,
}

impl Numbers {
    fn of(&mut self, list: &[u32]) -> u32 {
        if let Some(&number) = self.lists.get(list) {
            return number;
        }
        self.lists.insert(list.to_vec(), self.next);
        self.unique()
    }

    /// A number that no list has.
    fn unique(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }
}

/// Stands for a constant among classes.
const CONSTANT: u32 = u32::MAX;

/// Vertices whose operands, and theirs, are of different classes become different.
fn by_operands(forms: &[Form], classes: &Classes) -> Vec<u32> {
    let mut numbers = Numbers::default();
    let mut refined: Vec<u32> = Vec::with_capacity(forms.len());
    let mut list = Vec::new();
    for (vertex, form) in forms.iter().enumerate() {
        if classes.is_alone(vertex) {
            refined.push(numbers.unique());
            continue;
        }
        list.clear();
        list.push(classes.of[vertex]);
        list.extend(form.operands.iter().map(|operand| operand.map_or(CONSTANT, |vertex| refined[vertex])));
        if !form.is_ordered {
            list[1..].sort_unstable();
        }
        refined.push(numbers.of(&list));
    }
    refined
}

/// Vertices become different that have no use in common, by the same class in the same place, not even by way of others of
/// their class. `levels`: users before what they use.
fn by_users(forms: &[Form], levels: &[&[usize]], classes: &Classes) -> Vec<u32> {
    let mut uses: Vec<Vec<[u32; 2]>> = vec![Vec::new(); forms.len()];
    let mut refined = vec![0; forms.len()];
    let mut numbers = Numbers::default();
    let mut representatives: Vec<usize> = (0..forms.len()).collect();
    let mut first_with: FxHashMap<[u32; 3], usize> = FxHashMap::default();
    for level in levels {
        for &vertex in level.iter().filter(|&&vertex| !classes.is_alone(vertex)) {
            if uses[vertex].is_empty() {
                // What nothing uses is alike, too.
                uses[vertex].push([u32::MAX; 2]);
            }
            for [user, place] in std::mem::take(&mut uses[vertex]) {
                let first = *first_with.entry([classes.of[vertex], user, place]).or_insert(vertex);
                let [a, b] = [first, vertex].map(|vertex| find(&mut representatives, vertex));
                representatives[a] = b;
            }
        }
        for &vertex in *level {
            refined[vertex] = match classes.is_alone(vertex) {
                true => numbers.unique(),
                false => numbers.of(&[find(&mut representatives, vertex) as u32]),
            };
            for (place, operand) in forms[vertex].operands.iter().enumerate() {
                if let Some(operand) = operand.filter(|&operand| !classes.is_alone(operand)) {
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
