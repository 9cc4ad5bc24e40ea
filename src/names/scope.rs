//! What is visible at a place, innermost first.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::program::Target;

/// The names of one item, as a stack.
#[derive(Debug, Default)]
pub struct Scope {
    locals: Vec<Arc<str>>,
    letters: BTreeSet<Arc<str>>,
}

impl Scope {
    /// Bind a name until [`Scope::leave`].
    pub fn bind(&mut self, name: &Arc<str>) {
        self.locals.push(name.clone());
    }

    /// Where the stack stands; hand it to [`Scope::leave`].
    pub fn enter(&self) -> usize {
        self.locals.len()
    }

    /// Forget what was bound since.
    pub fn leave(&mut self, mark: usize) {
        self.locals.truncate(mark);
    }

    /// A size variable or domain of the signature.
    pub fn letter(&mut self, name: &Arc<str>) {
        self.letters.insert(name.clone());
    }

    /// The innermost thing of that name.
    pub fn find(&self, name: &str) -> Option<Target> {
        if self.locals.iter().any(|known| &**known == name) {
            return Some(Target::Local);
        }
        self.letters.contains(name).then_some(Target::Letter)
    }

    /// Every name in it, for did-you-mean.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.locals.iter().chain(&self.letters).map(|name| &**name)
    }
}
