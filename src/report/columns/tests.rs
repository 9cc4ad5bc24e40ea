//! A file with a column of every kind, as bytes. The snapshots were read once by pyarrow 26
//! and numpy 2.4 and gave these values; a change of them wants such a reading again.

use super::*;

fn every_kind() -> Vec<TypedColumn> {
    let text = |text: &str| Some(text.to_owned());
    let plain = |name, values| TypedColumn::new(name, "", values);
    vec![
        plain("id", Values::Texts(vec![text("a"), None, text("Å, \"b\"")])),
        TypedColumn::new(
            "energy",
            "eV/atom",
            Values::Numbers(vec![Some(-1.5), None, Some(0.1)]),
        ),
        plain("single", Values::Singles(vec![0.1, -2.0, 3.5])),
        plain("sites", Values::Whole(vec![3, -1, i64::MAX])),
        plain(
            "stable",
            Values::Truths(vec![Some(true), None, Some(false)]),
        ),
        plain(
            "sure",
            Values::Truths(vec![Some(true), Some(true), Some(false)]),
        ),
        plain(
            "lists",
            Values::NumberLists(vec![Some(vec![1.0, 2.0]), Some(vec![]), None]),
        ),
        plain(
            "types",
            Values::WholeLists(vec![vec![1, 1, 1], vec![], vec![0]]),
        ),
        plain(
            "elements",
            Values::TextLists(vec![
                Some(vec!["Fe".into(), "O".into()]),
                None,
                Some(vec![]),
            ]),
        ),
        plain(
            "positions",
            Values::Vectors(vec![
                vec![[0.0; 3], [0.5, 0.25, 1.0]],
                vec![],
                vec![[1.0; 3]],
            ]),
        ),
    ]
}

#[test]
fn parquet_has_every_kind_of_column() {
    insta::assert_binary_snapshot!("written.parquet", parquet(&every_kind()).unwrap());
}

#[test]
fn npz_has_every_kind_of_column() {
    let arrays = npz_arrays(&every_kind());
    insta::assert_binary_snapshot!("arrays.npz", npz(&arrays).unwrap());
}

/// More rows than a group holds: the groups follow each other, each with its own count.
#[test]
fn rows_are_parted_into_groups() {
    let rows = 10_000;
    let number = |rows: usize| {
        let all = (0..rows).map(|row| row as i64).collect();
        parquet(&[TypedColumn::new("row", "", Values::Whole(all))]).unwrap()
    };
    let (few, many) = (number(rows), number(2 * rows));
    // 8 bytes a row, and some for each group.
    assert!((80_000..81_000).contains(&few.len()), "{}", few.len());
    assert!((160_000..161_500).contains(&many.len()), "{}", many.len());
    assert!(
        parquet(&[]).unwrap().len() > 12,
        "a file of nothing is a file"
    );
}
