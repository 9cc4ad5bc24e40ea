//! The tests of the whole program, in one binary: it links once.

fn main() {}
