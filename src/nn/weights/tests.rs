use super::*;
use crate::nn::{GraphBuilder, Init};

fn graph() -> Graph {
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[3]).unwrap();
    let x = b.dense("dense[0]", x, 4, true, Init::Glorot).unwrap();
    let x = b.dense("dense[1]", x, 2, true, Init::Kaiming).unwrap();
    let x = b.dense("last", x, 1, false, Init::Constant(0.25)).unwrap();
    b.finish(x).unwrap()
}

fn weights() -> Weights {
    Weights::start(&graph(), &Draws::new(1, 2))
}

#[test]
fn starts_follow_their_inits_and_draws() {
    let weights = weights();
    assert_eq!(weights.count(), 12 + 4 + 8 + 2 + 2);
    let values = |name: &str| weights.get(name).unwrap().1;
    let within = |name: &str, limit: f32| values(name).iter().all(|x| x.abs() <= limit);
    assert!(within("dense[0].weight", (6.0f32 / 7.0).sqrt()));
    assert!(!within("dense[0].weight", 0.3));
    assert!(within("dense[0].bias", 0.0));
    assert!(within("dense[1].weight", 0.5) && within("dense[1].bias", 0.5));
    assert!(values("dense[1].bias").iter().all(|&x| x != 0.0));
    assert_eq!(values("last.weight"), [0.25, 0.25]);
    let again = Weights::start(&graph(), &Draws::new(1, 2));
    assert_eq!(again.get("dense[0].weight"), weights.get("dense[0].weight"));
    let other = Weights::start(&graph(), &Draws::new(1, 3));
    assert_ne!(other.get("dense[0].weight"), weights.get("dense[0].weight"));
}

#[test]
fn safetensors_bytes_go_out_and_in() {
    let weights = weights();
    let bytes = weights.to_safetensors().unwrap();
    assert_eq!(bytes, weights.to_safetensors().unwrap());
    let back = Weights::from_safetensors(&graph(), &bytes).unwrap();
    assert!(weights.iter().eq(back.iter()));
    assert!(back.names().eq([
        "dense[0].weight",
        "dense[0].bias",
        "dense[1].weight",
        "dense[1].bias",
        "last.weight"
    ]));
}

#[test]
fn damaged_bytes_are_errors() {
    let bytes = weights().to_safetensors().unwrap();
    for cut in [0, 4, 8, 60, bytes.len() / 2, bytes.len() - 1] {
        let failure = Weights::from_safetensors(&graph(), &bytes[..cut]).unwrap_err();
        assert_eq!(failure.code(), "E0802", "{failure}");
    }
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x10;
        // A flip in the padding of the header changes no meaning; any other is seen.
        if let Ok(read) = Weights::from_safetensors(&graph(), &bytes) {
            assert!(read.iter().eq(weights().iter()), "byte {place}");
        }
    }
}

/// The error of weights after `change`.
fn refused(change: impl Fn(&mut Vec<(String, Vec<usize>, Vec<f32>)>)) -> String {
    let mut arrays: Vec<(String, Vec<usize>, Vec<f32>)> = weights()
        .iter()
        .map(|(name, sizes, values)| (name.to_owned(), sizes.to_vec(), values.to_vec()))
        .collect();
    arrays.reverse();
    assert!(Weights::from_arrays(&graph(), arrays.clone()).is_ok());
    change(&mut arrays);
    let failure = Weights::from_arrays(&graph(), arrays).unwrap_err();
    assert_eq!(failure.code(), "E0802");
    failure.to_string()
}

#[test]
fn weights_of_another_model_are_refused() {
    let text = refused(|arrays| arrays[0].0.push('x'));
    assert!(text.contains("last.weight"), "{text}");
    let text = refused(|arrays| arrays.push(("extra".into(), vec![1], vec![0.0])));
    assert!(text.contains("extra"), "{text}");
    let text = refused(|arrays| arrays.push(arrays[0].clone()));
    assert!(text.contains("twice"), "{text}");
    let text = refused(|arrays| arrays[0].1 = vec![1, 2]);
    assert!(text.contains("[2, 1]") && text.contains("[1, 2]"), "{text}");
    let text = refused(|arrays| arrays[0].2.truncate(1));
    assert!(
        text.contains("2 numbers") && text.contains("has 1"),
        "{text}"
    );
    let text = refused(|arrays| arrays[0].2[1] = f32::NAN);
    assert!(
        text.contains("last.weight") && text.contains("finite"),
        "{text}"
    );
}

#[test]
fn broken_numbers_are_found_in_any_place() {
    assert!(all_finite(&[]) && all_finite(&[0.0, -0.0, f32::MAX, f32::MIN, 1e-45]));
    for broken in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for place in [0, 5, 36] {
            let mut values = vec![1.0; 37];
            values[place] = broken;
            assert!(!all_finite(&values));
        }
    }
    let mut weights = weights();
    assert_eq!(weights.not_finite(), None);
    weights.buffers[3].values_mut()[1] = f32::NAN;
    assert_eq!(weights.not_finite(), Some("dense[1].bias"));
    let other = self::weights();
    weights.copy_from(&other);
    assert!(weights.iter().eq(other.iter()));
}
