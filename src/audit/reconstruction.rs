//! What can be reconstructed of images from weights: statistics of one network, and the verdict over groups of them.

use std::fmt;

use sweep_chance::Chance;
use sweep_protocol::reconstruction::{COLUMNS, Trace};

use super::{roc::Roc, unauditable::Unauditable};

/// What is found of the images of three sets in the weights of one network.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Images {
    /// The whole forget set.
    pub forget: Vec<Trace>,
    /// The retain set.
    pub retain: Vec<Trace>,
    /// Images that no network has seen: the test set, or the validation set where there is none.
    pub unseen: Vec<Trace>,
}

impl Images {
    /// From the rows of the array that a run leaves, of which so many belong to forget set, retain set and unseen images;
    /// nothing where it isn't what it should be.
    pub fn of(values: &[f64], [forget, retain, unseen]: [u64; 3]) -> Option<Self> {
        let (rows, rest) = values.as_chunks::<COLUMNS>();
        let claimed = forget.checked_add(retain)?.checked_add(unseen)?;
        if !rest.is_empty() || claimed != rows.len() as u64 {
            return None;
        }
        let (first, others) = rows.split_at(forget as usize);
        let (second, third) = others.split_at(retain as usize);
        let of =
            |rows: &[[f64; COLUMNS]]| rows.iter().map(|&row| Trace::from_row(row)).collect::<Option<_>>();
        Some(Self { forget: of(first)?, retain: of(second)?, unseen: of(third)? })
    }
}

/// The numbers of one network that stands alone, and what they say in words: without a network that has never seen the
/// forget set nobody knows whether its images differ from unseen ones in more than that.
pub fn of_images(images: &Images) -> Result<(Numbers, String), Unauditable> {
    let p = |set: fn(&Images) -> &[Trace], pick: fn(&Trace) -> f64| exceeds(&[images], set, pick);
    let forget = p(|images| &images.forget, |found| found.extracted)?;
    let retain = p(|images| &images.retain, |found| found.extracted)?;
    let dual = p(|images| &images.forget, |found| found.multiplier)?;
    let said = match (forget <= LEVEL, retain <= LEVEL) {
        (true, _) => {
            "the images to be forgotten are found in the weights, if they differ from unseen ones in nothing else"
        }
        (false, true) => {
            "the images to be forgotten are not found, retain images are; that alone proves nothing"
        }
        (false, false) => "no power: not even retain images are found in these weights",
    };
    let p = format!("p {forget:.4} of forget, {retain:.4} of retain images; dual test, p {dual:.4}");
    Ok((numbers(images)?, format!("{said}\n({p})")))
}

/// Numbers by name.
type Numbers = Vec<(&'static str, f64)>;

/// Random sets of images that a set is compared with.
const DRAWS: u32 = 9_999;

/// Below this, images are taken to be reconstructed.
const LEVEL: f64 = 0.05;

/// The numbers of one network. Every one compares with images that no network has seen, because a mean face is like every
/// face.
pub(super) fn numbers(images: &Images) -> Result<Numbers, Unauditable> {
    let auc = |pick: fn(&Trace) -> f64| -> Result<f64, Unauditable> {
        Ok(Roc::of(&column(&images.forget, pick), &column(&images.unseen, pick))?.auc())
    };
    let extracted = |set: &[Trace]| column(set, |found| found.extracted);
    let highest = |set: &[Trace]| extracted(set).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let limit = highest(&images.unseen);
    let above = |set: &[Trace]| {
        let above = extracted(set).into_iter().filter(|r| *r > limit).count();
        above as f64 / set.len().max(1) as f64
    };
    Ok(vec![
        ("AUC", auc(|found| found.extracted)?),
        ("above every unseen image", above(&images.forget)),
        ("largest r", highest(&images.forget)),
        ("largest r of unseen images", limit),
        ("retain images above every unseen one", above(&images.retain)),
        ("rows of the first layer: AUC", auc(|found| found.in_rows)?),
        ("dual test: AUC", auc(|found| found.multiplier)?),
    ])
}

/// Whether images are reconstructed where they must be and not where they can't be: what the silence of a network is
/// worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Controls {
    /// p of the original's forget images: the positive control.
    pub original: f64,
    /// p of the retrained networks' forget images: the negative control.
    pub retrained: f64,
}

/// What a reconstruction says about networks. It is one-sided: a picture that is found is there, one that isn't found may
/// be there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// The forgotten images are still in the weights.
    Seen {
        /// p of the forget images.
        p: f64,
    },
    /// They are not found, though they would have been found in the original.
    Unseen {
        /// p of the forget images.
        p: f64,
        /// p of their multipliers.
        dual: f64,
    },
    /// The original's aren't found either.
    Powerless {
        /// p of the original's forget images.
        original: f64,
    },
    /// They are found in networks that have never seen them.
    Invalid {
        /// p of the retrained networks' forget images.
        retrained: f64,
    },
    /// Nothing is found any more, not even what was to be kept.
    Blind {
        /// p of the retain images.
        retain: f64,
    },
}

