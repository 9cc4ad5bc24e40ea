use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;

type Files = BTreeMap<String, Vec<u8>>;

fn key(text: &str) -> Key {
    blake3::hash(text.as_bytes()).into()
}

fn files(pairs: &[(&str, &[u8])]) -> Files {
    pairs
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
        .collect()
}

fn inputs() -> BTreeMap<String, String> {
    BTreeMap::from([("seed".to_owned(), "7".to_owned())])
}

fn small() -> Files {
    files(&[
        ("a.json", b"{\"x\": 1}"),
        ("weights.safetensors", &[0, 255, 7]),
        ("e", b""),
    ])
}

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    (dir, store)
}

fn intact(found: Found) -> Artifact {
    match found {
        Found::Intact(artifact) => artifact,
        other => panic!("expected an intact entry, got {other:?}"),
    }
}

fn damaged(found: Found) -> Damaged {
    match found {
        Found::Damaged(damaged) => damaged,
        other => panic!("expected a damaged entry, got {other:?}"),
    }
}

fn staged(store: &Store) -> usize {
    let folders = disk::list(&store.root.join(STAGING)).unwrap();
    folders
        .iter()
        .map(|(_, path)| disk::list(path).unwrap().len())
        .sum()
}

#[test]
fn what_goes_in_comes_out() {
    let (_dir, store) = store();
    assert!(matches!(store.get(key("k")).unwrap(), Found::Nothing));
    assert_eq!(
        store.put(key("k"), "trained", &inputs(), &small()).unwrap(),
        Stored::New
    );
    let found = intact(store.get(key("k")).unwrap());
    assert_eq!(found.files, small());
    assert_eq!((found.kind.as_str(), found.inputs), ("trained", inputs()));
    assert_eq!(staged(&store), 0);
    assert!(matches!(store.get(key("other")).unwrap(), Found::Nothing));
}

#[test]
fn the_same_again_is_harmless_and_another_is_told() {
    let (_dir, store) = store();
    let put = |kind: &str, inputs: &BTreeMap<String, String>, files: &Files| {
        store.put(key("k"), kind, inputs, files).unwrap()
    };
    let differs = |what: &str| Stored::AlreadyDiffers {
        what: what.to_owned(),
    };
    assert_eq!(put("t", &inputs(), &small()), Stored::New);
    assert_eq!(put("t", &inputs(), &small()), Stored::Already);
    assert_eq!(put("u", &inputs(), &small()), differs("the kind"));
    assert_eq!(put("t", &BTreeMap::new(), &small()), differs("the inputs"));
    assert_eq!(put("t", &inputs(), &files(&[])), differs("a.json"));
    let mut more = small();
    more.insert("z".to_owned(), vec![1]);
    assert_eq!(put("t", &inputs(), &more), differs("z"));
    assert_eq!(
        intact(store.get(key("k")).unwrap()).files,
        small(),
        "the first stays"
    );
    assert_eq!(staged(&store), 0);
}

#[test]
fn every_flipped_byte_is_found() {
    let (_dir, store) = store();
    let place = store.root().join(key("k").to_string());
    let mut flips = 0;
    for name in ["a.json", "weights.safetensors", MANIFEST] {
        store.put(key("k"), "t", &inputs(), &small()).unwrap();
        let whole = fs::read(place.join(name)).unwrap();
        for at in 0..whole.len() {
            for mask in [1_u8, 0x20, 0x80] {
                store.put(key("k"), "t", &inputs(), &small()).unwrap();
                let mut bytes = whole.clone();
                bytes[at] ^= mask;
                fs::write(place.join(name), &bytes).unwrap();
                let note = damaged(store.get(key("k")).unwrap());
                assert!(note.to_string().contains("is damaged ("), "{note}");
                assert!(note.moved_to.exists());
                assert!(!place.exists());
                assert!(matches!(store.get(key("k")).unwrap(), Found::Nothing));
                flips += 1;
            }
        }
    }
    assert!(flips > 1000, "{flips}");
}

#[test]
fn every_cut_and_every_longer_file_is_found() {
    let (_dir, store) = store();
    let place = store.root().join(key("k").to_string());
    for name in ["a.json", "weights.safetensors", "e", MANIFEST] {
        store.put(key("k"), "t", &inputs(), &small()).unwrap();
        let whole = fs::read(place.join(name)).unwrap();
        let longer = [whole.as_slice(), b"\n"].concat();
        let cuts = (0..whole.len()).map(|at| whole[..at].to_vec());
        for bytes in cuts.chain([longer]) {
            store.put(key("k"), "t", &inputs(), &small()).unwrap();
            fs::write(place.join(name), &bytes).unwrap();
            damaged(store.get(key("k")).unwrap());
        }
    }
}

