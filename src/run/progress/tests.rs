use std::time::Duration;

use indicatif::{InMemoryTerm, ProgressDrawTarget};

use super::*;

fn training() -> Vec<Event> {
    vec![
        Event::Cached {
            node: 1,
            name: "magpie".to_owned(),
        },
        Event::Started {
            node: 2,
            name: "cnn".to_owned(),
            work: Work::Epochs {
                epochs: 10,
                samples: 500,
            },
        },
        Event::Batch {
            node: 2,
            epoch: 1,
            samples: 32,
        },
        Event::Epoch {
            node: 2,
            epoch: 1,
            train: 0.5,
            val: Some(0.625),
            best: true,
        },
        Event::Epoch {
            node: 2,
            epoch: 2,
            train: 0.25,
            val: None,
            best: false,
        },
        Event::Note {
            text: "a stored result is damaged".to_owned(),
        },
        Event::Finished {
            node: 2,
            end: End::Early,
        },
        Event::Started {
            node: 3,
            name: "table".to_owned(),
            work: Work::Rows(728),
        },
        Event::Rows { node: 3, done: 300 },
        Event::Finished {
            node: 3,
            end: End::Done,
        },
        Event::Started {
            node: 4,
            name: "figure".to_owned(),
            work: Work::Unknown,
        },
        Event::Finished {
            node: 4,
            end: End::Failed,
        },
    ]
}

fn lines(pause: Duration) -> Vec<String> {
    let lines = Lines::new(Vec::new(), pause);
    for event in training() {
        lines.report(event);
    }
    let text = String::from_utf8(lines.into_inner()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn lines_say_what_happens() {
    let got = lines(Duration::ZERO);
    assert_eq!(got[0], "magpie: cached");
    assert_eq!(got[1], "cnn: up to 10 epochs of 500 samples");
    assert_eq!(got[2], "cnn: epoch 1 of 10, train 0.5000, val 0.6250");
    assert_eq!(got[3], "cnn: epoch 2 of 10, train 0.2500");
    assert_eq!(got[4], "a stored result is damaged");
    assert!(got[5].starts_with("cnn: stopped early in "), "{}", got[5]);
    assert!(got[5].ends_with(" s, train 0.2500"), "{}", got[5]);
    assert_eq!(got[6], "table: 728 rows");
    assert_eq!(got[7], "table: 300 of 728 rows");
    assert!(got[8].starts_with("table: done in "), "{}", got[8]);
    assert_eq!(got[9], "figure: started");
    assert!(got[10].starts_with("figure: failed in "), "{}", got[10]);
    assert_eq!(got.len(), 11);
}

#[test]
fn lines_about_work_under_way_keep_their_distance() {
    let got = lines(Duration::from_secs(3600));
    assert!(!got.iter().any(|line| line.contains("epoch 1")), "{got:?}");
    assert!(!got.iter().any(|line| line.contains("300")), "{got:?}");
    assert_eq!(got.len(), 8, "starts, ends, cached and notes always show");
}

#[test]
fn a_reader_that_went_away_stops_nothing() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    let lines = Lines::new(Closed, Duration::ZERO);
    for event in training() {
        lines.report(event);
    }
}

#[test]
fn bars_show_losses_and_ends() {
    let screen = InMemoryTerm::new(20, 120);
    let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
    let bars = Bars::on(target);
    let events = training();
    for event in &events[..5] {
        bars.report(event.clone());
    }
    // Drawing is limited to so many times a second; the last state must show in the end.
    std::thread::sleep(Duration::from_millis(150));
    bars.report(Event::Batch {
        node: 2,
        epoch: 3,
        samples: 100,
    });
    let shown = screen.contents();
    assert!(shown.contains("magpie  cached"), "{shown}");
    assert!(shown.contains("epoch 2/10  train 0.2500"), "{shown}");
    assert!(shown.contains("samples/s"), "{shown}");
    for event in &events[5..] {
        bars.report(event.clone());
    }
    let shown = screen.contents();
    assert!(shown.contains("cnn  stopped early in "), "{shown}");
    assert!(shown.contains("table  done in "), "{shown}");
    assert!(shown.contains("figure  failed in "), "{shown}");
    assert!(shown.contains("a stored result is damaged"), "{shown}");
}

#[test]
fn epochs_of_an_earlier_run_are_no_speed() {
    let screen = InMemoryTerm::new(20, 120);
    let bars = Bars::on(ProgressDrawTarget::term_like(Box::new(screen.clone())));
    bars.report(Event::Started {
        node: 1,
        name: "train".into(),
        work: Work::Epochs {
            epochs: 1000,
            samples: 1_000_000,
        },
    });
    for samples in [0, 10, 20, 30] {
        bars.report(Event::Batch {
            node: 1,
            epoch: 900,
            samples,
        });
        std::thread::sleep(Duration::from_millis(110));
    }
    let shown = screen.contents();
    let (before, _) = shown.split_once(" samples/s").unwrap();
    let rate = before.rsplit(' ').next().unwrap();
    let rate: f64 = rate.parse().unwrap();
    assert!((1.0..=1000.0).contains(&rate), "{shown}");
}

#[test]
fn a_recording_keeps_events_in_order() {
    let recording = Recording::default();
    for event in training() {
        recording.report(event);
    }
    assert_eq!(recording.events(), training());
    Silent.report(Event::Note {
        text: String::new(),
    });
}

#[test]
fn events_of_unknown_nodes_are_harmless() {
    let lines = Lines::new(Vec::new(), Duration::ZERO);
    lines.report(Event::Rows { node: 9, done: 1 });
    lines.report(Event::Finished {
        node: 9,
        end: End::Done,
    });
    assert!(lines.into_inner().is_empty());
}

#[test]
fn losses_have_four_digits() {
    let cases = [
        (0.0, "0.00000"),
        (0.012349, "0.01235"),
        (0.5, "0.5000"),
        (1.23456, "1.235"),
        (12.3456, "12.35"),
        (123.456, "123.5"),
        (12345.6, "12346"),
        (0.000012345, "1.234e-5"),
        (1.5e7, "1.500e7"),
        (f64::NAN, "NaN"),
    ];
    for (loss, text) in cases {
        assert_eq!(short(loss), text);
    }
}
