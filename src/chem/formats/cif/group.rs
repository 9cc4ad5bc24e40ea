//! A Hermann–Mauguin symbol or a number of International Tables A comes in; the
//! settings it may mean go out. The 530 settings are those of the crate `moyo`
//! (MIT or Apache-2.0), which has them from spglib.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use moyo::data::{HallSymbolEntry, hall_symbol_entry};

/// A space group in one setting of axes and origin.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Number of the setting, 1..=530.
    pub hall_number: i32,
    /// Number of the group, 1..=230.
    pub number: i32,
    /// Axes, cell choice and origin: `b1`, `2`, `H`, `ba-c`; empty where there is one.
    pub choice: &'static str,
    /// Hall symbol, `-P 2ybc`.
    pub hall: &'static str,
    /// Full Hermann–Mauguin symbol of this setting without underscores, `P 1 21/c 1`.
    pub hermann: String,
}

/// Angles may differ this much from what the axes ask, degrees.
const ANGLE: f64 = 0.1;
/// Lengths may differ this much, relative.
const LENGTH: f64 = 2e-3;

/// Names before the e-glide was introduced (1992), by number and axes.
const OLD_NAMES: [(i32, &str, &str); 30] = [
    (39, "", "Abm2"),
    (39, "ba-c", "Bma2"),
    (39, "cab", "B2cm"),
    (39, "-cba", "C2mb"),
    (39, "bca", "Cm2a"),
    (39, "a-cb", "Ac2m"),
    (41, "", "Aba2"),
    (41, "ba-c", "Bba2"),
    (41, "cab", "B2cb"),
    (41, "-cba", "C2cb"),
    (41, "bca", "Cc2a"),
    (41, "a-cb", "Ac2a"),
    (64, "", "Cmca"),
    (64, "ba-c", "Ccmb"),
    (64, "cab", "Abma"),
    (64, "-cba", "Acam"),
    (64, "bca", "Bbcm"),
    (64, "a-cb", "Bmab"),
    (67, "", "Cmma"),
    (67, "ba-c", "Cmmb"),
    (67, "cab", "Abmm"),
    (67, "-cba", "Acmm"),
    (67, "bca", "Bmcm"),
    (67, "a-cb", "Bmam"),
    (68, "", "Ccca"),
    (68, "ba-c", "Cccb"),
    (68, "cab", "Abaa"),
    (68, "-cba", "Acaa"),
    (68, "bca", "Bbcb"),
    (68, "a-cb", "Bbab"),
];

static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    let keep = |entry: HallSymbolEntry| Setting {
        hall_number: entry.hall_number,
        number: entry.number,
        choice: entry.setting,
        hall: entry.hall_symbol,
        hermann: entry.hm_full.replace('_', ""),
    };
    (1..=530).filter_map(hall_symbol_entry).map(keep).collect()
});

/// Settings by every name they have, names squeezed by [`squeeze`].
static BY_NAME: LazyLock<BTreeMap<String, Vec<i32>>> = LazyLock::new(|| {
    let mut index: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for entry in (1..=530).filter_map(hall_symbol_entry) {
        for name in names(&entry) {
            let list = index.entry(squeeze(&name)).or_default();
            if !list.contains(&entry.hall_number) {
                list.push(entry.hall_number);
            }
        }
    }
    index
});

fn names(entry: &HallSymbolEntry) -> Vec<String> {
    let mut names = vec![entry.hm_full.to_owned()];
    match entry.number {
        3..=15 => {
            // The short symbol of the setting itself: `P 1 21/n 1` is `P21/n`.
            let words = entry.hm_full.split(' ').filter(|word| *word != "1");
            names.push(words.collect());
        }
        200..=206 | 221..=230 => {
            names.push(entry.hm_short.to_owned());
            // Older files leave out the bar: `F m 3 m`.
            names.push(entry.hm_short.replace("-3", "3"));
        }
        _ => names.push(entry.hm_short.to_owned()),
    }
    let axes = entry.setting.trim_start_matches(['1', '2']);
    let old = OLD_NAMES
        .iter()
        .find(|(number, of, _)| *number == entry.number && *of == axes);
    names.extend(old.map(|(_, _, name)| (*name).to_owned()));
    names
}

/// Without blanks and underscores, in lower case.
fn squeeze(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_whitespace() && *c != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

/// The setting of that number, 1..=530.
pub fn setting(hall_number: i32) -> Option<&'static Setting> {
    let index = usize::try_from(hall_number).ok()?.checked_sub(1)?;
    SETTINGS.get(index)
}