#[test]
fn missing_files_folders_in_their_place_and_strangers() {
    let (_dir, store) = store();
    let place = store.root().join(key("k").to_string());
    let again = || store.put(key("k"), "t", &inputs(), &small()).unwrap();

    again();
    fs::remove_file(place.join("a.json")).unwrap();
    assert_eq!(
        damaged(store.get(key("k")).unwrap()).reason,
        "a.json is missing"
    );
    again();
    fs::remove_file(place.join(MANIFEST)).unwrap();
    assert_eq!(
        damaged(store.get(key("k")).unwrap()).reason,
        "manifest.json is missing"
    );
    again();
    fs::remove_file(place.join("e")).unwrap();
    fs::create_dir(place.join("e")).unwrap();
    assert_eq!(damaged(store.get(key("k")).unwrap()).reason, "e is missing");
    fs::write(&place, "a file where the folder should be").unwrap();
    damaged(store.get(key("k")).unwrap());

    // A whole entry under another key's name.
    again();
    let other = store.root().join(key("l").to_string());
    fs::rename(&place, &other).unwrap();
    let note = damaged(store.get(key("l")).unwrap());
    assert!(note.reason.starts_with("it belongs to the key"), "{note}");

    // A stray file beside the files is no damage: nothing reads it.
    again();
    fs::write(place.join("stray"), "x").unwrap();
    assert_eq!(intact(store.get(key("k")).unwrap()).files, small());
}

#[test]
fn another_format_is_told_and_replaced() {
    let (_dir, store) = store();
    let place = store.root().join(key("k").to_string());
    fs::create_dir(&place).unwrap();
    fs::write(place.join(MANIFEST), "{\"format\": 9, \"new\": true}").unwrap();
    let note = damaged(store.get(key("k")).unwrap());
    assert_eq!(note.reason, "it has store format 9, this tmo has 1");
}

#[test]
fn put_replaces_a_damaged_entry() {
    let (_dir, store) = store();
    let place = store.root().join(key("k").to_string());
    store.put(key("k"), "t", &inputs(), &small()).unwrap();
    fs::write(place.join("a.json"), "junk").unwrap();
    assert_eq!(
        store.put(key("k"), "t", &inputs(), &small()).unwrap(),
        Stored::New
    );
    assert_eq!(intact(store.get(key("k")).unwrap()).files, small());
    fs::remove_dir_all(&place).unwrap();
    fs::write(&place, "a file in the way").unwrap();
    assert_eq!(
        store.put(key("k"), "t", &inputs(), &small()).unwrap(),
        Stored::New
    );
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    let (_dir, store) = store();
    let long = "x".repeat(129);
    for name in [
        "", ".", "..", "../x", "a/b", "/a", "a\\b", ".hidden", MANIFEST, "a b", "é",
        &long,
    ] {
        let problem = store
            .put(key("k"), "t", &inputs(), &files(&[(name, b"x")]))
            .unwrap_err();
        assert!(
            matches!(problem, StoreProblem::Name { .. }),
            "{name}: {problem}"
        );
        assert!(matches!(store.get(key("k")).unwrap(), Found::Nothing));
    }
}

#[test]
fn threads_and_stores_may_put_the_same_key() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    let gate = Barrier::new(8);
    let new = AtomicUsize::new(0);
    for round in 0..20 {
        let k = key(&round.to_string());
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let store = Store::open(&root).unwrap();
                    gate.wait();
                    match store.put(k, "t", &inputs(), &small()).unwrap() {
                        Stored::New => new.fetch_add(1, Ordering::SeqCst),
                        Stored::Already => 0,
                        other => panic!("{other:?}"),
                    };
                    assert_eq!(intact(store.get(k).unwrap()).files, small());
                });
            }
        });
    }
    assert_eq!(new.load(Ordering::SeqCst), 20, "each key is stored once");
    let store = Store::open(&root).unwrap();
    assert_eq!(store.entries().unwrap().len(), 20);
    assert_eq!(
        disk::list(&root.join(STAGING)).unwrap().len(),
        2,
        "our own, no others"
    );
}

#[test]
fn readers_of_a_damaged_entry_never_lose_the_good_one() {
    let (_dir, store) = store();
    let k = key("k");
    let place = store.root().join(k.to_string());
    for _ in 0..20 {
        store.put(k, "t", &inputs(), &small()).unwrap();
        fs::write(place.join("a.json"), "junk").unwrap();
        thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    if let Found::Damaged(_) = store.get(k).unwrap() {
                        store.put(k, "t", &inputs(), &small()).unwrap();
                    }
                });
            }
        });
        assert_eq!(intact(store.get(k).unwrap()).files, small());
    }
}

