//! Images and labels in two NumPy files, as most programs can write them.

use std::path::Path;

use sweep_inputs::{npy, pixels::Pixels};

use crate::{
    Division, OnProgress,
    album::{ImportSummary, MOST_CLASSES, MOST_IMAGES, NewDataset, SIDES},
    error::ImportError,
    source::HashedFile,
};

/// Largest file, in bytes.
const LARGEST_FILE: u64 = 64 << 30;

/// Images between two reports of progress.
const REPORT: usize = 1_000;

/// How samples of an image follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SampleOrder {
    /// [side, side]: grey.
    Grey,
    /// [3, side, side].
    Planes,
    /// [side, side, 3].
    Pixels,
}

/// Imports images `x`, uint8 [n, 3, side, side], [n, side, side, 3] or, grey, [n, side, side] or [n, side, side, 1], with labels `y`, integers [n].
pub fn arrays(
    x: &Path,
    y: &Path,
    out: &Path,
    division: &Division,
    progress: OnProgress<'_>,
) -> Result<ImportSummary, ImportError> {
    let file = sweep_files::given(x).map_err(ImportError::unreadable(x))?;
    let images = Pixels::of(file, x)?;
    let (count, side, axes) = axes(x, images.shape())?;
    let labels = npy::read_integers(y)?;
    if labels.shape != [count] {
        let (shape, wanted) = (labels.shape, format!("{count} images want [{count}]"));
        return Err(ImportError::Shape { path: y.to_owned(), shape, wanted });
    }
    let mut album = NewDataset::begin(out, side)?;
    let mut row = vec![0; images.width()];
    let mut planes = vec![0; 3 * side * side];
    for (number, &label) in labels.values.iter().enumerate() {
        let class =
            u32::try_from(label).ok().filter(|class| (*class as usize) < MOST_CLASSES).ok_or_else(|| {
                ImportError::Label { path: y.to_owned(), row: number, label, classes: MOST_CLASSES }
            })?;
        images.read(number, &mut row)?;
        axes.into_planes(&row, &mut planes);
        album.push(&planes, class)?;
        if (number + 1) % REPORT == 0 {
            progress(number + 1, count);
        }
    }
    for path in [x, y] {
        album.came_from(hashed(path)?);
    }
    album.finish("arrays", division)
}

fn axes(path: &Path, shape: &[usize]) -> Result<(usize, usize, SampleOrder), ImportError> {
    let found = match *shape {
        [count, height, width] if height == width => Some((count, width, SampleOrder::Grey)),
        [count, 1, height, width] | [count, height, width, 1] if height == width => {
            Some((count, width, SampleOrder::Grey))
        }
        [count, 3, height, width] if height == width => Some((count, width, SampleOrder::Planes)),
        [count, height, width, 3] if height == width => Some((count, width, SampleOrder::Pixels)),
        _ => None,
    };
    found.filter(|(count, side, _)| (1..=MOST_IMAGES).contains(count) && SIDES.contains(side)).ok_or_else(|| {
        let wanted = format!(
            "images want [n, 3, side, side], [n, side, side, 3] or [n, side, side], and sides of {} to {}",
            SIDES.start(),
            SIDES.end()
        );
        ImportError::Shape { path: path.to_owned(), shape: shape.to_vec(), wanted }
    })
}

impl SampleOrder {
    fn into_planes(self, row: &[u8], planes: &mut [u8]) {
        match self {
            Self::Grey => planes.chunks_exact_mut(row.len()).for_each(|plane| plane.copy_from_slice(row)),
            Self::Planes => planes.copy_from_slice(row),
            Self::Pixels => {
                let plane = planes.len() / 3;
                for (at, pixel) in row.chunks_exact(3).enumerate() {
                    for (channel, sample) in pixel.iter().enumerate() {
                        planes[channel * plane + at] = *sample;
                    }
                }
            }
        }
    }
}

fn hashed(path: &Path) -> Result<crate::source::SourceFile, ImportError> {
    let mut source = HashedFile::open(path, LARGEST_FILE)?;
    let mut piece = vec![0; 1 << 20];
    let mut left = source.bytes();
    while left > 0 {
        let count = left.min(piece.len() as u64) as usize;
        source.fill(&mut piece[..count])?;
        left -= count as u64;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(source.told(name))
}
