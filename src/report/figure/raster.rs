//! SVG to PNG. In: the SVG of a figure. Out: PNG bytes, one pixel per canvas unit, drawn
//! with the font in the program and no other.

use std::fmt::Display;
use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use super::super::ReportProblem;
use super::{FINENESS, font};

/// No figure is larger than this in either direction.
const LIMIT: f32 = 8000.0;

/// The figure as PNG.
///
/// # Errors
/// The SVG is not one of ours.
pub fn to_png(svg: &str) -> Result<Vec<u8>, ReportProblem> {
    let tree = tree(svg)?;
    let scale = FINENESS as f32;
    let [wide, high] = [tree.size().width(), tree.size().height()].map(|x| x * scale);
    if wide > LIMIT || high > LIMIT {
        return Err(problem(format!("{wide} x {high} pixels are too many")));
    }
    let Some(mut picture) = Pixmap::new(wide.round() as u32, high.round() as u32) else {
        return Err(problem("it has no size"));
    };
    let scaled = Transform::from_scale(scale, scale);
    resvg::render(&tree, scaled, &mut picture.as_mut());
    picture.encode_png().map_err(problem)
}

fn problem(reason: impl Display) -> ReportProblem {
    ReportProblem::compose("the PNG figure", reason)
}

/// What is painted of a figure: texts placed, styles resolved.
pub(in crate::report) fn tree(svg: &str) -> Result<Tree, ReportProblem> {
    let options = Options {
        fontdb: Arc::new(font::database()),
        font_family: font::FAMILY.to_owned(),
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_figure_is_refused() {
        assert!(to_png("no svg").is_err());
        let large =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9000\" height=\"9\"/>";
        assert!(to_png(large).is_err());
    }
}