#[test]
fn the_second_waits_for_the_lock_and_may_give_up() {
    let dir = tempfile::tempdir().unwrap();
    let [a, b] = [(); 2].map(|()| Store::open(dir.path()).unwrap());
    let held = a.try_lock(key("k")).unwrap();
    assert!(held.is_some());
    assert!(b.try_lock(key("k")).unwrap().is_none());
    assert!(b.try_lock(key("other")).unwrap().is_some());
    let mut asked = 0;
    let mut impatient = || {
        asked += 1;
        if asked < 3 { Wait::GoOn } else { Wait::GiveUp }
    };
    assert!(b.lock(key("k"), &mut impatient).unwrap().is_none());
    assert_eq!(asked, 3);
    let mut held = held;
    let mut patient = || {
        held = None;
        Wait::GoOn
    };
    assert!(b.lock(key("k"), &mut patient).unwrap().is_some());
}

#[test]
fn left_overs_of_the_dead_are_swept_and_those_of_the_living_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let living = Store::open(dir.path()).unwrap();
    let work = living.session.new_folder().unwrap();
    fs::write(work.path().join("half"), "x").unwrap();
    // What kill -9 leaves: a folder, and a lock file nobody holds.
    let staging = dir.path().join(STAGING);
    fs::create_dir(staging.join("999-0")).unwrap();
    fs::write(staging.join("999-0/half"), "x").unwrap();
    fs::write(staging.join("999-0.lock"), "").unwrap();
    fs::create_dir(staging.join("998-0")).unwrap();
    let second = Store::open(dir.path()).unwrap();
    assert!(!staging.join("999-0").exists() && !staging.join("999-0.lock").exists());
    assert!(!staging.join("998-0").exists());
    assert!(work.path().join("half").exists());
    drop((work, living, second));
    assert!(disk::list(&staging).unwrap().is_empty());
}

#[test]
fn checkpoints_come_back_newest_first() {
    let (_dir, store) = store();
    let k = key("k");
    assert_eq!(store.get_checkpoint(k).unwrap(), CheckpointFound::default());
    for bytes in [b"one".as_slice(), b"two", b""] {
        store.put_checkpoint(k, bytes).unwrap();
        let found = store.get_checkpoint(k).unwrap();
        assert_eq!(found.bytes.as_deref(), Some(bytes));
        assert!(found.damaged.is_empty());
    }
    assert_eq!(store.get_checkpoint(key("other")).unwrap().bytes, None);
    store.drop_checkpoint(k).unwrap();
    store.drop_checkpoint(k).unwrap();
    assert_eq!(store.get_checkpoint(k).unwrap(), CheckpointFound::default());
}

#[test]
fn a_torn_checkpoint_is_found_at_every_byte_and_the_previous_used() {
    let (_dir, store) = store();
    let k = key("k");
    let [newest, previous] = [
        store.root().join(CHECKPOINTS).join(k.to_string()),
        store.root().join(CHECKPOINTS).join(format!("{k}.previous")),
    ];
    let contents: Vec<u8> = (0..500_u32).map(|i| (i * 7 % 256) as u8).collect();
    store.put_checkpoint(k, b"good").unwrap();
    store.put_checkpoint(k, &contents).unwrap();
    let whole = fs::read(&newest).unwrap();
    let fallback = fs::read(&previous).unwrap();
    let check = |bytes: &[u8]| {
        fs::write(&newest, bytes).unwrap();
        fs::write(&previous, &fallback).unwrap();
        let found = store.get_checkpoint(k).unwrap();
        assert_eq!(found.bytes.as_deref(), Some(b"good".as_slice()));
        assert_eq!(found.damaged.len(), 1);
        assert!(!newest.exists(), "it must not be rotated onto the good one");
    };
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        check(&flipped);
        check(&whole[..at]);
    }
    check(&[whole.as_slice(), b"x"].concat());

    // Both torn: none is used, both are told.
    fs::write(&newest, "junk").unwrap();
    fs::write(&previous, "junk").unwrap();
    let found = store.get_checkpoint(k).unwrap();
    assert_eq!((found.bytes, found.damaged.len()), (None, 2));
    // Another key's checkpoint under this name.
    store.put_checkpoint(key("l"), b"theirs").unwrap();
    let theirs = store.root().join(CHECKPOINTS).join(key("l").to_string());
    fs::rename(theirs, &newest).unwrap();
    let found = store.get_checkpoint(k).unwrap();
    assert_eq!((found.bytes, found.damaged.len()), (None, 1));
}

