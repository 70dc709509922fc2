//! A small cache that drops the least recently used entry.

/// At most `most` entries, the most recently used one first.
#[derive(Debug, Clone)]
pub(crate) struct Cache<T> {
    entries: Vec<T>,
    most: usize,
}

impl<T> Cache<T> {
    /// Keeps at most `most` entries, at least one.
    pub fn new(most: usize) -> Self {
        Cache { entries: Vec::new(), most: most.max(1) }
    }

    /// The entries, the most recently used one first.
    pub fn entries(&self) -> &[T] {
        &self.entries
    }

    /// Notes that an entry was used, and moves it to `place`: to 0, or behind entries that were used at the same
    /// time.
    pub fn touch(&mut self, entry: usize, place: usize) {
        self.entries[place..=entry].rotate_right(1);
    }

    /// Adds an entry, at a place as in [`touch`](Self::touch). If the cache is full, the last entry is dropped.
    pub fn insert(&mut self, entry: T, place: usize) {
        self.entries.truncate(self.most - 1);
        self.entries.insert(place.min(self.entries.len()), entry);
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let mut cache = Cache::new(3);
        for entry in ['a', 'b', 'c'] {
            cache.insert(entry, 0);
        }
        assert_eq!(cache.entries(), ['c', 'b', 'a']);
        cache.touch(2, 0);
        assert_eq!(cache.entries(), ['a', 'c', 'b']);
        cache.insert('d', 0);
        assert_eq!(cache.entries(), ['d', 'a', 'c']);
    }

    #[test]
    fn what_is_used_together_keeps_its_order() {
        let mut cache = Cache::new(3);
        for (place, entry) in ['a', 'b', 'c'].into_iter().enumerate() {
            cache.insert(entry, place);
        }
        cache.touch(1, 0);
        cache.touch(2, 1);
        assert_eq!(cache.entries(), ['b', 'c', 'a']);
        cache.insert('d', 2);
        assert_eq!(cache.entries(), ['b', 'c', 'd']);
        cache.insert('e', 3);
        assert_eq!(cache.entries(), ['b', 'c', 'e'], "one has to make room, though all were used");
    }

    #[test]
    fn there_is_room_for_one() {
        let mut cache = Cache::new(0);
        cache.insert('a', 0);
        cache.insert('b', 1);
        assert_eq!(cache.entries(), ['b']);
    }
}