impl Controls {
    /// From the networks of both groups.
    pub fn of(original: &[&Images], retrained: &[&Images]) -> Result<Self, Unauditable> {
        let p = |networks: &[&Images]| exceeds(networks, |images| &images.forget, |found| found.extracted);
        Ok(Self { original: p(original)?, retrained: p(retrained)? })
    }

    /// The verdict over networks of one kind.
    pub fn verdict(&self, networks: &[&Images]) -> Result<Verdict, Unauditable> {
        let Self { original, retrained } = *self;
        if original > LEVEL {
            return Ok(Verdict::Powerless { original });
        }
        if retrained <= LEVEL {
            return Ok(Verdict::Invalid { retrained });
        }
        let p = exceeds(networks, |images| &images.forget, |found| found.extracted)?;
        let retain = exceeds(networks, |images| &images.retain, |found| found.extracted)?;
        let dual = exceeds(networks, |images| &images.forget, |found| found.multiplier)?;
        Ok(match (p <= LEVEL, retain <= LEVEL) {
            (true, _) => Verdict::Seen { p },
            (false, true) => Verdict::Unseen { p, dual },
            (false, false) => Verdict::Blind { retain },
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seen { p } => write!(formatter, "the forgotten images are still in the weights (p {p:.4})"),
            Self::Unseen { p, dual } if *dual <= LEVEL => write!(
                formatter,
                "the forgotten images are not found (p {p:.4}), but the weights lean on them: dual test, p {dual:.4}"
            ),
            Self::Unseen { p, dual } => write!(
                formatter,
                "the forgotten images are not found (p {p:.4}; dual test, p {dual:.4}); the original's are, and retain \
                 images still are"
            ),
            Self::Powerless { original } => write!(
                formatter,
                "no power: the images are not found in the original either (p {original:.4})"
            ),
            Self::Invalid { retrained } => write!(
                formatter,
                "no power: the images are found in networks that have never seen them (p {retrained:.4}), so forget and \
                 unseen images differ in more than that"
            ),
            Self::Blind { retain } => write!(
                formatter,
                "no power: not even retain images are found in these networks (p {retain:.4})"
            ),
        }
    }
}

/// How often images of a random set, drawn from the set and the unseen images together, would be ranked as high: exact up
/// to the number of draws, for where no network has seen either, they are exchangeable. Ranked by the mean over the
/// networks.
fn exceeds(
    networks: &[&Images],
    set: fn(&Images) -> &[Trace],
    pick: fn(&Trace) -> f64,
) -> Result<f64, Unauditable> {
    let members = means(networks, set, pick)?;
    let others = means(networks, |images| &images.unseen, pick)?;
    if members.is_empty() || others.is_empty() {
        return Err(Unauditable::TooFew { what: "images on each side", have: 0, want: 1 });
    }
    let ranks = ranks(&[members.as_slice(), &others].concat());
    let sum = |places: &[usize]| places.iter().map(|&place| ranks[place]).sum::<u64>();
    let mut places: Vec<usize> = (0..ranks.len()).collect();
    let observed = sum(&places[..members.len()]);
    let mut chance = Chance::of_purpose("sweep audit reconstruction", &[]);
    let as_high = (0..DRAWS).filter(|_| {
        for place in 0..members.len() {
            let other = place + chance.below((ranks.len() - place) as u64) as usize;
            places.swap(place, other);
        }
        sum(&places[..members.len()]) >= observed
    });
    Ok((1 + as_high.count()) as f64 / f64::from(DRAWS + 1))
}

/// The mean of each image over the networks.
fn means(
    networks: &[&Images],
    set: fn(&Images) -> &[Trace],
    pick: fn(&Trace) -> f64,
) -> Result<Vec<f64>, Unauditable> {
    let Some((first, rest)) = networks.split_first() else {
        return Err(Unauditable::TooFew { what: "models", have: 0, want: 1 });
    };
    let mut sums = column(set(first), pick);
    for other in rest {
        let other = column(set(other), pick);
        if other.len() != sums.len() {
            return Err(Unauditable::Ragged { left: sums.len(), right: other.len() });
        }
        sums.iter_mut().zip(other).for_each(|(sum, value)| *sum += value);
    }
    Ok(sums.into_iter().map(|sum| sum / networks.len() as f64).collect())
}

/// Twice the rank of each value from the smallest on, equals sharing theirs.
fn ranks(values: &[f64]) -> Vec<u64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&left, &right| values[left].total_cmp(&values[right]));
    let mut ranks = vec![0; values.len()];
    let equal = |left: &usize, right: &usize| values[*left].total_cmp(&values[*right]).is_eq();
    let mut below = 0_u64;
    for group in order.chunk_by(equal) {
        let count = group.len() as u64;
        for &place in group {
            ranks[place] = 2 * below + count + 1;
        }
        below += count;
    }
    ranks
}