/// 200 checkpoints of a training's size, cut short or with a bit flipped somewhere: each is
/// found out, and the newest whole one is used, however many of the later ones are torn.
#[test]
fn two_hundred_torn_checkpoints_are_all_found_out() {
    let (_dir, store) = store();
    let k = key("k");
    // A linear congruential generator (Knuth's MMIX).
    let mut state = 7_u64;
    let mut below = move |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005);
        state = state.wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut states: Vec<Vec<u8>> = Vec::new();
    for _ in 0..3 {
        states.push((0..40_000).map(|_| below(256) as u8).collect());
    }
    let mut torn = 0;
    while torn < 200 {
        let count = 1 + below(2) as usize;
        for state in &states {
            store.put_checkpoint(k, state).unwrap();
        }
        for slot in store.slots(k).iter().take(count) {
            let mut file = fs::read(slot).unwrap();
            let at = below(file.len() as u64) as usize;
            match below(2) {
                0 => file.truncate(at),
                _ => file[at] ^= 1 << below(8),
            }
            fs::write(slot, file).unwrap();
            torn += 1;
        }
        let found = store.get_checkpoint(k).unwrap();
        assert_eq!(found.damaged.len(), count);
        assert!(found.bytes.as_ref() == Some(&states[2 - count]));
        // Found out once, they are out of the way.
        let again = store.get_checkpoint(k).unwrap();
        assert!(again.bytes == found.bytes && again.damaged.is_empty());
    }
}

#[test]
fn the_listing_counts_bytes() {
    let (_dir, store) = store();
    assert!(store.entries().unwrap().is_empty());
    store.put(key("k"), "trained", &inputs(), &small()).unwrap();
    for _ in 0..5 {
        store.put_checkpoint(key("k"), b"12345").unwrap();
    }
    store.put_checkpoint(key("l"), b"").unwrap();
    let entries = store.entries().unwrap();
    assert!(entries.is_sorted_by_key(|entry| entry.key));
    let of = |k: Key| entries.iter().find(|entry| entry.key == k).unwrap();
    let manifest = fs::metadata(store.root().join(key("k").to_string()).join(MANIFEST));
    let k = of(key("k"));
    assert_eq!(k.kind.as_deref(), Some("trained"));
    assert_eq!((k.files, k.bytes), (3, 11 + manifest.unwrap().len()));
    assert_eq!((k.checkpoint, of(key("l")).checkpoint), (3 * 85, 80));
    assert_eq!((of(key("l")).kind.as_ref(), of(key("l")).files), (None, 0));
}

#[test]
fn a_file_in_the_way_of_the_store_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    let problem = Store::open(&file.join("store")).unwrap_err();
    assert!(problem.to_string().contains("cannot create"), "{problem}");
    assert!(
        problem.help().contains("a file stands where"),
        "{}",
        problem.help()
    );
}

#[test]
fn failing_to_store_is_failing() {
    let (_dir, store) = store();
    // The staging folder is gone and cannot come back.
    fs::remove_dir_all(store.root().join(STAGING)).unwrap();
    fs::write(store.root().join(STAGING), "x").unwrap();
    assert!(store.put(key("k"), "t", &inputs(), &small()).is_err());
    assert!(store.put_checkpoint(key("k"), b"x").is_err());
    assert!(matches!(store.get(key("k")).unwrap(), Found::Nothing));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_known_as_one() {
    let problem = disk::write_synced(Path::new("/dev/full"), b"x").unwrap_err();
    assert!(problem.is_disk_full(), "{problem}");
    assert!(
        problem.to_string().starts_with("cannot write /dev/full: "),
        "{problem}"
    );
    assert!(problem.help().contains("make room"), "{}", problem.help());
}

#[test]
fn help_fits_the_reason() {
    let path = Path::new("some/where");
    let problem = |kind: io::ErrorKind| StoreProblem::io(Doing::Write, path, kind.into());
    let denied = problem(io::ErrorKind::PermissionDenied);
    assert!(denied.help().contains("right to read and write some/where"));
    assert!(!denied.is_disk_full());
    assert!(problem(io::ErrorKind::QuotaExceeded).is_disk_full());
    assert!(
        problem(io::ErrorKind::ReadOnlyFilesystem)
            .help()
            .contains("read-only")
    );
    assert!(std::error::Error::source(&denied).is_some());
}

#[test]
fn keys_have_one_spelling() {
    let text = key("k").to_string();
    assert_eq!(text.parse::<Key>().unwrap(), key("k"));
    assert_eq!(
        serde_json::to_string(&key("k")).unwrap(),
        format!("\"{text}\"")
    );
    for bad in [
        "",
        "12",
        &text.to_uppercase(),
        &format!("{text}0"),
        &"g".repeat(64),
    ] {
        assert!(bad.parse::<Key>().is_err(), "{bad}");
        assert!(serde_json::from_str::<Key>(&format!("\"{bad}\"")).is_err());
    }
}
