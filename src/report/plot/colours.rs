//! Colours of series and of values.
//!
//! Series have the palette of M. Okabe and K. Ito (2008), made for all kinds of colour
//! vision. Values have a map of our own: a path through OKLCH (B. Ottosson 2020), from
//! light to dark, whose steps look equally large. Its lightness alone orders it, so it
//! reads in grey and with any colour vision.

use std::f64::consts::PI;

use plotters::style::RGBColor;

use super::super::figure::{Marker, colour};

/// Colours of series, in the order they are given out.
const SERIES: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x6b, 0x72, 0x7c),
];
const MARKERS: [Marker; 4] = [
    Marker::Disc,
    Marker::Square,
    Marker::Triangle,
    Marker::Diamond,
];

/// Colour and marker of the series of that number. Both differ between neighbours; a pair
/// comes again after 28 series.
pub(super) fn series(number: usize) -> (RGBColor, Marker) {
    let colour = SERIES.get(number % SERIES.len());
    let marker = MARKERS.get(number % MARKERS.len());
    (
        colour.copied().unwrap_or(colour::INK),
        marker.copied().unwrap_or(Marker::Disc),
    )
}

/// The colour of a share of the range, 0 to 1.
pub(super) fn of_share(share: f64) -> RGBColor {
    let at = even(share.clamp(0.0, 1.0));
    let [r, g, b] = srgb(path(at)).map(|x| (255.0 * x).round() as u8);
    RGBColor(r, g, b)
}

/// Black or white, whichever is read better on a colour (WCAG's relative luminance).
pub(super) fn ink_on(RGBColor(r, g, b): RGBColor) -> RGBColor {
    let [r, g, b] = [r, g, b].map(|x| {
        let x = f64::from(x) / 255.0;
        if x <= 0.04045 {
            x / 12.92
        } else {
            libm::pow((x + 0.055) / 1.055, 2.4)
        }
    });
    if 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.22 {
        colour::INK
    } else {
        colour::PAPER
    }
}

/// A colour in OKLab.
type Lab = [f64; 3];

/// The path: lightness falls, hue turns from yellow through green to violet.
fn path(t: f64) -> Lab {
    let lightness = 0.965 - 0.635 * t;
    let chroma = 0.045 + 0.055 * t + 0.018 * libm::sin(PI * t);
    let hue = (108.0 + 180.0 * t) * PI / 180.0;
    [lightness, chroma * libm::cos(hue), chroma * libm::sin(hue)]
}

/// Where on the path a share of its length is passed, so that equal shares look equally
/// far apart.
fn even(share: f64) -> f64 {
    const STEPS: u32 = 256;
    let at = |step: u32| f64::from(step) / f64::from(STEPS);
    let lengths: Vec<f64> = (0..STEPS)
        .map(|step| distance(path(at(step)), path(at(step + 1))))
        .collect();
    let mut left = share * lengths.iter().sum::<f64>();
    for (step, length) in (0..).zip(&lengths) {
        if left <= *length {
            return at(step) + left / length / f64::from(STEPS);
        }
        left -= length;
    }
    1.0
}

fn distance(a: Lab, b: Lab) -> f64 {
    let squares = a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f64>().sqrt()
}

/// OKLab to sRGB, each 0 to 1; what a screen cannot show is taken to the nearest it can.
fn srgb([l, a, b]: Lab) -> [f64; 3] {
    let cube = |x: f64| x * x * x;
    let long = cube(l + 0.396_337_777_4 * a + 0.215_803_757_3 * b);
    let middle = cube(l - 0.105_561_345_8 * a - 0.063_854_172_8 * b);
    let short = cube(l - 0.089_484_177_5 * a - 1.291_485_548 * b);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * middle + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * middle - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * middle + 1.707_614_701 * short,
    ]
    .map(|x| {
        let x = x.clamp(0.0, 1.0);
        if x <= 0.003_130_8 {
            12.92 * x
        } else {
            1.055 * libm::pow(x, 1.0 / 2.4) - 0.055
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_shares_look_equally_far_apart() {
        let shares: Vec<Lab> =
            (0..=20).map(|i| path(even(f64::from(i) / 20.0))).collect();
        let steps: Vec<f64> = shares.windows(2).map(|w| distance(w[0], w[1])).collect();
        let mean = steps.iter().sum::<f64>() / steps.len() as f64;
        for step in &steps {
            assert!((step / mean - 1.0).abs() < 0.01, "{steps:?}");
        }
        assert!(
            shares.windows(2).all(|w| w[1][0] < w[0][0]),
            "lighter to darker"
        );
    }

    #[test]
    fn the_ends_are_pale_yellow_and_dark_violet() {
        assert_eq!(of_share(0.0), of_share(-1.0));
        let RGBColor(r, g, b) = of_share(0.0);
        assert!(r > 240 && g > 240 && b > 200 && b < 230);
        let RGBColor(r, g, b) = of_share(1.0);
        assert!(r < 60 && g < 50 && b > 80 && b < 120, "{r} {g} {b}");
    }

    #[test]
    fn numbers_on_colours_can_be_read() {
        // WCAG asks 4.5 to 1 for text; large cells and numbers may do with 3.
        let luminance = |RGBColor(r, g, b): RGBColor| {
            let [r, g, b] = [r, g, b].map(|x| {
                let x = f64::from(x) / 255.0;
                if x <= 0.04045 {
                    x / 12.92
                } else {
                    libm::pow((x + 0.055) / 1.055, 2.4)
                }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        for i in 0..=100 {
            let paper = of_share(f64::from(i) / 100.0);
            let [a, b] = [paper, ink_on(paper)].map(luminance);
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast > 3.5, "{i}: {contrast}");
        }
    }

    #[test]
    fn series_differ() {
        let pairs: Vec<_> = (0..28).map(series).collect();
        for (at, (colour, marker)) in pairs.iter().enumerate() {
            let twice = pairs.iter().filter(|(c, m)| (c, m) == (colour, marker));
            assert_eq!(twice.count(), 1, "{at}");
        }
    }
}
