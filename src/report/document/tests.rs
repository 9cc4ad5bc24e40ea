use super::super::plot::{Bars, Cell, Heatmap, Mark, Order, Parity, Point, Points};
use super::super::tests::sample;
use super::super::{Named, OutcomeFile, PlainCell, PlainColumn, Quantity};
use super::*;

const EVIL: &str =
    "</script><script>alert(1)</script>\"'&<img src=x onerror=y>|`*_\n[a](b)";

fn document(text: &str) -> Document {
    let quantity = || Quantity::new(text, text);
    let origin = Origin {
        study: text.to_owned(),
        key: "ab".repeat(32),
        lines: Some((2, 4)),
    };
    let row = |x: &str, y| Point {
        x: Mark::Name(x.to_owned()),
        y: Some(y),
        series: text.to_owned(),
    };
    let bars = Figure::Bars(Bars {
        data: Points {
            x: quantity(),
            y: quantity(),
            by: Some(quantity()),
            points: vec![row(text, 2.0), row("b", f64::NAN)],
        },
        order: Order::Given,
    });
    let number = PlainCell::Number;
    let column = |name: &str, unit: &str, cells: [PlainCell; 3]| PlainColumn {
        name: name.to_owned(),
        unit: unit.to_owned(),
        cells: cells.to_vec(),
    };
    let names = [
        PlainCell::Text(text.to_owned()),
        PlainCell::Missing,
        PlainCell::Text("short".to_owned()),
    ];
    let energies = [
        number(1.5),
        number(2.25),
        PlainCell::Failed(text.to_owned()),
    ];
    let table = PlainTable {
        columns: vec![column(text, text, names), column("energy", "eV", energies)],
    };
    let section = |content| Section {
        title: text.to_owned(),
        content,
        origin: Some(origin.clone()),
    };
    Document {
        title: text.to_owned(),
        doc: format!("{text}\n\nA second paragraph."),
        sections: vec![
            section(Content::Figure(bars)),
            section(Content::Table(table)),
            section(Content::Text(text.to_owned())),
            section(Content::Study(Box::new(sample()))),
        ],
        script: Script {
            name: text.to_owned(),
            text: format!("tmo 1\n\nstudy a =\n  b\n// {text}\n"),
        },
        provenance: Provenance {
            tmo_version: "0.1.0".to_owned(),
            device: "cpu-avx2".to_owned(),
            keys: vec![Named::new(text, text)],
            seeds: vec![Named::new(text, "7")],
            versions: vec![Named::new(text, text)],
        },
    }
}

fn text(files: &[OutcomeFile], name: &str) -> String {
    let file = files.iter().find(|file| file.name == name).unwrap();
    String::from_utf8(file.bytes.clone()).unwrap()
}

#[test]
fn a_document_is_files_of_its_figures_and_tables_and_two_pages() {
    let files = document("data").files().unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "01_bars.png",
            "01_bars.svg",
            "01_bars.csv",
            "02_table.csv",
            "03_table.csv",
            "04_parity.png",
            "04_parity.svg",
            "04_parity.csv",
            "05_learning_curve.png",
            "05_learning_curve.svg",
            "05_learning_curve.csv",
            "report.md",
            "report.html"
        ]
    );
    assert_eq!(files, document("data").files().unwrap(), "the same bytes");
    assert_eq!(
        text(&files, "01_bars.csv"),
        "data (data),data (data),data (data)\ndata,2,data\nb,NaN,data\n"
    );
    assert_eq!(
        text(&files, "02_table.csv"),
        "data (data),energy (eV)\ndata,1.5\n,2.25\nshort,\n"
    );
}

#[test]
fn the_markdown_names_figures_lines_and_keys() {
    let files = document("data").files().unwrap();
    let page = text(&files, "report.md");
    for said in [
        "# data\n\ndata\n\nA second paragraph.\n",
        "![Bars: data by data, for each data](01_bars.svg)",
        "**Figure 1.** Bars: data by data, for each data. Study data, key `abab",
        "script lines 2 to 4. Data: [01_bars.csv](01_bars.csv).",
        "| data (data) | energy (eV) |\n| --- | ---: |\n| data | 1.50 |\n| – | 2.25 |\n| short | failed |\n",
        "3  study a =\n4    b\n5  // data\n```\n",
        "* seed: data: `7`",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
}

#[test]
fn strings_of_others_stay_strings() {
    let files = document(EVIL).files().unwrap();
    let page = text(&files, "report.html");
    assert_eq!(page.matches("<script").count(), 1, "the data block");
    assert!(page.contains("<script type=\"application/json\" id=\"tmo-data\">{\""));
    assert!(!page.contains("<img src=x") && page.contains("&lt;img src=x"));
    let (_, data) = page.split_once("id=\"tmo-data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let back: Document = serde_json::from_str(data).unwrap();
    assert_eq!(back.title, EVIL);
    assert_eq!(back.sections.len(), 4);
    let markdown = text(&files, "report.md");
    let (prose, _) = markdown
        .split_once("````")
        .unwrap_or(markdown.split_once("```tmo").unwrap());
    assert!(!prose.contains('<') && !prose.contains("[a](b)"), "{prose}");
}

#[test]
fn the_page_asks_for_nothing_from_outside() {
    let files = document("data").files().unwrap();
    let page = text(&files, "report.html");
    assert!(page.contains(
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""
    ));
    assert!(!page.contains("http://") && !page.contains("https://"));
    for said in [
        "Figure 1.",
        "Table 2.",
        "href=\"#L2\"",
        "lines 2 to 4",
        "id=\"L4\"",
        "abababababab…",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let embedded = page.matches("src=\"data:image/svg+xml;base64,").count();
    assert_eq!(embedded, 3);
    assert_eq!(page.matches("href=\"data:text/csv;base64,").count(), 5);
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let cell = |value| Cell {
        x: Mark::Number(1.0),
        y: Mark::Number(2.0),
        value: Some(value),
    };
    let twice = Figure::Heatmap(Heatmap {
        cells: vec![cell(1.0), cell(2.0)],
        ..Heatmap::default()
    });
    let problem = twice.svg().unwrap_err();
    assert_eq!(problem.to_string(), "several rows for one cell: 1, 2");
    assert!(problem.help().contains("count, mean"));
    let nothing = Figure::Parity(Parity {
        target: Quantity::default(),
        rows: Vec::new(),
        title: String::new(),
    });
    assert!(nothing.svg().is_err());
    assert_eq!(Document::default().files().unwrap().len(), 2);
}
