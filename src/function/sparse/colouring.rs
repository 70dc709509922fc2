//! Colouring: groups of columns of a sparse matrix that one direction can have together.
//!
//! See Gebremedhin, Manne and Pothen, "What color is your Jacobian? Graph coloring for computing derivatives", SIAM
//! Review 47 (2005). Both colourings are greedy, the vertices with most neighbours first. What is forbidden for a vertex
//! is kept as a set of bits for each row, so that time is linear in the nonzeros.

use super::pattern::{Columns, Pattern};

/// More colours are of no use: the rows one by one take less.
const MOST: usize = 1024;

/// Columns in groups ("colours"), such that the derivatives in one direction per group give all nonzeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colouring {
    /// The colour of each column, counted from 0.
    pub of: Vec<u32>,
    /// How many colours there are.
    pub colours: usize,
}

impl Pattern {
    /// A colouring for a Jacobian: two columns that have a nonzero in the same row have different colours (a partial
    /// distance-2 colouring of the bipartite graph). Each entry is then the derivative of its row in the direction of its
    /// column's colour. `None` if more than 1024 colours are needed.
    ///
    /// ```
    /// use tapegrad::{Function, Var};
    ///
    /// let differences = |x: &[Var]| x.windows(2).map(|w| w[1] - w[0]).collect::<Vec<_>>();
    /// let pattern = Function::record(differences, &vec![0.0; 1000][..])?.jacobian_pattern();
    /// assert_eq!(pattern.column_colouring().unwrap().colours, 2);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    #[must_use]
    pub fn column_colouring(&self) -> Option<Colouring> {
        let Columns { offsets, indices, .. } = self.by_columns();
        let rows_of = |column: usize| &indices[offsets[column]..offsets[column + 1]];
        let mut used = Bits::new(self.rows());
        greedy(
            self.columns(),
            |column| rows_of(column).len(),
            |column, forbidden| {
                rows_of(column).iter().for_each(|&row| used.add_to(row, usize::MAX, forbidden));
                let colour = first_free(forbidden)?;
                rows_of(column).iter().for_each(|&row| used.insert(row, colour));
                Some(colour)
            },
        )
    }

    /// A colouring for a symmetric matrix, of whose lower triangle this is the pattern: neighbours have different colours, and
    /// where two neighbours of a vertex have the same colour, the vertex has a lower one (a restricted star colouring). The
    /// entry of two columns is then found in the row of the one with the higher colour, in the direction of the lower
    /// colour. `None` if more than 1024 colours are needed.
    ///
    /// ```
    /// use tapegrad::{Function, Var};
    ///
    /// // An arrow: all variables interact with the first one, which takes two directions instead of a thousand.
    /// let f = Function::record(|x: &[Var]| x[1..].iter().map(|&y| (x[0] * y).exp()).sum::<Var>(), &vec![0.0; 1000][..])?;
    /// assert_eq!(f.hessian_pattern()?.star_colouring().unwrap().colours, 2);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Panics
    /// If there is a nonzero above the diagonal.
    #[must_use]
    #[track_caller]
    pub fn star_colouring(&self) -> Option<Colouring> {
        let (whole, _) = self.mirrored();
        let neighbours =
            |vertex: usize| whole.row(vertex).iter().copied().filter(move |&other| other != vertex);
        let mut around = Bits::new(whole.rows());
        let mut own = vec![None; whole.rows()];
        greedy(
            whole.rows(),
            |vertex| whole.row(vertex).len(),
            |vertex, forbidden| {
                for other in neighbours(vertex) {
                    // The path over a vertex without a colour must not end in one colour, since it may get a higher one.
                    around.add_to(other, own[other].unwrap_or(usize::MAX), forbidden);
                    if let Some(colour) = own[other] {
                        insert(forbidden, colour);
                    }
                }
                let colour = first_free(forbidden)?;
                own[vertex] = Some(colour);
                neighbours(vertex).for_each(|other| around.insert(other, colour));
                Some(colour)
            },
        )
    }
}

/// Gives a colour to each of `count` vertices, those with the largest degree first. `choose` returns the colour of a vertex;
/// it is lent a set of bits.
fn greedy(
    count: usize,
    degree: impl Fn(usize) -> usize,
    mut choose: impl FnMut(usize, &mut Vec<u64>) -> Option<usize>,
) -> Option<Colouring> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&vertex| std::cmp::Reverse(degree(vertex)));
    let (mut colouring, mut forbidden) = (Colouring { of: vec![0; count], colours: 0 }, Vec::new());
    for vertex in order {
        forbidden.clear();
        let colour = choose(vertex, &mut forbidden)?;
        colouring.of[vertex] = colour as u32;
        colouring.colours = colouring.colours.max(colour + 1);
    }
    Some(colouring)
}

/// Sets of colours, all of the same number of words, which grows with the colours.
struct Bits {
    words: usize,
    bits: Vec<u64>,
}

impl Bits {
    fn new(sets: usize) -> Bits {
        Bits { words: 1, bits: vec![0; sets] }
    }

    /// Adds the colours of a set that are below this one.
    fn add_to(&self, set: usize, below: usize, colours: &mut Vec<u64>) {
        if colours.len() < self.words {
            colours.resize(self.words, 0);
        }
        for (k, (all, &word)) in colours.iter_mut().zip(&self.bits[set * self.words..]).enumerate() {
            let kept = below.saturating_sub(64 * k).min(64);
            *all |= if kept == 64 { word } else { word & ((1 << kept) - 1) };
        }
    }

    fn insert(&mut self, set: usize, colour: usize) {
        let needed = colour / 64 + 1;
        if needed > self.words {
            let mut bits = vec![0; self.bits.len() / self.words * needed];
            for (new, old) in bits.chunks_mut(needed).zip(self.bits.chunks(self.words)) {
                new[..self.words].copy_from_slice(old);
            }
            (self.words, self.bits) = (needed, bits);
        }
        self.bits[set * self.words + colour / 64] |= 1 << (colour % 64);
    }
}

fn insert(colours: &mut Vec<u64>, colour: usize) {
    if colours.len() <= colour / 64 {
        colours.resize(colour / 64 + 1, 0);
    }
    colours[colour / 64] |= 1 << (colour % 64);
}

/// The least colour that is not in the set, if it is below [`MOST`].
fn first_free(colours: &[u64]) -> Option<usize> {
    let full = colours.iter().take_while(|&&word| word == u64::MAX).count();
    let word = colours.get(full).copied().unwrap_or(0);
    Some(64 * full + word.trailing_ones() as usize).filter(|&colour| colour < MOST)
}
