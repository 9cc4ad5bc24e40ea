//! Studies that are tables: what is printed, what is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::project::{contents, said, tmo};

const SCRIPT: &str = r#"tmo 1

use std.models.cnn.{descriptor_cnn}

dataset oxides = bundled("flla-2015")
  |> take(60)
  |> target(.formation_energy_per_atom to meV/atom)
  |> split(test: 20%)
  |> holdout(val: 20%)
  |> featurize(magpie())

let net = oxides |> train(
  descriptor_cnn(convs: [], widths: [4]),
  loss: mse, optimizer: adam(), rate: 1e-3, epochs: 3, batch: 32,
)

let scored = net |> evaluate(rmse, mae)

study course = net.history |> where(.epoch > 1)

/// Where the network says more than there is.
study high = scored.test.rows |> where(.predicted > .actual)

study trained = net
"#;

#[test]
fn fields_of_a_model_are_tables() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("study.tmo");
    fs::write(&script, SCRIPT).unwrap();
    let (store, out) = (folder.path().join("store"), folder.path().join("out"));
    let done = tmo(&["run", script.to_str().unwrap(), "--quiet", "--store"])
        .arg(&store)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let told = said(&done);
    assert_eq!(done.status.code(), Some(0), "{told}");
    let files = contents(&out);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert!(names.contains(&"high/table.csv"), "{names:?}");
    assert!(names.contains(&"trained/weights.safetensors"), "{names:?}");
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let course = text("course/table.csv");
    let mut lines = course.lines();
    assert_eq!(
        lines.next(),
        Some("epoch,train (meV^2/atom^2),val (meV^2/atom^2)")
    );
    let epochs: Vec<&str> = lines.map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(epochs, ["2", "3"]);
    let high = text("high/table.csv");
    let mut rows = high.lines();
    assert_eq!(
        rows.next(),
        Some("id,formula,actual (meV/atom),predicted (meV/atom)")
    );
    assert!(rows.clone().count() > 0, "{high}");
    for row in rows {
        let cells: Vec<&str> = row.split(',').collect();
        let (actual, predicted): (f64, f64) =
            (cells[2].parse().unwrap(), cells[3].parse().unwrap());
        assert!(predicted > actual, "{row}");
        assert!(actual.abs() > 100.0, "not in meV: {row}");
    }
    assert!(text("high/report.html").contains("more than there is"));
    // The trained model alone has not seen the test rows.
    let predictions = text("trained/predictions.csv");
    assert!(predictions.contains(",val,"));
    assert!(!predictions.contains(",test,"), "{predictions}");
}

