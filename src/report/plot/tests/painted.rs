//! What is drawn: a mark for every row that can be drawn.

use plotters::style::RGBColor;

use super::*;

/// How many marks of a colour a figure has.
fn painted(figure: &Figure, tag: &str, series: usize) -> usize {
    let svg = figure.svg().unwrap();
    let RGBColor(r, g, b) = colours::series(series).0;
    let fill = format!("fill=\"#{r:02X}{g:02X}{b:02X}\"");
    let of_colour = |line: &&str| line.starts_with(tag) && line.contains(&fill);
    svg.lines().filter(of_colour).count()
}

#[test]
fn every_row_that_can_be_drawn_is() {
    let figures = ordinary();
    let find = |name: &str| figures.iter().find(|(what, _)| *what == name).unwrap();
    let count = |name: &str, tag, series| painted(&find(name).1, tag, series);
    assert_eq!(count("bars_numbers", "<rect", 0), 5);
    assert_eq!(count("bars_names", "<rect", 0), 5);
    assert_eq!(count("bars_long", "<rect", 0), 3);
    for series in 0..3 {
        // One in the legend.
        assert_eq!(count("bars_grouped", "<rect", series), 3 + 1);
    }
    assert_eq!(count("scatter", "<circle", 0), 100 + 1);
    assert_eq!(
        count("lines_names", "<polyline", 0),
        0,
        "lines are not filled"
    );
    assert_eq!(count("boxes", "<rect", 0), 4);
    assert!(count("histogram", "<rect", 0) > 30);
    let odd = odd();
    let nan = |kind: &str| &odd.iter().find(|(what, _)| what == kind).unwrap().1;
    assert_eq!(painted(nan("bars_some_nan"), "<rect", 0), 2);
    assert_eq!(painted(nan("scatter_some_nan"), "<circle", 0), 2);
}
