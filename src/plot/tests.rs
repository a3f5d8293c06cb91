use super::*;
#[test]
fn preview() {
    use crate::{frame::sample::Sample, outcome::Outcome};
    let out = std::path::PathBuf::from("/tmp/preview");
    std::fs::create_dir_all(&out).expect("dir");
    let few = Sample::finished(3);
    let many = Sample::finished(25).on_data();
    let gap = many.method(4);
    let many = many.spoil(gap, 1, &Outcome::Diverged { step: 3 });
    let mut bare = Sample::finished(4);
    for score in bare.scores.values_mut().flatten() {
        score.score.interval = None;
        score.forgetting_quality.interval = None;
    }
    let mut none = Sample::finished(2);
    none.scores.clear();
    for (name, sample) in [("few", few), ("many", many), ("bare", bare), ("none", none)] {
        for figure in FIGURES {
            let scene = (figure.draw)(&sample.frame());
            png(&scene, &out.join(format!("{name}-{}.png", figure.name))).expect("png");
            std::fs::write(out.join(format!("{name}-{}.svg", figure.name)), svg(&scene).expect("svg"))
                .expect("w");
        }
    }
}