/// The settings a Hermann–Mauguin symbol may mean, in order of their number: `P n m a`,
/// `Pnma`, `P 1 21/c 1`, `F d -3 m :2`, `R -3 c H`, `F d -3 m S`.
pub fn by_hermann_mauguin(symbol: &str) -> Vec<&'static Setting> {
    let squeezed = squeeze(symbol);
    let (name, choice) = match squeezed.split_once([':', '(']) {
        Some((name, choice)) => (name, choice.trim_end_matches(')')),
        None => (squeezed.as_str(), ""),
    };
    let choice = match choice {
        "origin1" | "originchoice1" | "s" => "1",
        "origin2" | "originchoice2" | "z" => "2",
        other => other,
    };
    let of = |name: &str, choice: &str| -> Vec<&'static Setting> {
        let numbers = BY_NAME.get(name).map(Vec::as_slice).unwrap_or_default();
        let all = numbers.iter().filter_map(|number| setting(*number));
        all.filter(|s| {
            choice.is_empty()
                || [s.choice, s.origin()]
                    .iter()
                    .any(|c| c.eq_ignore_ascii_case(choice))
        })
        .collect()
    };
    let found = of(name, choice);
    if !found.is_empty() || !choice.is_empty() {
        return found;
    }
    // ICSD appends the choice to the symbol itself.
    for (ending, choice) in [
        ("hr", "h"),
        ("rs", "r"),
        ("h", "h"),
        ("r", "r"),
        ("s", "1"),
        ("z", "2"),
    ] {
        if let Some(name) = name.strip_suffix(ending) {
            let found = of(name, choice);
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

/// The settings a bare number means: the standard axes with each origin, and both
/// descriptions of a rhombohedral lattice.
pub fn by_number(number: i32) -> Vec<&'static Setting> {
    let standard = ["", "b", "b1", "1", "2", "H", "R"];
    SETTINGS
        .iter()
        .filter(|s| s.number == number && standard.contains(&s.choice))
        .collect()
}

/// All settings of a number whose choice has this code (`_space_group.IT_coordinate_
/// system_code`).
pub fn by_code(number: i32, code: &str) -> Vec<&'static Setting> {
    SETTINGS
        .iter()
        .filter(|s| s.number == number && s.choice.eq_ignore_ascii_case(code))
        .collect()
}

impl Setting {
    /// Whether a cell has the shape these axes ask: lengths in Å, angles in degrees.
    pub fn fits(&self, lengths: &[f64; 3], angles: &[f64; 3]) -> bool {
        let [a, b, c] = *lengths;
        let [alpha, beta, gamma] = *angles;
        let same = |x: f64, y: f64| (x - y).abs() <= LENGTH * x.max(y);
        let is = |angle: f64, degrees: f64| (angle - degrees).abs() <= ANGLE;
        let right = is(alpha, 90.0) && is(beta, 90.0) && is(gamma, 90.0);
        match self.number {
            1..=2 => true,
            3..=15 => match self.choice.trim_start_matches('-').chars().next() {
                Some('a') => is(beta, 90.0) && is(gamma, 90.0),
                Some('c') => is(alpha, 90.0) && is(beta, 90.0),
                _ => is(alpha, 90.0) && is(gamma, 90.0),
            },
            16..=74 => right,
            75..=142 => right && same(a, b),
            143..=194 if self.choice == "R" => {
                same(a, b) && same(b, c) && is(alpha, beta) && is(beta, gamma)
            }
            143..=194 => {
                same(a, b) && is(alpha, 90.0) && is(beta, 90.0) && is(gamma, 120.0)
            }
            _ => right && same(a, b) && same(b, c),
        }
    }

    /// The name a file gives this setting: its symbol, with `:1`, `:H` … where the
    /// symbol alone leaves the origin or the axes open.
    pub fn written(&self) -> String {
        match self.origin() {
            choice @ ("1" | "2" | "H" | "R") => format!("{}:{choice}", self.hermann),
            _ => self.hermann.clone(),
        }
    }

    /// The choice without its axes: `2` of `2ba-c`.
    fn origin(&self) -> &'static str {
        let axes = |c: char| !matches!(c, '1' | '2' | 'H' | 'R');
        self.choice.trim_end_matches(axes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(symbol: &str) -> Vec<i32> {
        by_hermann_mauguin(symbol)
            .iter()
            .map(|s| s.hall_number)
            .collect()
    }

    #[test]
    fn every_setting_is_found_by_what_is_written_for_it() {
        for number in 1..=530 {
            let setting = setting(number).unwrap();
            let found = by_hermann_mauguin(&setting.written());
            assert!(
                found.iter().any(|s| s.hall_number == number),
                "{number} {}",
                setting.written()
            );
        }
    }

    #[test]
    fn symbols_in_many_spellings() {
        assert_eq!(numbers("P n m a"), numbers("Pnma"));
        assert_eq!(numbers("Pnma").len(), 1);
        assert_eq!(numbers("F m -3 m"), [523]);
        assert_eq!(numbers("F m 3 m"), [523]);
        assert_eq!(numbers("Fd-3m").len(), 2);
        assert_eq!(numbers("F d -3 m :2"), [526]);
        assert_eq!(numbers("F d -3 m S"), [525]);
        assert_eq!(numbers("F d -3 m (origin 2)"), [526]);
        assert_eq!(numbers("R -3 m H"), [458]);
        assert_eq!(numbers("R-3m:R"), [459]);
        assert_eq!(numbers("P 21/n").len(), 3);
        assert_eq!(numbers("P 1 21/n 1"), [82]);
        assert_eq!(numbers("P63/mmc"), numbers("P 6_3/m 2/m 2/c"));
        assert_eq!(numbers("C m c a"), numbers("C m c e"));
        assert_eq!(numbers("P 1").len(), 1);
        assert!(numbers("Q q").is_empty());
        assert!(numbers("").is_empty());
    }

    #[test]
    fn numbers_mean_the_standard_settings() {
        for number in 1..=230 {
            let found = by_number(number);
            assert!((1..=2).contains(&found.len()), "{number}: {}", found.len());
        }
        assert_eq!(by_code(14, "b2").len(), 1);
        assert!(by_number(231).is_empty());
    }
}