/// The tables of a script, by study: lines of cells, the head first.
fn tables(script: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let folder = tempfile::tempdir().unwrap();
    let (store, out) = (folder.path().join("store"), folder.path().join("out"));
    let done = tmo(&["run", script, "--quiet", "--store"])
        .arg(&store)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let mut tables = BTreeMap::new();
    for (name, bytes) in contents(&out) {
        let Some(study) = name.strip_suffix("/table.csv") else {
            continue;
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(bytes.as_slice());
        let lines = reader.records().map(|line| {
            let line = line.unwrap();
            line.iter().map(String::from).collect()
        });
        tables.insert(study.to_owned(), lines.collect());
    }
    tables
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn verbs_over_rows_give_what_they_say() {
    let tables = tables("tests/ui/fine/rows.tmo");
    let top = &tables["top"];
    assert_eq!(
        top[0],
        [
            "rank",
            "id",
            "per_atom (Å^3/atom)",
            "group",
            "formation_energy_per_atom (eV/atom)"
        ]
    );
    let ranks: Vec<&str> = top[1..].iter().map(|row| &*row[0]).collect();
    assert_eq!(ranks, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    for pair in top[1..].windows(2) {
        assert!(number(&pair[0][4]) <= number(&pair[1][4]), "{pair:?}");
    }
    // Counts by a number are in its order, here sorted by the count.
    let sizes = &tables["sizes"];
    assert_eq!(sizes[0], ["nelements", "count"]);
    for pair in sizes[1..].windows(2) {
        assert!(number(&pair[0][1]) <= number(&pair[1][1]), "{pair:?}");
    }
    let metals = &tables["metals"];
    assert!(
        metals[1..]
            .iter()
            .all(|row| row[0] != "O" && number(&row[1]) > 10.0)
    );
    assert!(metals.len() > 10, "{metals:?}");
    assert_eq!(
        tables["joined"].len(),
        top.len(),
        "every row has its partner"
    );
    let counts = &tables["counts"];
    assert_eq!(
        counts[0],
        [
            "rows",
            "test",
            "share (%)",
            "others",
            "kinds",
            "known",
            "limit (meV/atom)"
        ]
    );
    assert_eq!(counts[1][0], "728");
    assert_eq!(counts[1][5], "728");
    assert_eq!(counts[1][6], "300");
    assert!((5.0..40.0).contains(&number(&counts[1][2])), "{counts:?}");
    assert_eq!(tables["same"], *counts);
}

#[test]
fn gaps_are_left_out_filled_or_imputed() {
    let tables = tables("tests/ui/fine/gaps.tmo");
    let ids = |name: &str| -> Vec<String> {
        tables[name][1..].iter().map(|row| row.join(" ")).collect()
    };
    assert_eq!(ids("known"), ["a 1.5", "c 2.5"]);
    assert_eq!(ids("filled"), ["a 1.5 1.5", "b  0", "c 2.5 2.5"]);
    // The mean of the training rows alone: `a` is set aside.
    assert_eq!(ids("imputed"), ["a 1.5", "b 2.5", "c 2.5"]);
}

#[test]
fn a_group_is_never_parted() {
    let text = "tmo 1
dataset parted = bundled(\"flla-2015\") |> group_split(by: .elements, test: 20%, seed: 5)
study kept = parted.train |> select(.elements)
study aside = parted.test |> select(.elements)
";
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("study.tmo");
    fs::write(&script, text).unwrap();
    let tables = tables(script.to_str().unwrap());
    let systems = |name: &str| -> BTreeSet<String> {
        tables[name][1..].iter().map(|row| row[0].clone()).collect()
    };
    let (train, test) = (systems("kept"), systems("aside"));
    assert!(test.len() > 20 && train.len() > test.len());
    assert!(train.is_disjoint(&test));
}

/// What `save` writes of a data set is what it holds: numbers, structures, features.
#[test]
fn a_data_set_is_saved_with_structures_and_features() {
    let text = "tmo 1
dataset oxides = bundled(\"flla-2015\") |> take(12) |> target(.formation_energy_per_atom)
  |> split(test: 25%) |> derive(room: .volume / .nsites)
study numbers = oxides |> featurize(magpie())
  |> save(\"all.csv\") |> save(\"all.jsonl\") |> save(\"all.npz\") |> save(\"all.parquet\")
study crystals = oxides |> save(\"all.csv\") |> save(\"all.cif\") |> save(\"all.extxyz\")
  |> save(\"all.zip\")
study graphs = oxides |> featurize(knn_graph(radius: 8 Å, neighbours: 12) >> with_angles)
  |> save(\"graphs.npz\") |> save(\"graphs.extxyz\")
";
    let folder = tempfile::tempdir().unwrap();
    let (script, out) = (folder.path().join("s.tmo"), folder.path().join("out"));
    fs::write(&script, text).unwrap();
    let done = tmo(&["run", script.to_str().unwrap(), "--quiet", "--store"])
        .arg(folder.path().join("store"))
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let files = contents(&out);

    let mut csv = csv::Reader::from_reader(&files["numbers/all.csv"][..]);
    let head: Vec<String> = csv.headers().unwrap().iter().map(String::from).collect();
    let at = |name: &str| head.iter().position(|known| known == name).unwrap();
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 12);
    assert_eq!(&rows[0][at("id")], "mp-10062");
    assert!((number(&rows[0][at("room (Å^3/atom)")]) - 195.290587 / 14.0).abs() < 1e-6);
    // The mean atomic number of Ba2NdNb(CuO4)2.
    let mean = at("MagpieData mean Number");
    let due = (2.0 * 56.0 + 60.0 + 41.0 + 2.0 * 29.0 + 8.0 * 8.0) / 14.0;
    assert!((number(&rows[0][mean]) - due).abs() < 1e-5);

    let npz = arrays(&files["numbers/all.npz"]);
    let (shape, features) = &npz["features"];
    assert_eq!(shape, "(12,132)");
    for (row, known) in rows.iter().enumerate() {
        for (place, name) in head[at("MagpieData minimum Number")..].iter().enumerate() {
            let four = &features[4 * (132 * row + place)..][..4];
            let value = f32::from_le_bytes(four.try_into().unwrap());
            assert_eq!(known[at(name)].parse(), Ok(value), "{name}");
        }
    }
    assert_eq!(npz["split"].0, "(12,)");
    assert_eq!(npz["lattice_vectors"].0, "(36,3)");
    let graphs = arrays(&files["graphs/graphs.npz"]);
    let last = |name: &str| {
        let ends = graphs[name].1.last_chunk::<8>().unwrap();
        i64::from_le_bytes(*ends)
    };
    let length = |name: &str| format!("({},)", last(name));
    assert_eq!(graphs["src"].0, length("edges_offsets"));
    assert_eq!(graphs["line_cosine"].0, length("angles_offsets"));
    assert!(last("angles_offsets") > 12 * last("edges_offsets"));

    let parquet = &files["numbers/all.parquet"];
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));

    // Read back, it is the data set it was.
    let read = |name: &str| {
        let settings = tmo::chem::formats::Settings::default();
        tmo::chem::formats::read_bytes(name, &files[name], &settings).unwrap()
    };
    let known = tmo::chem::bundled("flla-2015").unwrap().read().unwrap();
    let lines = read("numbers/all.jsonl");
    for (row, known) in lines.rows.iter().zip(&known.rows) {
        assert_eq!(row.structure, known.structure);
        let energy = "formation_energy_per_atom";
        assert_eq!(row.columns[energy], known.columns[energy]);
        assert_eq!(row.columns.len(), known.columns.len() + 2 + 132);
    }
    for name in [
        "crystals/all.cif",
        "crystals/all.extxyz",
        "crystals/all.zip",
        "graphs/graphs.extxyz",
    ] {
        let back = read(name);
        assert_eq!(back.rows.len(), 12, "{name}");
        for (row, known) in back.rows.iter().zip(&known.rows) {
            assert_eq!(row.structure.species(), known.structure.species());
            let volumes = (row.structure.volume(), known.structure.volume());
            assert!((volumes.0 / volumes.1 - 1.0).abs() < 1e-8, "{name}");
        }
    }
}

/// The arrays of an npz file: the shape as its head says it, and the bytes.
fn arrays(bytes: &[u8]) -> BTreeMap<String, (String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut arrays = BTreeMap::new();
    for place in 0..archive.len() {
        let mut member = archive.by_index(place).unwrap();
        let name = member.name().unwrap().trim_end_matches(".npy").to_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00", "{name}");
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + length) % 64, 0, "numpy wants its data aligned");
        let head = String::from_utf8(bytes[10..10 + length].to_vec()).unwrap();
        let shape = head.split_once("'shape': ").unwrap().1;
        let shape = shape.split_once(", }").unwrap().0.to_owned();
        arrays.insert(name, (shape, bytes.split_off(10 + length)));
    }
    arrays
}

/// A structure by itself is computed with as one of a data set is.
#[test]
fn a_cif_is_one_structure() {
    let folder = tempfile::tempdir().unwrap();
    let cif = fs::read("examples/structures/h-WO3.cif").unwrap();
    fs::write(folder.path().join("a.cif"), &cif).unwrap();
    fs::create_dir(folder.path().join("all")).unwrap();
    fs::write(folder.path().join("all/a.cif"), &cif).unwrap();
    let script = folder.path().join("s.tmo");
    let text = "tmo 1
let host = cif(\"a.cif\")
study one = table({
  dense: density(host) to g/cm^3, group: space_group(host), void: void_fraction()(host),
})
study all = cif_folder(\"all\") |> select(.id)
  |> derive(x: 1)
study of_set = cif_folder(\"all\")
  |> derive(dense: density(.structure) to g/cm^3, group: .structure |> space_group,
    void: void_fraction()(.structure))
  |> select(.dense, .group, .void)
";
    fs::write(&script, text).unwrap();
    let tables = tables(script.to_str().unwrap());
    assert_eq!(tables["one"], tables["of_set"]);
    assert!(number(&tables["one"][1][0]) > 5.0);

    let other = String::from_utf8(cif.clone())
        .unwrap()
        .replace("data_h-WO3", "data_b");
    let two = [cif, other.into_bytes()].concat();
    fs::write(folder.path().join("a.cif"), two).unwrap();
    let done = tmo(&["run", script.to_str().unwrap(), "--quiet", "--out"])
        .arg(folder.path().join("out"))
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(
        said(&done).contains("holds more than one structure"),
        "{}",
        said(&done)
    );
}

#[test]
fn columns_may_hold_lists() {
    let crystal = "\"lattice\":[[4,0,0],[0,4,0],[0,0,4]],\"species\":[\"O\"],\
                   \"frac\":[[0,0,0]]";
    let line = |id: &str, ids: &str, tags: &str| {
        format!("{{\"id\":\"{id}\",{crystal},\"icsd_ids\":{ids},\"tags\":{tags}}}\n")
    };
    let lines = [
        line("a", "[]", "[]"),
        line("b", "[12, 7]", "[\"x\"]"),
        line("c", "[3]", "[\"y\", \"x\"]"),
    ];
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("d.jsonl"), lines.concat()).unwrap();
    let script = folder.path().join("s.tmo");
    let text = "tmo 1
dataset all = jsonl(\"d.jsonl\")
study known = all |> where(size(.icsd_ids) > 0) |> select(.id, .icsd_ids, .tags)
study tagged = all |> where(\"y\" in .tags) |> derive(most: greatest(.icsd_ids))
  |> select(.id, .most)
study again = all |> save(\"again.jsonl\")
";
    fs::write(&script, text).unwrap();
    let tables = tables(script.to_str().unwrap());
    assert_eq!(
        tables["known"][1..],
        [["b", "12 7", "x"], ["c", "3", "y x"]]
    );
    assert_eq!(tables["tagged"][1..], [["c", "3"]]);
    assert_eq!(tables["again"].len(), 4);
}
