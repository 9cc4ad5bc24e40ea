//! Which slots of the orbital field matrix an element sets: the embedded table of
//! electron configurations comes in, slots by element go out. Origin and licence of the
//! table: `data/README.md`.

use std::sync::LazyLock;

use crate::chem::element::{Element, MAX_Z};

const TEXT: &str = include_str!("../../../data/tables/electrons.tsv");

/// Slots of an element: s¹ s², p¹ … p⁶, d¹ … d¹⁰, f¹ … f¹⁴.
pub const SLOTS: usize = 32;

/// A subshell: its numbers n and l, and how many electrons it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Subshell {
    n: u8,
    l: u8,
    electrons: u8,
}

/// The slots an element sets, ascending; none where the table has no configuration of
/// it.
///
/// matminer's choice of valence shells: with the subshells in the order in which they
/// fill (n + l, then n) and N the n of the last, those of n ≥ N, the d and f of N − 1
/// and the f of N − 2. For a 3d metal the last is 3d, so that 3s and 3p count too.
pub fn slots(element: Element) -> &'static [u8] {
    static TABLE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| match read(TEXT) {
        Some(table) => table,
        None => unreachable!("the embedded table is read by a test"),
    });
    let row = TABLE.get(usize::from(element.z()) - 1);
    row.map(Vec::as_slice).unwrap_or_default()
}

/// `None` where the text is not the table: a header, and a row for each element.
fn read(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut lines = text.lines();
    if lines.next()? != "Z\tsymbol\tconfiguration" {
        return None;
    }
    let mut shells: Vec<Vec<Subshell>> = Vec::with_capacity(usize::from(MAX_Z));
    for element in Element::all() {
        let mut cells = lines.next()?.split('\t');
        let z: u8 = cells.next()?.parse().ok()?;
        if z != element.z() || cells.next()? != element.symbol() {
            return None;
        }
        let row = expand(cells.next()?, &shells)?;
        let electrons: u32 = row.iter().map(|s| u32::from(s.electrons)).sum();
        if !row.is_empty() && electrons != u32::from(z) {
            return None;
        }
        shells.push(row);
    }
    lines.next().is_none().then_some(())?;
    Some(shells.iter().map(|row| valence(row)).collect())
}

/// The subshells of `[Ar].3d6.4s2` in the order in which they fill; `known` are those
/// of the elements before. An empty text has none.
fn expand(text: &str, known: &[Vec<Subshell>]) -> Option<Vec<Subshell>> {
    let mut subshells = Vec::new();
    if text.is_empty() {
        return Some(subshells);
    }
    for part in text.split('.') {
        if let Some(core) = part.strip_prefix('[') {
            let core: Element = core.strip_suffix(']')?.parse().ok()?;
            subshells.extend_from_slice(known.get(usize::from(core.z()) - 1)?);
            continue;
        }
        let mut letters = part.chars();
        let n = u8::try_from(letters.next()?.to_digit(10)?).ok()?;
        let l = u8::try_from("spdf".find(letters.next()?)?).ok()?;
        let electrons = letters.as_str().parse().ok()?;
        if electrons == 0 || electrons > 4 * l + 2 {
            return None;
        }
        subshells.push(Subshell { n, l, electrons });
    }
    subshells.sort_by_key(|shell| (shell.n + shell.l, shell.n));
    Some(subshells)
}

fn valence(shells: &[Subshell]) -> Vec<u8> {
    let Some(last) = shells.last().map(|shell| shell.n) else {
        return Vec::new();
    };
    let counts = |shell: &&Subshell| match last.saturating_sub(shell.n) {
        0 => true,
        1 => shell.l >= 2,
        2 => shell.l == 3,
        _ => false,
    };
    // Where the slots of l begin: 2 (2 l' + 1) for each l' below.
    let slot = |shell: &Subshell| 2 * shell.l * shell.l + shell.electrons - 1;
    let mut slots: Vec<u8> = shells.iter().filter(counts).map(slot).collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(symbol: &str) -> Vec<String> {
        let name = |&slot: &u8| match slot {
            0..2 => format!("s{}", slot + 1),
            2..8 => format!("p{}", slot - 1),
            8..18 => format!("d{}", slot - 7),
            _ => format!("f{}", slot - 17),
        };
        slots(symbol.parse().unwrap()).iter().map(name).collect()
    }

    #[test]
    fn slots_of_the_main_groups_are_their_valence_electrons() {
        assert_eq!(names("H"), ["s1"]);
        assert_eq!(names("O"), ["s2", "p4"]);
        assert_eq!(names("Ca"), ["s2"]);
        assert_eq!(names("Br"), ["s2", "p5", "d10"]);
        assert_eq!(names("Pb"), ["s2", "p2", "d10", "f14"]);
    }

    #[test]
    fn metals_show_the_shell_that_filled_last() {
        // 3d fills after 4s: its shell, with 3s and 3p, and 4s.
        assert_eq!(names("Fe"), ["s2", "p6", "d6"]);
        assert_eq!(names("Cr"), ["s1", "s2", "p6", "d5"]);
        assert_eq!(names("Pd"), ["s2", "p6", "d10"]);
        assert_eq!(names("W"), ["s2", "p6", "d4", "d10", "f14"]);
        assert_eq!(names("Og"), [""; 0]);
    }

    #[test]
    fn every_element_to_rutherfordium_has_slots() {
        for element in Element::all() {
            assert_eq!(slots(element).is_empty(), element.z() > 104, "{element}");
        }
    }

    #[test]
    fn a_damaged_table_is_not_read() {
        assert!(read(TEXT).is_some());
        assert!(read("").is_none());
        assert!(read(&TEXT.replacen("configuration", "shells", 1)).is_none());
        assert!(read(&TEXT.replacen("3d6", "3d7", 1)).is_none());
        assert!(read(&TEXT.replacen("[Ar]", "[Xe]", 1)).is_none());
        assert!(read(&TEXT.replacen("2p4", "2q4", 1)).is_none());
        assert!(read(&format!("{TEXT}more\n")).is_none());
    }
}
