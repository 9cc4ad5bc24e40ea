//! Units and dimensions form a group; random members say so.

use tmo::draw::{Draws, Stream};
use tmo::types::{Dimension, Unit};

fn below(stream: &mut Stream, end: usize) -> usize {
    (stream.next_u64() % end as u64) as usize
}

/// A random unit of one to four atoms, as text.
fn unit(stream: &mut Stream) -> String {
    let symbols: Vec<&str> = Unit::symbols().collect();
    let mut text = String::new();
    for at in 0..1 + below(stream, 4) {
        if at > 0 {
            text.push_str(if below(stream, 2) == 0 { "/" } else { "·" });
        }
        text.push_str(symbols[below(stream, symbols.len())]);
        if below(stream, 2) == 0 {
            let power = below(stream, 7) as i32 - 3;
            if power != 0 {
                text.push_str(&format!("^{power}"));
            }
        }
    }
    text
}

/// The same unit with every atom on the other side.
fn inverse(text: &str) -> String {
    let mut found = String::new();
    let mut sign = 1;
    for (at, atom) in text.split(['/', '·']).enumerate() {
        if at > 0 {
            found.push('·');
            let before = text.split_inclusive(['/', '·']).nth(at - 1).unwrap();
            sign = if before.ends_with('/') { -1 } else { sign };
        }
        let (symbol, power) = atom.split_once('^').unwrap_or((atom, "1"));
        let power = -sign * power.parse::<i32>().unwrap();
        found.push_str(&format!("{symbol}^{power}"));
    }
    found
}

fn read(text: &str) -> Unit {
    Unit::parse(text).unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

fn close(a: f64, b: f64) -> bool {
    (a / b - 1.0).abs() < 1e-12
}

#[test]
fn units_are_a_group() {
    for round in 0..3000 {
        let mut stream = Draws::new(11, round).stream("units", &[]);
        let (a, b, c) = (unit(&mut stream), unit(&mut stream), unit(&mut stream));
        // A quotient turns all that follow, so factors are joined as products of powers.
        let up = |text: &str| inverse(&inverse(text));
        let (a, b, c) = (up(&a), up(&b), up(&c));
        let product = |parts: &[&str]| read(&parts.join("·"));
        let (ab, ba) = (product(&[&a, &b]), product(&[&b, &a]));
        assert_eq!(ab.dimension, ba.dimension, "{a} · {b}");
        assert_eq!(
            ab.dimension,
            read(&a).dimension.times(read(&b).dimension),
            "{a} · {b}"
        );
        assert_eq!(ab.ten, ba.ten);
        assert!(close(ab.factor, ba.factor), "{a} · {b}");
        let abc = product(&[&a, &b, &c]);
        let grouped = read(&a).dimension.times(product(&[&b, &c]).dimension);
        assert_eq!(abc.dimension, grouped);
        let back = product(&[&a, &inverse(&a)]);
        assert!(back.dimension.is_none(), "{a} over itself");
        assert_eq!(back.ten, 0, "{a} over itself");
        assert!(close(back.factor, 1.0), "{a} over itself: {}", back.factor);
        let kept = product(&[&a, &b, &inverse(&b)]);
        assert_eq!(kept.dimension, read(&a).dimension);
        assert!(close(kept.factor, read(&a).factor));
        // What is written in a unit is counted in it again.
        let digits = format!("{}.{}", below(&mut stream, 1000), below(&mut stream, 1000));
        let value = read(&a).value_of(&digits).unwrap();
        let again = read(&a).count_in(value);
        let written: f64 = digits.parse().unwrap();
        assert!(
            (again - written).abs() <= written.abs() * 1e-12,
            "{digits} {a}: {again}"
        );
    }
}

#[test]
fn every_dimension_is_read_from_its_own_unit() {
    for round in 0..1000 {
        let mut stream = Draws::new(12, round).stream("units", &[]);
        let found = read(&unit(&mut stream)).dimension;
        match found.unit().as_str() {
            "" => assert!(found.is_none()),
            text if text.starts_with("1/") => {}
            text => assert_eq!(read(text).dimension, found, "{text}"),
        }
        assert_eq!(found.over(found), Dimension::NONE);
    }
}
