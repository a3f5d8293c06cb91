//! A folder with a folder of images for each class. Owns which files are images and in which order they are taken.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Division, OnProgress,
    album::{ImportSummary, MOST_CLASSES, MOST_IMAGES, NewDataset, SIDES},
    error::ImportError,
    picture::{self, PictureError},
    source,
};

/// Images between two reports of progress.
const REPORT: usize = 100;

/// An image of a class.
struct ImageFile {
    path: PathBuf,
    /// Its path in the folder that is imported.
    name: String,
    class: u32,
}

/// Imports `dir/train/<class>/…` and, where it is there, `dir/test/<class>/…`. Classes are numbered in the order of their
/// names, as torchvision's `ImageFolder` does; images are taken in the order of their names. `size` brings images of any size to one width and height.
pub fn folder(
    dir: &Path,
    out: &Path,
    size: Option<usize>,
    division: &Division,
    progress: OnProgress<'_>,
) -> Result<ImportSummary, ImportError> {
    let mut others = 0;
    let classes = names(&dir.join("train"), EntryKind::Folder, &mut 0)?;
    if classes.is_empty() || classes.len() > MOST_CLASSES {
        let wanted = "folder of images for each class in `train`: train/<class>/<image>.png";
        return Err(ImportError::Absent { folder: dir.to_owned(), wanted });
    }
    let train = images(dir, "train", &classes, &mut others)?;
    let test =
        if dir.join("test").is_dir() { images(dir, "test", &classes, &mut others)? } else { Vec::new() };
    let total = train.len() + test.len();
    let side = match (size, train.first()) {
        (Some(side), _) => side,
        (None, Some(first)) => read(first, None)?.0,
        (None, None) => return Err(ImportError::TooFew { images: total }),
    };
    if !SIDES.contains(&side) {
        return Err(ImportError::Side { side, least: *SIDES.start(), most: *SIDES.end() });
    }
    let mut album = NewDataset::begin(out, side)?;
    album.leave_out(others);
    for (number, found) in train.iter().chain(&test).enumerate() {
        if number == train.len() {
            album.begin_tests();
        }
        let (_, planes, told) = read_whole(found, size, side)?;
        album.push(&planes, found.class)?;
        album.came_from(told);
        if (number + 1) % REPORT == 0 {
            progress(number + 1, total);
        }
    }
    album.finish("folder", division)
}

fn read(found: &ImageFile, size: Option<usize>) -> Result<(usize, Vec<u8>), ImportError> {
    let (content, _) = source::whole(&found.path, String::new(), picture::LARGEST_FILE)?;
    picture::picture(&content, size).map_err(refused(found))
}

fn read_whole(
    found: &ImageFile,
    size: Option<usize>,
    side: usize,
) -> Result<(usize, Vec<u8>, source::SourceFile), ImportError> {
    let (content, told) = source::whole(&found.path, found.name.clone(), picture::LARGEST_FILE)?;
    let (have, planes) = picture::picture(&content, size).map_err(refused(found))?;
    if have != side {
        return Err(refused(found)(PictureError::Size { width: have, height: have }));
    }
    Ok((have, planes, told))
}

fn refused(found: &ImageFile) -> impl FnOnce(PictureError) -> ImportError {
    |source| ImportError::Picture { path: found.path.clone(), source }
}

/// The images of a part of the folder, class by class. A folder that is no class of the training images is refused.
fn images(
    dir: &Path,
    part: &str,
    classes: &[String],
    others: &mut usize,
) -> Result<Vec<ImageFile>, ImportError> {
    let part_dir = dir.join(part);
    for name in names(&part_dir, EntryKind::Folder, &mut 0)? {
        if !classes.contains(&name) {
            return Err(ImportError::UnknownClass { folder: part_dir.join(name) });
        }
    }
    let mut found = Vec::new();
    for (class, name) in classes.iter().enumerate() {
        let class_dir = part_dir.join(name);
        if part != "train" && !class_dir.is_dir() {
            continue;
        }
        for file in names(&class_dir, EntryKind::Image, others)? {
            let name = format!("{part}/{name}/{file}");
            found.push(ImageFile { path: class_dir.join(file), name, class: class as u32 });
            if found.len() > MOST_IMAGES {
                return Err(ImportError::TooMany { most: MOST_IMAGES });
            }
        }
    }
    Ok(found)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EntryKind {
    Folder,
    Image,
}

/// Names of one kind in a folder, sorted; hidden ones are passed over, and links, as they lead elsewhere. Files that are no images are counted.
fn names(dir: &Path, kind: EntryKind, others: &mut usize) -> Result<Vec<String>, ImportError> {
    let unreadable = ImportError::unreadable;
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable(dir))? {
        let entry = entry.map_err(unreadable(dir))?;
        let is_dir = entry.file_type().map_err(unreadable(dir))?.is_dir();
        let is_file = entry.file_type().map_err(unreadable(dir))?.is_file();
        let Ok(name) = entry.file_name().into_string() else {
            return Err(ImportError::Name { path: entry.path() });
        };
        if name.starts_with('.') {
            continue;
        }
        let is_wanted = match kind {
            EntryKind::Folder => is_dir,
            EntryKind::Image => is_file && is_image(&name),
        };
        if is_wanted {
            names.push(name);
        } else {
            *others += 1;
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn is_image(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    matches!(ending.as_deref(), Some("png" | "jpg" | "jpeg"))
}
