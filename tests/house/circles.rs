//! Circles: files of one module that need each other.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::{Crate, Module};

/// Groups of files, each of which leads to every other of its group by what their code uses. A door and what stands behind
/// it are no circle: a door hands on, and what stands behind it may use what the door defines.
pub(super) fn circles(one: &Crate) -> Vec<Vec<String>> {
    let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for module in &one.modules {
        for path in &module.paths {
            let Some(home) = one.home(module, path) else { continue };
            let is_inside = !module.path.is_empty() && module.path.first() == home.path.first();
            if is_inside && !is_behind(module, home) && !is_behind(home, module) {
                uses.entry(&module.file).or_default().insert(&home.file);
            }
        }
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        uses.keys().map(|file| (*file, reach(file, &uses))).collect();
    let mut groups: BTreeSet<Vec<String>> = BTreeSet::new();
    for (file, others) in &reached {
        let back = |other: &&&str| reached.get(**other).is_some_and(|theirs| theirs.contains(file));
        let group: BTreeSet<&str> = others.iter().filter(back).copied().chain([*file]).collect();
        if group.len() > 1 {
            groups.insert(group.into_iter().map(str::to_owned).collect());
        }
    }
    groups.into_iter().collect()
}

fn is_behind(module: &Module, door: &Module) -> bool {
    module.path.starts_with(&door.path)
}

fn reach<'f>(file: &'f str, uses: &BTreeMap<&'f str, BTreeSet<&'f str>>) -> BTreeSet<&'f str> {
    let (mut reached, mut ahead) = (BTreeSet::new(), vec![file]);
    while let Some(next) = ahead.pop() {
        ahead.extend(uses.get(next).into_iter().flatten().filter(|used| reached.insert(**used)));
    }
    reached
}
