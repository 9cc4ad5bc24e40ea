use std::path::PathBuf;

use super::*;
use crate::chem::element::Element;

const GOOD: &str = r#"{"id": "a", "lattice": [[4,0,0],[0,4,0],[0,0,4]], "species": ["Ni", "O"], "frac": [[0,0,0],[0.5,0.5,0.5]], "formation_energy_per_atom": -1.25, "by": null}"#;

fn read(text: &str, on_bad: OnBad) -> Result<Records, Fault> {
    read_from("x.jsonl", text.as_bytes(), on_bad)
}

/// The fault of one record that differs from the good one by a replacement.
fn fault_of(from: &str, to: &str) -> Fault {
    assert!(GOOD.contains(from), "{from}");
    read(&GOOD.replace(from, to), OnBad::Fail).unwrap_err()
}

/// A file of tests/data.
fn data(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data")).join(name)
}

#[test]
fn a_good_record_is_kept_whole() {
    let records = read(GOOD, OnBad::Fail).unwrap();
    let [row] = records.rows.as_slice() else {
        panic!("one row")
    };
    assert_eq!(
        (row.id.as_str(), row.formula.as_str(), row.line),
        ("a", "NiO", 1)
    );
    assert_eq!(row.structure.species()[1], Element::O);
    assert_eq!(row.structure.frac()[1], [0.5; 3]);
    assert_eq!(row.structure.volume(), 64.0);
    // null is no value
    let energy = ("formation_energy_per_atom".to_owned(), Cell::Number(-1.25));
    assert_eq!(row.columns, BTreeMap::from([energy]));
    assert!(!records.columns[0].optional);
}

#[test]
fn blank_lines_bom_and_carriage_returns_do_no_harm() {
    let other = GOOD.replace("\"a\"", "\"b\"");
    let text = format!("\u{feff}{GOOD}\r\n\r\n  \n{other}");
    let records = read(&text, OnBad::Fail).unwrap();
    assert_eq!(records.rows[1].line, 4);
}

#[test]
fn plain_and_packed_files_are_the_same() {
    let plain = read_path(&data("good/small.jsonl"), OnBad::Fail).unwrap();
    let packed = read_path(&data("good/small.jsonl.gz"), OnBad::Fail).unwrap();
    assert_eq!(plain.rows.len(), 40);
    assert_eq!(plain, packed);
    let head = schema_path(&data("good/small.jsonl"), OnBad::Fail).unwrap();
    assert_eq!(head, plain.columns);
}

