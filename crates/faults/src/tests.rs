use std::{path::Path, sync::Arc, time::Duration};

use sweep_disk::{Disk, OsDisk, When};

use super::{Kept, SimulatedDisk};

/// Both file systems, each with an empty folder of its own.
fn both() -> [(Arc<dyn Disk>, std::path::PathBuf, Option<tempfile::TempDir>); 2] {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let simulated = SimulatedDisk::default();
    simulated.create_dir(Path::new("d")).expect("room");
    [
        (Arc::new(OsDisk), folder.path().to_owned(), Some(folder)),
        (Arc::new(simulated), Path::new("d").to_owned(), None),
    ]
}

#[test]
fn a_new_name_is_given_once_and_twice_to_the_same_file_at_most() {
    for (disk, dir, _folder) in both() {
        let (first, second, name) = (dir.join("first"), dir.join("second"), dir.join("name"));
        disk.create_new(&first, b"first").expect("room");
        disk.create_new(&second, b"second").expect("room");
        assert!(disk.link_new(&first, &name).expect("room"), "it was free");
        assert!(!disk.link_new(&second, &name).expect("no error"), "it is taken");
        assert_eq!(disk.read(&name, 100).expect("it is there"), b"first");
        assert!(disk.link_new(&dir.join("absent"), &dir.join("other")).is_err());
        assert!(disk.link_new(&first, &dir.join("absent").join("name")).is_err());
    }
}

#[test]
fn over_a_network_an_answer_may_come_too_late_and_the_file_still_tells() {
    // The server made the link, its answer was lost, and the client asks again.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, name) = (folder.path().join("file"), folder.path().join("name"));
    OsDisk.create_new(&file, b"").expect("room");
    std::fs::hard_link(&file, &name).expect("room");
    assert!(OsDisk.link_new(&file, &name).expect("no error"));
}

#[test]
fn a_touched_file_was_modified_now_or_never() {
    for (disk, dir, _folder) in both() {
        let path = dir.join("file");
        disk.create_new(&path, b"content").expect("room");
        let made = disk.modified(&path).expect("it is there");
        disk.touch(&path, When::Never).expect("ours");
        assert_eq!(disk.modified(&path).expect("it is there"), Duration::ZERO);
        disk.touch(&path, When::Now).expect("ours");
        assert!(disk.modified(&path).expect("it is there") >= made && !made.is_zero());
        assert_eq!(disk.read(&path, 100).expect("it is there"), b"content");
        assert!(disk.touch(&dir.join("absent"), When::Now).is_err());
        assert!(disk.modified(&dir.join("absent")).is_err());
    }
}

#[test]
fn a_power_failure_may_take_a_link_without_a_synced_folder_and_any_time_of_modification() {
    let disk = SimulatedDisk::default();
    let [file, name] = ["file", "name"].map(Path::new);
    disk.put(file, b"content").expect("room");
    let made = disk.modified(file).expect("it is there");
    disk.pass(Duration::from_secs(10));
    disk.link_new(file, name).expect("room");
    disk.touch(file, When::Now).expect("it is there");
    assert!(disk.modified(name).expect("one file, two names") > made);
    disk.lose_power(Kept::None);
    assert!(disk.read(name, 100).is_err(), "the name was not synced");
    assert_eq!(disk.modified(file).expect("it is there"), made, "nor was its time");
    disk.link_new(file, name).expect("room");
    disk.sync_dir(Path::new("")).expect("it is there");
    disk.lose_power(Kept::None);
    assert_eq!(disk.read(name, 100).expect("it was synced"), b"content");
}
