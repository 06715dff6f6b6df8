//! The rows of line tables that are nearest to places without a line.
//!
//! Compilers leave instructions without a line, and the places where samples fall most of all: a function's entry
//! lies before its first row, a loop's first instruction has line 0. What is nearest in the same function, and in
//! the same inlined one of it, tells more than nothing.

use std::collections::HashMap;

/// Most rows of a function that are looked at.
const MAX_ROWS: usize = 1 << 17;

/// Most rows whose functions are walked through to find those inlined into another.
const MAX_SCAN: usize = 1 << 12;

/// A function that is active at a place: those around it, and which one it is; 0 is the place itself.
type Node = u32;

/// The rows of one function that have a line.
#[derive(Default)]
pub struct NearestRows {
    /// Ascending, with the innermost function of each.
    rows: Vec<(u64, Node)>,
    /// By the innermost function, rows' numbers.
    of_node: HashMap<Node, Vec<usize>>,
    /// The function around each; that of 0 is 0.
    parents: Vec<Node>,
    numbers: HashMap<(Node, usize), Node>,
}

impl NearestRows {
    /// Of the rows at `places`, which ascend. `chain_at` tells the functions at a place, outermost first, by
    /// numbers of theirs.
    pub fn new(
        places: impl Iterator<Item = u64>,
        mut chain_at: impl FnMut(u64) -> Vec<usize>,
    ) -> Self {
        let mut found = Self {
            parents: vec![0],
            ..Self::default()
        };
        for place in places.take(MAX_ROWS) {
            let node = found.intern(&chain_at(place));
            found
                .of_node
                .entry(node)
                .or_default()
                .push(found.rows.len());
            found.rows.push((place, node));
        }
        found
    }

    fn intern(&mut self, chain: &[usize]) -> Node {
        let mut node = 0;
        for &function in chain {
            let next = self.parents.len() as Node;
            let known = *self.numbers.entry((node, function)).or_insert(next);
            if known == next {
                self.parents.push(node);
            }
            node = known;
        }
        node
    }

    fn find(&self, chain: &[usize]) -> Option<Node> {
        let inner = |node, &function| self.numbers.get(&(node, function)).copied();
        chain.iter().try_fold(0, inner)
    }

    /// The first row after `place`, else the last before it, of any function.
    pub fn nearest(&self, place: u64) -> Option<u64> {
        let after = self.rows.partition_point(|&(row, _)| row < place);
        let row = self.rows.get(after).or_else(|| self.rows.last())?;
        Some(row.0)
    }

    /// The same of the rows whose innermost function is that of `chain`.
    pub fn nearest_in(&self, place: u64, chain: &[usize]) -> Option<u64> {
        let rows = self.of_node.get(&self.find(chain)?)?;
        let after = rows.partition_point(|&row| self.rows[row].0 < place);
        let row = rows.get(after).or_else(|| rows.last())?;
        Some(self.rows[*row].0)
    }

    /// The same of the rows at which another function is inlined into that of `chain`.
    pub fn nearest_below(&self, place: u64, chain: &[usize]) -> Option<u64> {
        let node = self.find(chain)?;
        let after = self.rows.partition_point(|&(row, _)| row < place);
        let is_below = |&&(_, inner): &&(u64, Node)| {
            let mut around = self.parents[inner as usize];
            while around > node {
                around = self.parents[around as usize];
            }
            around == node && inner != node
        };
        let mut next = self.rows[after..].iter().take(MAX_SCAN);
        let mut before = self.rows[..after].iter().rev().take(MAX_SCAN);
        let row = next.find(is_below).or_else(|| before.find(is_below))?;
        Some(row.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows at 10, 20 …, of functions by letter: `b` inlined into `a`, `c` into `b`.
    fn rows(chains: &[&str]) -> NearestRows {
        let places = (1..=chains.len() as u64).map(|row| row * 10);
        NearestRows::new(places, |place| {
            let chain = chains[(place / 10 - 1) as usize];
            chain.bytes().map(usize::from).collect()
        })
    }

    fn chain(text: &str) -> Vec<usize> {
        text.bytes().map(usize::from).collect()
    }

    #[test]
    fn the_next_of_the_same_function_comes_first() {
        let rows = rows(&["a", "ab", "a", "abc"]);
        assert_eq!(rows.nearest(15), Some(20));
        assert_eq!(rows.nearest_in(15, &chain("a")), Some(30));
        assert_eq!(rows.nearest_in(35, &chain("a")), Some(30));
        assert_eq!(rows.nearest_in(35, &chain("ab")), Some(20));
        assert_eq!(rows.nearest_in(5, &chain("abc")), Some(40));
        assert_eq!(rows.nearest_in(5, &chain("b")), None);
    }

    #[test]
    fn what_is_inlined_tells_of_the_function_around_it() {
        let rows = rows(&["abc", "d", "abd"]);
        assert_eq!(rows.nearest_in(15, &chain("a")), None);
        assert_eq!(rows.nearest_below(15, &chain("a")), Some(30));
        assert_eq!(rows.nearest_below(35, &chain("a")), Some(30));
        assert_eq!(rows.nearest_below(15, &chain("abd")), None);
        assert_eq!(rows.nearest_below(15, &chain("d")), None);
    }

    #[test]
    fn none_is_none() {
        let rows = rows(&[]);
        assert_eq!(rows.nearest(1), None);
        assert_eq!(rows.nearest_in(1, &[]), None);
        assert_eq!(rows.nearest_below(1, &[]), None);
    }
}