#[test]
fn each_bad_file_has_its_code_line_and_field() {
    let expected = [
        ("array.jsonl", "E0702", 1, None),
        ("blank.jsonl", "E0709", 0, None),
        ("broken_formula.jsonl", "E0704", 2, Some("formula")),
        ("cartesian_coordinates.jsonl", "E0711", 2, Some("frac")),
        ("charged_element.jsonl", "E0705", 2, Some("species")),
        ("damaged.jsonl.gz", "E0701", 13, None),
        ("duplicate_id.jsonl", "E0708", 3, Some("id")),
        ("empty.jsonl", "E0709", 0, None),
        ("fewer_coordinates.jsonl", "E0710", 2, Some("frac")),
        ("flat_lattice.jsonl", "E0706", 2, Some("lattice")),
        ("formula_mismatch.jsonl", "E0710", 2, Some("formula")),
        ("indented.jsonl", "E0702", 1, None),
        ("infinite_coordinate.jsonl", "E0707", 2, Some("frac")),
        ("latin1.jsonl", "E0702", 2, None),
        ("lattice_by_another_name.jsonl", "E0703", 2, Some("lattice")),
        ("lattice_in_metres.jsonl", "E0706", 2, Some("lattice")),
        ("missing_comma.jsonl", "E0702", 2, None),
        ("missing_id.jsonl", "E0703", 2, Some("id")),
        ("missing_lattice.jsonl", "E0703", 2, Some("lattice")),
        ("mixed_column.jsonl", "E0704", 2, Some("source")),
        (
            "nan_energy.jsonl",
            "E0707",
            3,
            Some("formation_energy_per_atom"),
        ),
        ("nelem_mismatch.jsonl", "E0710", 2, Some("nelem")),
        ("nested_column.jsonl", "E0704", 2, Some("spacegroup")),
        ("not_json.jsonl", "E0702", 2, None),
        ("nsites_mismatch.jsonl", "E0710", 2, Some("nsites")),
        ("number_as_id.jsonl", "E0704", 2, Some("id")),
        ("ragged_frac.jsonl", "E0704", 2, Some("frac")),
        ("text_coordinate.jsonl", "E0704", 2, Some("frac")),
        (
            "text_energy.jsonl",
            "E0704",
            2,
            Some("formation_energy_per_atom"),
        ),
        ("truncated.jsonl.gz", "E0701", 8, None),
        ("twice_the_same_field.jsonl", "E0710", 2, Some("nsites")),
        ("two_on_a_line.jsonl", "E0702", 2, None),
        ("unknown_element.jsonl", "E0705", 2, Some("species")),
        ("wrong_lattice.jsonl", "E0704", 2, Some("lattice")),
    ];
    let folder = data("bad");
    let mut there: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    there.sort();
    assert_eq!(there, expected.map(|(name, ..)| name.to_owned()));
    for (name, code, line, field) in expected {
        let path = folder.join(name);
        let fault = read_path(&path, OnBad::Fail).unwrap_err();
        assert_eq!(fault.file, path.display().to_string());
        let told = (fault.code, fault.line, fault.field.as_deref());
        assert_eq!(told, (code, line, field), "{name}: {fault}");
        assert!(!fault.help.is_empty(), "{name}: {fault}");
        // A head that holds the fault shows the same one.
        assert_eq!(
            schema_path(&path, OnBad::Fail).unwrap_err(),
            fault,
            "{name}"
        );
    }
}

#[test]
fn the_record_is_named_even_where_its_line_cannot_be_read() {
    let nan = fault_of("-1.25", "NaN");
    assert_eq!(nan.record.as_deref(), Some("a"));
    assert_eq!(
        nan.title,
        "`formation_energy_per_atom` is NaN, not a finite number"
    );
    assert!(nan.help.contains("null"));
    let cut = read(&GOOD[..100], OnBad::Fail).unwrap_err();
    assert_eq!(cut.record.as_deref(), Some("a"));
    assert_eq!(cut.title, "the line ends in the middle of a record");
}

#[test]
fn numbers_too_large_to_hold_are_not_finite() {
    for (from, to, field) in [
        ("-1.25", "1e999", "formation_energy_per_atom"),
        ("[4,0,0]", "[4,0,-1e400]", "lattice"),
        ("[0,0,0]", "[0,1e999,0]", "frac"),
        ("\"id\"", "\"nsites\": 1e999, \"id\"", "nsites"),
    ] {
        let fault = fault_of(from, to);
        assert_eq!((fault.code, fault.field.as_deref()), ("E0707", Some(field)));
    }
    let whole = fault_of("-1.25", "123456789012345678901");
    assert_eq!(whole.code, "E0704");
    assert!(whole.title.contains("too large to be kept exactly"));
}

