//! Structures from the files of other programs, through a script: the same five oxides
//! from every source, labels with their units, and every bad file told.

use std::fs;

use tmo::chem::Structure;
use tmo::chem::density::density;
use tmo::chem::porosity::{atomic_radii, porosity, void_fraction};
use tmo::chem::symmetry::{SymmetrySettings, symmetry};
use tmo::report::StudyReport;
use tmo::world::{Disk, Memory};

use crate::project::{Told, run_text};

const GOOD: &str = "tests/data/formats/good";
const BAD: &str = "tests/data/formats/bad";

/// Train a line on a target of those rows.
fn ran(
    world: &dyn tmo::world::World,
    rows: &str,
    target: &str,
) -> (Told, Option<StudyReport>) {
    let text = format!(
        "tmo 1\n\nmodel line()(x: [rows, d]) -> [rows, 1] = x |> dense(1)\n\n\
         study first = {rows}\n  |> target({target})\n  |> split(test: 40%, seed: 3)\n  \
         |> featurize(magpie())\n  |> train(line(), loss: mse, optimizer: adam(), \
         rate: 1e-6, epochs: 1, batch: 8, keep: final)\n  |> evaluate(rmse)\n"
    );
    let (told, ran) = run_text(world, "study.tmo", &text);
    let report = ran.and_then(|ran| ran.outcomes.into_iter().next());
    (told, report.and_then(|outcome| outcome.scores().cloned()))
}

