//! Where do an account's further things stand? Linked lists in one growing table.
//!
//! Most accounts have one balance and nothing else, so an account holds the index of a list rather
//! than a list. Freed places are used again.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// The head of an account's list: the index of its first node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Head(u32);

impl Head {
    /// The list with nothing in it.
    pub(super) const EMPTY: Self = Self(u32::MAX);
}

/// The nodes of all lists of one kind.
#[derive(Clone, Debug)]
pub(super) struct Chain<T> {
    nodes: Vec<Node<T>>,
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Node<T> {
    value: T,
    next: Head,
}

impl<T> Chain<T> {
    pub(super) const fn new() -> Self {
        Self { nodes: Vec::new(), free: Vec::new() }
    }

    /// The values of a list, first to last.
    pub(super) fn iter(&self, head: Head) -> impl Iterator<Item = &T> {
        let mut at = head;
        core::iter::from_fn(move || {
            let node = self.node(at)?;
            at = node.next;
            Some(&node.value)
        })
    }

    /// Shows each value of a list to `change`.
    pub(super) fn for_each_mut(&mut self, head: Head, change: impl Fn(&mut T)) {
        let mut at = head;
        while let Some(node) = self.node_mut(at) {
            change(&mut node.value);
            at = node.next;
        }
    }

    /// The first value that `wanted` accepts, to be changed.
    pub(super) fn find_mut(&mut self, head: Head, wanted: impl Fn(&T) -> bool) -> Option<&mut T> {
        let mut at = head;
        while let Some(node) = self.node(at) {
            if wanted(&node.value) {
                return self.node_mut(at).map(|node| &mut node.value);
            }
            at = node.next;
        }
        None
    }

    /// The value at `position`, counted from 0, to be changed.
    pub(super) fn nth_mut(&mut self, head: Head, position: u16) -> Option<&mut T> {
        let mut at = head;
        for _ in 0..position {
            at = self.node(at)?.next;
        }
        self.node_mut(at).map(|node| &mut node.value)
    }

    /// Puts `value` before the first one that is not less, and gives the list's new head; `None`
    /// when the table is full.
    pub(super) fn insert(
        &mut self,
        head: Head,
        value: T,
        order: impl Fn(&T, &T) -> Ordering,
    ) -> Option<Head> {
        let (mut before, mut at) = (None, head);
        while let Some(node) = self.node(at).filter(|node| order(&node.value, &value).is_lt()) {
            (before, at) = (Some(at), node.next);
        }
        let new = self.place(Node { value, next: at })?;
        match before.and_then(|before| self.node_mut(before)) {
            Some(node) => {
                node.next = new;
                Some(head)
            }
            None => Some(new),
        }
    }

    /// Takes out the first value that `wanted` accepts, and gives the list's new head.
    pub(super) fn remove(&mut self, head: Head, wanted: impl Fn(&T) -> bool) -> Head {
        let (mut before, mut at) = (None, head);
        while let Some(node) = self.node(at) {
            let next = node.next;
            if wanted(&node.value) {
                self.free.push(at.0);
                return match before.and_then(|before| self.node_mut(before)) {
                    Some(node) => {
                        node.next = next;
                        head
                    }
                    None => next,
                };
            }
            (before, at) = (Some(at), next);
        }
        head
    }

    fn place(&mut self, node: Node<T>) -> Option<Head> {
        if let Some(free) = self.free.pop() {
            *self.node_mut(Head(free))? = node;
            return Some(Head(free));
        }
        let index = u32::try_from(self.nodes.len()).ok().filter(|index| *index < u32::MAX)?;
        self.nodes.push(node);
        Some(Head(index))
    }

    fn node(&self, at: Head) -> Option<&Node<T>> {
        self.nodes.get(usize::try_from(at.0).ok()?)
    }

    fn node_mut(&mut self, at: Head) -> Option<&mut Node<T>> {
        self.nodes.get_mut(usize::try_from(at.0).ok()?)
    }
}