#[test]
fn titles_name_the_very_value() {
    for (from, to, title) in [
        (
            "[4,0,0]",
            "[4,0,null]",
            "`lattice[0][2]` is null, not a number",
        ),
        ("[4,0,0]", "[4,0]", "`lattice[0]` has 2 numbers, not 3"),
        ("[4,0,0],", "", "`lattice` has 2 rows, not 3"),
        (
            "[4,0,0]",
            "4",
            "`lattice[0]` is a number, not a list of three numbers",
        ),
        (
            "[0,0,0]",
            "[0,true,0]",
            "`frac[0][1]` is true or false, not a number",
        ),
        (
            "[\"Ni\", \"O\"]",
            "\"NiO\"",
            "`species` is text, not a list",
        ),
        ("\"Ni\"", "28", "`species[0]` is a number, not text"),
        (
            "\"Ni\"",
            "\"ni\"",
            "`species[0]`: `ni` is not a chemical element",
        ),
        ("\"a\"", "\" \"", "`id` is empty"),
        ("\"a\"", "7", "`id` is a number, not text"),
        (
            "null",
            "[1, \"a\"]",
            "`by` is a list that no column can hold",
        ),
        (
            "-1.25",
            "true",
            "`formation_energy_per_atom` is true or false, not a number",
        ),
        (
            "\"by\": null",
            "\"nsites\": 3",
            "`nsites` is 3, but the structure has 2 sites",
        ),
        (
            "\"by\": null",
            "\"nelem\": \"2\"",
            "`nelem` is text, not a number",
        ),
        (
            "\"by\": null",
            "\"formula\": 5",
            "`formula` is a number, not text",
        ),
        (
            "\"by\": null",
            "\"formula\": \"NiO2\"",
            "`formula` is NiO2, but the sites make NiO",
        ),
        ("[4,0,0]", "[0,0,0]", "lattice vector a is 0 Å long"),
    ] {
        let fault = fault_of(from, to);
        assert_eq!(fault.title, title);
        assert!(fault.column.is_some_and(|column| column > 1), "{fault}");
    }
}

#[test]
fn names_are_short_enough_to_be_shown() {
    let long = format!("\"{}\"", "x".repeat(201));
    assert!(fault_of("\"a\"", &long).title.contains("longer than 200"));
    let text = GOOD.replace("\"by\": null", &format!("{long}: 1"));
    let field = read(&text, OnBad::Fail).unwrap_err();
    assert!(field.title.contains("longer than 200") && field.field.unwrap().len() < 50);
    let fits = format!("\"{}\"", "x".repeat(200));
    assert!(read(&GOOD.replace("\"by\"", &fits), OnBad::Fail).is_ok());
}

#[test]
fn a_line_of_many_odd_numbers_is_read_in_linear_time() {
    let many = "1e999,".repeat(300_000);
    let text = GOOD
        .replace("null", &format!("[{many}0]"))
        .replace("[4,0,0]", "[4,0]");
    let fault = read(&text, OnBad::Fail).unwrap_err();
    assert_eq!(fault.title, "`lattice[0]` has 2 numbers, not 3");
}

#[test]
fn helps_say_what_to_write() {
    assert_eq!(fault_of("\"a\"", "7").help, "write it in quotes: \"7\"");
    assert_eq!(
        fault_of("\"Ni\"", "\"ni\"").help,
        "write `Ni`: the bare symbol"
    );
    let renamed = fault_of("\"frac\"", "\"frac_coords\"");
    assert!(
        renamed
            .help
            .starts_with("if `frac_coords` is meant, call it `frac`")
    );
    let nested = read(r#"{"id": "a", "structure": {"lattice": {}}}"#, OnBad::Fail);
    assert!(nested.unwrap_err().help.contains("inside `structure`"));
}

#[test]
fn formulas_agree_by_ratio() {
    for formula in ["\"Ni2O2\"", "\"ONi\"", "\"Ni0.5O0.5\"", "null"] {
        let text = GOOD.replace("\"by\": null", &format!("\"formula\": {formula}"));
        assert!(read(&text, OnBad::Fail).is_ok(), "{formula}");
    }
}

#[test]
fn bad_records_can_be_skipped_and_are_counted() {
    let other = GOOD.replace("\"a\"", "\"b\"");
    let text = [
        GOOD,
        &GOOD.replace("-1.25", "NaN"),
        &GOOD.replace("-1.25", "-2"),
        &other.replace("-1.25", "Infinity"),
        "",
        &other,
    ]
    .join("\n");
    let records = read(&text, OnBad::Skip).unwrap();
    let ids: Vec<_> = records.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    let lines: Vec<_> = records.bad.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [2, 3, 4]);
    assert_eq!(
        records.bad_counts,
        BTreeMap::from([("E0707", 2), ("E0708", 1)])
    );
    assert_eq!(records.bad_total(), 3);
    assert_eq!(read(&text, OnBad::Fail).unwrap_err().line, 2);
    assert_eq!(
        schema_from("x", text.as_bytes(), OnBad::Skip).unwrap(),
        records.columns
    );
}

