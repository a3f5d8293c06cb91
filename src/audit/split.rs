use sweep_chance::{Chance, numpy::RandomState};

/// One way to divide labelled examples; positions from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// To fit on.
    pub train: Vec<usize>,
    /// To test on.
    pub test: Vec<usize>,
}

/// Divides examples at random, keeping the share of each class: a tenth (rounded up) is for testing, as in scikit-learn's
/// `StratifiedShuffleSplit(n_splits, test_size=0.1)`. The draws are our own, from `seed`.
pub fn stratified_shuffle_splits(classes: &[bool], splits: usize, seed: u64) -> Vec<Split> {
    let mut chance = Chance::of_purpose("sweep audit splits", &[&seed.to_le_bytes()]);
    let of = |class: bool| (0..classes.len()).filter(|&position| classes[position] == class).collect();
    let groups: [Vec<usize>; 2] = [of(false), of(true)];
    (0..splits).map(|_| split(groups.clone(), &mut chance)).collect()
}

fn split(groups: [Vec<usize>; 2], chance: &mut Chance) -> Split {
    let all = groups[0].len() + groups[1].len();
    let tests = all.div_ceil(10);
    let share = tests as f64 * groups[0].len() as f64 / all as f64;
    let below = share.floor();
    // What is left over after rounding down goes to the class with the larger rest; equals are drawn.
    let (rest, other) = (share - below, tests as f64 - share);
    let other = other - other.floor();
    let up = rest > 0.0 && (rest > other || ((rest - other).abs() < 1e-12 && chance.coin()));
    let of_first = below as usize + usize::from(up);
    let mut split = Split { train: Vec::new(), test: Vec::new() };
    for (mut group, count) in groups.into_iter().zip([of_first, tests - of_first]) {
        chance.shuffle(&mut group);
        split.train.extend_from_slice(&group[count..]);
        split.test.extend_from_slice(&group[..count]);
    }
    split
}

/// The splits of scikit-learn's `StratifiedShuffleSplit(splits, test_size=0.1, random_state=0)` on `size` examples of one class
/// and then as many of another, position by position; nothing where a tenth of the classes is no whole number, for there
/// scikit-learn draws which class gives one more.
pub fn scikit_learn_splits(size: usize, splits: usize) -> Option<Vec<Split>> {
    if size == 0 || !size.is_multiple_of(10) {
        return None;
    }
    let tests = size / 10;
    let mut state = RandomState::of_seed(0);
    let mut one = || {
        let mut split = Split { train: Vec::new(), test: Vec::new() };
        for class in [0..size, size..2 * size] {
            let mut order: Vec<usize> = class.collect();
            state.permute(&mut order);
            let (train, test) = order.split_at(size - tests);
            split.train.extend_from_slice(train);
            split.test.extend_from_slice(test);
        }
        state.permute(&mut split.train);
        state.permute(&mut split.test);
        split
    };
    Some((0..splits).map(|_| one()).collect())
}