fn column(set: &[Trace], pick: fn(&Trace) -> f64) -> Vec<f64> {
    set.iter().map(pick).collect()
}

#[cfg(test)]
mod tests {
    use super::{Controls, Images, Trace, Verdict, exceeds, numbers, ranks};

    fn set(extracted: &[f64]) -> Vec<Trace> {
        let found =
            |&extracted: &f64| Trace { extracted, in_rows: extracted / 2.0, multiplier: extracted.max(0.0) };
        extracted.iter().map(found).collect()
    }

    /// Unseen images between 0 and 0.5.
    fn images(forget: &[f64], retain: &[f64]) -> Images {
        let unseen: Vec<f64> = (0..50).map(|nth| f64::from(nth) / 100.0).collect();
        Images { forget: set(forget), retain: set(retain), unseen: set(&unseen) }
    }

    const HIGH: [f64; 4] = [0.9, 0.8, 0.7, 0.2];
    const LOW: [f64; 4] = [0.105, 0.205, 0.305, 0.405];

    #[test]
    fn the_numbers_are_those_of_counting() {
        let numbers = numbers(&images(&HIGH, &LOW)).expect("images on both sides");
        let of = |name: &str| numbers.iter().find(|(own, _)| *own == name).expect("it is there").1;
        assert!((of("above every unseen image") - 0.75).abs() < 1e-12);
        assert!((of("largest r") - 0.9).abs() < 1e-12);
        assert!((of("largest r of unseen images") - 0.49).abs() < 1e-12);
        assert!(of("retain images above every unseen one").abs() < 1e-12);
        // Three are above all 50; the fourth equals the 21st.
        let auc = (3.0 * 50.0 + 20.5) / 200.0;
        for name in ["AUC", "rows of the first layer: AUC", "dual test: AUC"] {
            assert!((of(name) - auc).abs() < 1e-12, "{name}: {}", of(name));
        }
        super::numbers(&Images::default()).expect_err("nothing to compare");
    }

    #[test]
    fn ranks_of_equals_are_shared() {
        assert_eq!(ranks(&[0.3, 0.1, 0.3, 0.2]), [7, 2, 7, 4]);
    }

    #[test]
    fn p_is_that_of_all_subsets() {
        // Two of five: the highest two of all are one subset of ten, the next sum is another.
        let unseen = set(&[0.1, 0.2, 0.3]);
        for (forget, want) in [([0.4, 0.5], 0.1), ([0.25, 0.5], 0.2)] {
            let images = Images { forget: set(&forget), retain: Vec::new(), unseen: unseen.clone() };
            let p = exceeds(&[&images], |images| &images.forget, |found| found.extracted).expect("both");
            assert!((p - want).abs() < 0.02, "{p}, not {want}");
        }
    }

    #[test]
    fn a_verdict_wants_power_validity_and_sight() {
        let (seen, blank, kept) = (images(&HIGH, &HIGH), images(&LOW, &LOW), images(&LOW, &HIGH));
        let controls = Controls::of(&[&seen], &[&blank]).expect("models on both sides");
        let verdict = |networks: &[&Images]| controls.verdict(networks).expect("measured");
        assert!(matches!(verdict(&[&seen]), Verdict::Seen { .. }), "{}", verdict(&[&seen]));
        assert!(matches!(verdict(&[&kept]), Verdict::Unseen { .. }), "{}", verdict(&[&kept]));
        assert!(
            verdict(&[&blank]).to_string().starts_with("no power: not even retain"),
            "{}",
            verdict(&[&blank])
        );
        for (original, retrained, said) in [(&blank, &blank, "original either"), (&seen, &seen, "never seen")]
        {
            let controls = Controls::of(&[original], &[retrained]).expect("models on both sides");
            let verdict = controls.verdict(&[&seen]).expect("measured").to_string();
            assert!(verdict.starts_with("no power") && verdict.contains(said), "{verdict}");
        }
        controls.verdict(&[]).expect_err("no networks");
        let shorter = Images { forget: seen.forget[1..].to_vec(), ..seen.clone() };
        controls.verdict(&[&seen, &shorter]).expect_err("other images");
    }
}