#[test]
fn a_file_whose_records_are_all_bad_is_a_fault_even_when_skipping() {
    let fault = read("nothing\nof use\n", OnBad::Skip).unwrap_err();
    assert_eq!((fault.code, fault.line), ("E0709", 0));
    assert_eq!(fault.title, "none of the 2 records is usable");
    assert!(fault.help.contains("on line 1"));
    let damaged = read_path(&data("bad/damaged.jsonl.gz"), OnBad::Skip).unwrap_err();
    assert_eq!(damaged.code, "E0701");
}

#[test]
fn many_faults_are_counted_but_not_all_kept() {
    let text = format!("{GOOD}\n{}", "?\n".repeat(KEPT_FAULTS + 5));
    let records = read(&text, OnBad::Skip).unwrap();
    assert_eq!(records.bad.len(), KEPT_FAULTS);
    assert_eq!(records.bad_total(), KEPT_FAULTS as u64 + 5);
}

#[test]
fn the_head_is_enough_for_the_columns() {
    let row = |i: usize, end: &str| {
        GOOD.replace("\"a\"", &format!("\"{i}\""))
            .replace("null", end)
    };
    let mut rows: Vec<_> = (0..HEAD).map(|i| row(i, "1")).collect();
    rows.push("this line is not read".to_owned());
    let text = rows.join("\n");
    let head = schema_from("x", text.as_bytes(), OnBad::Fail).unwrap();
    let told: Vec<_> = head.iter().map(|c| (c.name.as_str(), c.whole)).collect();
    assert_eq!(told, [("by", true), ("formation_energy_per_atom", false)]);
    assert_eq!(read(&text, OnBad::Fail).unwrap_err().line, HEAD as u64 + 1);
}

#[test]
fn files_that_are_none() {
    let missing = read_path(&data("no/such.jsonl"), OnBad::Fail).unwrap_err();
    assert_eq!(
        (missing.code, missing.title.as_str()),
        ("E0701", "there is no such file")
    );
    let folder = read_path(&data("bad"), OnBad::Skip).unwrap_err();
    assert_eq!(folder.title, "this is a folder");
    #[cfg(unix)]
    {
        let device = read_path(std::path::Path::new("/dev/zero"), OnBad::Fail);
        assert_eq!(device.unwrap_err().title, "this is not a regular file");
    }
}

#[test]
fn a_stream_goes_on_after_a_bad_record_and_ends_after_a_bad_file() {
    let text = format!("?\n{GOOD}\n");
    let mut stream = RecordStream::open("x", text.as_bytes(), Limits::default()).unwrap();
    assert!(stream.next().unwrap().is_err());
    assert!(stream.next().unwrap().is_ok());
    assert!(stream.next().is_none());
    let short = Limits {
        line_bytes: 10,
        ..Limits::default()
    };
    let mut stream = RecordStream::open("x", GOOD.as_bytes(), short).unwrap();
    assert_eq!(stream.next().unwrap().unwrap_err().code, code::UNREADABLE);
    assert!(stream.next().is_none());
}

#[test]
fn any_cut_or_flip_gives_a_fault_or_a_record_but_no_panic() {
    let text = std::fs::read(data("good/small.jsonl")).unwrap();
    let line: Vec<u8> = text.split(|byte| *byte == b'\n').next().unwrap().to_vec();
    for end in 0..line.len() {
        let cut = read_from("x", &line[..end], OnBad::Fail).unwrap_err();
        assert!(["E0702", "E0709"].contains(&cut.code), "{cut}");
    }
    let mut state = 1_u64;
    for at in 0..line.len() {
        let mut changed = line.clone();
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        changed[at] = (state >> 56) as u8;
        if let Err(fault) = read_from("x", changed.as_slice(), OnBad::Fail) {
            assert!(!fault.title.is_empty() && !fault.help.is_empty(), "{fault}");
        }
    }
}
