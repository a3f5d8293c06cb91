//! The files of a results folder that may be read: those that a report consists of, by their names.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use sweep_disk::{Disk, OsDisk};
use sweep_files::Access;
use sweep_protocol::terms::RunId;

use crate::plot::FIGURES;

const REPORT: &str = "report.html";
const LIVE: &str = "live.html";
const TABLES: [&str; 5] = ["runs.csv", "points.csv", "differences.csv", "groups.csv", "audits.csv"];
/// As far as the policy of a page is looked for, in bytes.
const BEGIN: usize = 4096;
/// Most entries of the folder that are looked at for locks.
const MOST_ENTRIES: usize = 10_000;

/// A results folder as what may be read of it.
#[derive(Debug)]
pub(super) struct Showcase {
    dir: PathBuf,
}

/// A file that may be read.
#[derive(Debug)]
pub(super) struct ShownFile {
    pub(super) file: File,
    /// Its length when it was opened.
    pub(super) length: u64,
    /// Its media type.
    pub(super) kind: &'static str,
    /// The policy of a page; nothing for what is none.
    pub(super) policy: Option<String>,
}

impl Showcase {
    pub(super) fn of(dir: PathBuf) -> Self {
        Self { dir }
    }

    pub(super) fn into_dir(self) -> PathBuf {
        self.dir
    }

    /// Whether a sweep has put anything here.
    pub(super) fn holds_results(&self) -> bool {
        ["plan.json", REPORT, LIVE].iter().any(|name| self.dir.join(name).is_file())
    }

    /// The file of this address, if it is one that may be read and is there.
    pub(super) fn find(&self, path: &str) -> Option<ShownFile> {
        let path = path.strip_prefix('/')?;
        match path {
            "" => self.front(),
            REPORT | LIVE => self.page(path),
            _ if TABLES.contains(&path) => self.open(Path::new(path), "text/csv; charset=utf-8"),
            _ => match path.split('/').collect::<Vec<_>>()[..] {
                ["figures", figure] => self.figure(figure),
                ["runs", run, "worker.log"] => self.log(run),
                _ => None,
            },
        }
    }

    /// How the sweep goes while it does, and the report afterwards.
    fn front(&self) -> Option<ShownFile> {
        let names = if self.is_under_way() { [LIVE, REPORT] } else { [REPORT, LIVE] };
        names.iter().find_map(|name| self.page(name))
    }

    /// Whether a scheduler of this machine holds its lock.
    fn is_under_way(&self) -> bool {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().take(MOST_ENTRIES).filter_map(Result::ok);
        let is_lock =
            |name: &str| name.strip_prefix("sweep").is_some_and(|rest| rest.strip_suffix(".lock").is_some());
        let mut locks = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_lock));
        locks.any(|lock| matches!(OsDisk.holder(&lock.path()), Ok(Some(_))))
    }

    fn page(&self, name: &str) -> Option<ShownFile> {
        let mut shown = self.open(Path::new(name), "text/html; charset=utf-8")?;
        shown.policy = Some(policy(&shown.file).ok()?);
        Some(shown)
    }

    fn figure(&self, name: &str) -> Option<ShownFile> {
        let (stem, ending) = name.split_once('.')?;
        let kind = match ending {
            "svg" => "image/svg+xml",
            "png" => "image/png",
            _ => return None,
        };
        let figure = FIGURES.iter().find(|figure| figure.name == stem)?;
        self.open(&Path::new("figures").join(format!("{}.{ending}", figure.name)), kind)
    }

    /// What the worker of a run has said; the report leads there.
    fn log(&self, run: &str) -> Option<ShownFile> {
        let run: RunId = run.parse().ok()?;
        self.open(&Path::new("runs").join(run.as_str()).join("worker.log"), "text/plain; charset=utf-8")
    }

    /// Opens a file of ours; neither it nor a folder on the way may be a link.
    fn open(&self, inside: &Path, kind: &'static str) -> Option<ShownFile> {
        let folders = inside.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        for folder in folders {
            match sweep_files::inner_access(&self.dir.join(folder)) {
                Ok(Access::Ours) => {}
                _ => return None,
            }
        }
        let file = sweep_files::open(sweep_files::private().read(true), &self.dir.join(inside)).ok()?;
        let length = file.metadata().ok()?.len();
        Some(ShownFile { file, length, kind, policy: None })
    }
}

/// The policy that a page gives itself, in the words that pages of ours use; another page may load and run nothing.
fn policy(page: &File) -> io::Result<String> {
    const MARK: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"";
    let mut begin = vec![0; BEGIN];
    let count = page.read_at(&mut begin, 0)?;
    let text = String::from_utf8_lossy(&begin[..count]);
    let own = text.split_once(MARK).and_then(|(_, rest)| Some(rest.split_once('"')?.0));
    let own = own.filter(|own| own.split(';').map(str::trim).all(is_strict)).unwrap_or("default-src 'none'");
    Ok(format!("{own}; frame-ancestors 'none'"))
}

/// Whether a directive of a policy leads nowhere and names what runs by its hash.
fn is_strict(directive: &str) -> bool {
    let mut words = directive.split(' ');
    let name = words.next().unwrap_or_default();
    let is_hash = |word: &str| {
        let inner = word.strip_prefix("'sha256-").and_then(|rest| rest.strip_suffix('\''));
        inner.is_some_and(|hash| {
            hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
        })
    };
    let allowed: &dyn Fn(&str) -> bool = match name {
        "default-src" | "base-uri" | "form-action" => &|word| word == "'none'",
        "img-src" => &|word| word == "data:",
        "style-src" | "script-src" => &is_hash,
        _ => return false,
    };
    words.all(allowed)
}
