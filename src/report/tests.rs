use super::*;
#[test]
fn preview() {
    use crate::{
        frame::sample::Sample,
        outcome::{Cause, Outcome},
    };
    let few = Sample::finished(3);
    let many = Sample::finished(25).on_data();
    let gap = many.method(4);
    let many = many.spoil(gap, 1, &Outcome::Diverged { step: 3 });
    let lost = many.method(7);
    let many = many.spoil(
        lost,
        2,
        &Outcome::Failed {
            cause: Cause::WorkerLost,
            message: "the worker died three times (signal 9); it may have run out of memory".into(),
        },
    );
    for (name, sample) in [("few", few), ("many", many)] {
        let out = PathBuf::from(format!("/tmp/preview/{name}"));
        std::fs::create_dir_all(&out).expect("dir");
        std::fs::write(out.join("provenance.json"), r#"{"sweep":"0.1.0","commit":"c1d7f34","device":"cpu","host":"node17","versions":{"torch":"2.11.0"}}"#).expect("w");
        Report::write(&out, &sample.frame()).expect("r");
        for width in [None, Some(120), Some(80), Some(50)] {
            eprintln!("{}\n", leaderboard(&sample.frame(), width));
        }
    }
}