/// Ids and targets, by target.
fn targets(
    world: &dyn tmo::world::World,
    rows: &str,
    target: &str,
) -> Vec<(f64, String)> {
    let (told, report) = ran(world, rows, target);
    assert_eq!(told.short(), "", "{rows}");
    let predictions = report.unwrap().predictions.into_iter();
    let mut all: Vec<(f64, String)> =
        predictions.map(|row| (row.actual, row.id)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

/// The files of the tests under the names that scripts give them.
fn files() -> Memory {
    let mut world = Memory::default();
    for (name, file) in [
        ("mp.json", "mp_documents.json"),
        ("matbench.json", "matbench.json"),
        ("jarvis.json", "jarvis.json"),
        ("optimade.json", "optimade.json"),
        ("ase.db", "ase.db"),
        ("frames.extxyz", "frames.extxyz"),
        ("entries.json.gz", "pymatgen_entries.json.gz"),
        ("labels.csv", "labels.csv"),
    ] {
        world.put(name, fs::read(format!("{GOOD}/{file}")).unwrap());
    }
    for id in ["mp-11540", "mp-1224", "mp-13207", "mp-1605", "mp-18828"] {
        for flavour in ["p1", "symmetry"] {
            let bytes = fs::read(format!("{GOOD}/{id}.{flavour}.cif")).unwrap();
            world.put(format!("{flavour}/deeper/{id}.cif"), bytes);
        }
    }
    world.put("p1/notes.txt", "not a structure");
    // A document on each line, as the Materials Project's own downloads are.
    let documents = fs::read(format!("{GOOD}/mp_documents.json")).unwrap();
    let documents: Vec<serde_json::Value> = serde_json::from_slice(&documents).unwrap();
    let lines: Vec<String> = documents.iter().map(ToString::to_string).collect();
    world.put("mp.jsonl", lines.join("\n"));
    world
}

#[test]
fn every_source_gives_the_same_five_oxides() {
    let world = files();
    let first = targets(&world, "cif_folder(\"p1\")", ".volume / .nsites");
    assert_eq!(first.len(), 5);
    for rows in [
        "cif_folder(\"symmetry/\")",
        "structures(\"p1\")",
        "materials_project(\"mp.json\")",
        "materials_project(\"mp.jsonl\")",
        "matbench(\"matbench.json\")",
        "jarvis(\"jarvis.json\")",
        "optimade(\"optimade.json\")",
        "ase_db(\"ase.db\")",
        "extxyz(\"frames.extxyz\")",
        "structures(\"entries.json.gz\")",
        "structures(\"frames.extxyz\")",
    ] {
        let other = targets(&world, rows, ".volume / .nsites");
        assert_eq!(other.len(), 5, "{rows}");
        for (a, b) in first.iter().zip(&other) {
            assert!((a.0 - b.0).abs() < 2e-5, "{rows}: {a:?}, {b:?}");
        }
    }
}

#[test]
fn labels_are_columns_with_the_units_of_their_head() {
    let mut world = files();
    let rows = "cif_folder(\"p1\", labels: \"labels.csv\")";
    let plain = targets(&world, rows, ".e_form to meV/atom");
    assert_eq!(plain[0], (-1993.66, "mp-13207".to_owned()));
    let head = "id,energy (meV/atom),fine\n";
    let lines = "mp-11540,1,a\nmp-1224,2,b\nmp-13207,3,c\nmp-1605,4,d\nmp-18828,5,e\n";
    world.put("own.csv", format!("{head}{lines}"));
    let rows = "cif_folder(\"p1\", labels: \"own.csv\")";
    let labelled = targets(&world, rows, ".energy to meV/atom");
    assert_eq!(labelled[4].1, "mp-18828");
    let rows = "cif_folder(\"p1\", labels: \"own.csv\", units: { energy: 1 eV/atom })";
    let labelled = targets(&world, rows, ".energy to eV/atom");
    assert_eq!(labelled[0], (1.0, "mp-11540".to_owned()));
    // A row that is not there stops the run, or leaves its structure out.
    world.put(
        "short.csv",
        "id,energy (eV)\nmp-11540,2\nmp-1224,4\nmp-13207,5\n",
    );
    let rows = "cif_folder(\"p1\", labels: \"short.csv\"";
    let (told, _) = ran(&world, &format!("{rows})"), ".energy");
    assert!(told.short().contains("has no row for"), "{}", told.short());
    let (told, report) = ran(&world, &format!("{rows}, on_bad: skip)"), ".energy");
    assert_eq!(told.short(), "");
    let data = report.unwrap().data;
    assert_eq!((data.rows, data.skipped[0].count), (3, 2));
    // Labels that lie in the folder need not be named.
    world.put(
        "p1/id_prop.csv",
        lines
            .replace(",a", "")
            .replace(",b", "")
            .replace(",c", "")
            .replace(",d", "")
            .replace(",e", ""),
    );
    let found = targets(&world, "cif_folder(\"p1\")", ".target * 1 eV");
    assert_eq!(found[2], (3.0, "mp-13207".to_owned()));
}

#[test]
fn every_bad_structure_file_is_told_with_its_place() {
    let expected = fs::read_to_string(format!("{BAD}/EXPECTED.txt")).unwrap();
    let mut count = 0;
    for line in expected.lines() {
        let Some((place, rest)) = line.split_once(": E0") else {
            continue;
        };
        let code = format!("E0{}", rest.get(..3).unwrap());
        let name = place.split(':').next().unwrap();
        // A member of an archive is named behind it.
        let file = name.split('/').next().unwrap();
        let rows = format!("structures(\"{BAD}/{file}\")");
        let (told, report) = ran(&Disk, &rows, ".volume");
        assert!(report.is_none(), "{file} gave a result");
        let first = &told.problems[0];
        assert_eq!(first.code.name(), code, "{line}\n{}", told.short());
        let drawn = told.drawn();
        assert!(drawn.contains(&format!("in {BAD}/{file}")), "{drawn}");
        count += 1;
    }
    assert!(count >= 40, "{count}");
}

#[test]
fn a_bad_file_of_a_folder_is_left_out_and_counted() {
    let mut world = files();
    let bytes = fs::read(format!("{BAD}/open_text_field.cif")).unwrap();
    world.put("p1/bad.cif", bytes);
    let (told, _) = ran(&world, "cif_folder(\"p1\")", ".volume");
    assert!(told.short().contains("E0714"), "{}", told.short());
    let rows = "cif_folder(\"p1\", on_bad: skip)";
    let (told, report) = ran(&world, rows, ".volume");
    assert_eq!(told.short(), "");
    let data = report.unwrap().data;
    assert_eq!((data.rows, data.skipped[0].count), (5, 1));
    assert!(
        data.skipped[0].first[0].contains("p1/bad.cif"),
        "{:?}",
        data.skipped
    );
}

#[test]
fn functions_of_structures_choose_rows() {
    let all = tmo::chem::bundled("flla-2015").unwrap().read().unwrap();
    let few = &all.rows[..80];
    let count = |holds: &dyn Fn(&Structure) -> bool| {
        few.iter().filter(|row| holds(&row.structure)).count() as u64
    };
    let group = |s: &Structure| {
        let found = symmetry(s, &SymmetrySettings::default()).unwrap();
        (found.symbol, found.number)
    };
    let radii = |s: &Structure| atomic_radii(s).unwrap();
    for (condition, expected) in [
        (
            "(.structure |> density) > 5 g/cm^3",
            count(&|s| density(s) > 5.0),
        ),
        (
            "(.structure |> space_group) != \"P2_1/c\"",
            count(&|s| group(s).0 != "P2_1/c"),
        ),
        (
            "(.structure |> space_group_number) >= 75",
            count(&|s| group(s).1 >= 75),
        ),
        (
            "(.structure |> void_fraction()) > 0.3",
            count(&|s| void_fraction(s, &radii(s)).unwrap() > 0.3),
        ),
        (
            "(.structure |> largest_channel()) > 0.5 Å",
            count(&|s| 2.0 * porosity(s, &radii(s)).unwrap().free_radius > 0.5),
        ),
    ] {
        assert!((6..80).contains(&expected), "{condition}: {expected}");
        let rows = format!("bundled(\"flla-2015\") |> take(80) |> where({condition})");
        let (told, report) = ran(&Memory::default(), &rows, ".formation_energy_per_atom");
        assert_eq!(told.short(), "", "{condition}");
        assert_eq!(report.unwrap().data.rows, expected, "{condition}");
    }
}

/// A world that counts what is read.
struct Counted {
    files: Memory,
    read: std::rc::Rc<std::cell::Cell<usize>>,
}

struct CountedFile(Box<dyn std::io::Read>, std::rc::Rc<std::cell::Cell<usize>>);

impl std::io::Read for CountedFile {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(into)?;
        self.1.set(self.1.get() + count);
        Ok(count)
    }
}

impl tmo::world::World for Counted {
    fn open(&self, path: &std::path::Path) -> std::io::Result<Box<dyn std::io::Read>> {
        let file = self.files.open(path)?;
        Ok(Box::new(CountedFile(file, self.read.clone())))
    }
}

/// A check reads the head of a large file; all of it only where the head has too few
/// records, or where a format cannot be read from its beginning.
#[test]
fn a_check_reads_the_head_of_a_file() {
    let frame = |at: usize| {
        format!(
            "2\nLattice=\"4 0 0 0 4 0 0 0 4\" Properties=species:S:1:pos:R:3 \
             id=f{at} energy={at}.5 why=\"{}\"\nTi 0 0 0\nO 2 2 2\n",
            "é".repeat(200)
        )
    };
    let small: String = (0..8_000).map(frame).collect();
    let atoms = |text: &str| text.repeat(1_000);
    let large: String = (0..150)
        .map(|at| {
            format!(
                "1000\nLattice=\"40 0 0 0 40 0 0 0 40\" \
                 Properties=species:S:1:pos:R:3 id=g{at} energy={at}\n{}",
                atoms("Ti 0.123456789012 0.123456789012 0.123456789012\n")
            )
        })
        .collect();
    let mut packed =
        flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut packed, small.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let documents: Vec<String> = (0..4_000)
        .map(|at| {
            format!(
                "{{\"material_id\":\"m{at}\",\"energy\":{at}.5,\"note\":\"{}\",\
                 \"structure\":{{\"lattice\":{{\"matrix\":[[4,0,0],[0,4,0],[0,0,4]]}},\
                 \"sites\":[{{\"species\":[{{\"element\":\"O\",\"occu\":1}}],\
                 \"abc\":[0,0,0]}}]}}}}",
                "x".repeat(800)
            )
        })
        .collect();
    let json = format!("[{}]", documents.join(","));
    for (source, bytes, most) in [
        ("extxyz(\"f.extxyz\")", small.clone().into_bytes(), 3 << 20),
        ("extxyz(\"f.extxyz.gz\")", packed, 3 << 20),
        ("materials_project(\"f.json\")", json.into_bytes(), 3 << 20),
        ("extxyz(\"large.extxyz\")", large.into_bytes(), usize::MAX),
    ] {
        let all = bytes.len();
        assert!(all > 3 << 20, "{source}: {all}");
        let mut files = Memory::default();
        files.put(source.split('"').nth(1).unwrap(), bytes);
        let read = std::rc::Rc::default();
        let world = Counted { files, read };
        let mut session = tmo::session::Session::new(&world);
        let text =
            format!("tmo 1\nstudy all = {source} |> select(.id, .energy) |> take(1)\n");
        let checked = session.check("study.tmo", &text);
        assert_eq!(checked.problems, [], "{source}");
        let read = world.read.get();
        match most {
            usize::MAX => assert_eq!(read, all, "{source}"),
            most => assert!(read < most, "{source}: {read} of {all}"),
        }
    }
}
