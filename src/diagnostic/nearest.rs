//! The name a reader probably meant.
//!
//! Comes in: a word nobody knows and the words that are known. Goes out: the known word
//! to suggest, if one is near enough.

/// The word of `among` nearest to `wanted`, if at most about a third of its letters
/// differ. The same word in other capitals is nearest of all; among equally near ones a
/// shared first letter counts, then the alphabet. A word equal to `wanted` is no
/// suggestion.
pub fn nearest<'a>(
    wanted: &str,
    among: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let small = wanted.to_lowercase();
    let allowed = wanted.chars().count() / 3;
    let first = small.chars().next();
    among
        .into_iter()
        .filter(|word| *word != wanted)
        .filter_map(|word| {
            let lower = word.to_lowercase();
            let distance = strsim::damerau_levenshtein(&small, &lower);
            let other_first = lower.chars().next() != first;
            (distance <= allowed).then_some((distance, other_first, word))
        })
        .min()
        .map(|(_, _, word)| word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_words_are_found() {
        assert_eq!(nearest("datset", ["dataset", "features"]), Some("dataset"));
        assert_eq!(nearest("epoch", ["epochs", "batch"]), Some("epochs"));
        assert_eq!(nearest("thne", ["then", "else"]), Some("then"));
        assert_eq!(nearest("RMSE", ["mse", "rmse"]), Some("rmse"));
        assert_eq!(nearest("k", ["K", "V"]), Some("K"));
    }

    #[test]
    fn far_words_are_not() {
        assert_eq!(nearest("x", ["y", "z"]), None);
        assert_eq!(nearest("radius", ["epochs", "batch"]), None);
        assert_eq!(nearest("", ["a"]), None);
        assert_eq!(nearest("same", ["same"]), None);
    }

    #[test]
    fn ties_do_not_depend_on_order() {
        assert_eq!(nearest("bat", ["bet", "bad", "cat"]), Some("bad"));
        assert_eq!(nearest("bat", ["cat", "bad", "bet"]), Some("bad"));
        assert_eq!(nearest("Ångstrom", ["ångström"]), Some("ångström"));
    }
}
