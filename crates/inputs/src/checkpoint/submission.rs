//! The archive that the unlearning challenge asked for: a checkpoint for each model, under the names that its template gave
//! them. The template: `torch.save(net.state_dict(), f"/kaggle/tmp/unlearned_checkpoint_{i}.pth")` for `i` from 0, then
//! `zip submission.zip /kaggle/tmp/*.pth`, which drops the leading slash.

use std::io::{self, Write};

use super::{FloatWidth, StateDict, TorchWriteError, container::Container, write_torch};

/// The archive, written model by model to anything: it may be longer than 4 GiB.
pub struct ModelArchive<W> {
    container: Container<W>,
    models: u64,
}

impl<W: Write> ModelArchive<W> {
    /// An archive without models.
    pub fn new(out: W) -> Self {
        Self { container: Container::new(out), models: 0 }
    }

    /// Adds the next model, which is stored as it is: random weights hardly shrink.
    pub fn add(&mut self, state: &StateDict, precision: FloatWidth) -> Result<(), TorchWriteError> {
        let mut checkpoint = Vec::new();
        write_torch(state, precision, &mut checkpoint)?;
        self.container.entry(&name(self.models), &checkpoint)?;
        self.models += 1;
        Ok(())
    }

    /// Models so far.
    pub fn models(&self) -> u64 {
        self.models
    }

    /// Completes the archive.
    pub fn finish(self) -> io::Result<W> {
        self.container.finish()
    }
}

/// What the entry of a model is called, counted from 0.
pub fn name(model: u64) -> String {
    format!("kaggle/tmp/unlearned_checkpoint_{model}.pth")
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read, Result, Seek, SeekFrom, Write};

    use zip::ZipArchive;

    use super::{Container, FloatWidth, ModelArchive, StateDict, name};
    use crate::checkpoint::{Tensor, Values};

    fn state(value: f32) -> StateDict {
        let tensor = Tensor { shape: vec![2, 1], values: Values::F32(vec![value, -value]) };
        StateDict::new(vec![("layer.weight".to_owned(), tensor)]).expect("one name")
    }

    #[test]
    fn each_model_is_a_checkpoint_under_the_name_of_the_competition() {
        let mut submission = ModelArchive::new(Vec::new());
        for model in [0.5, 0.25, 0.125] {
            submission.add(&state(model), FloatWidth::Single).expect("memory can be written");
        }
        assert_eq!(submission.models(), 3);
        let archive = submission.finish().expect("memory can be written");
        let mut archive = ZipArchive::new(Cursor::new(archive)).expect("another reader's archive");
        assert_eq!(archive.len(), 3);
        for (model, value) in [0.5, 0.25, 0.125].into_iter().enumerate() {
            let mut entry = archive.by_index(model).expect("an entry");
            assert_eq!(entry.name().expect("UTF-8"), name(model as u64));
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("its checksum is right");
            let read = crate::checkpoint::decode("entry".as_ref(), &bytes).expect("a checkpoint");
            assert_eq!(read, state(value));
        }
    }

    /// What was written, without its long pieces, which are taken for zeros.
    #[derive(Default)]
    struct Hollow {
        pieces: Vec<(u64, Vec<u8>)>,
        length: u64,
        position: u64,
    }

    impl Write for Hollow {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            if bytes.len() < 1 << 20 {
                self.pieces.push((self.length, bytes.to_vec()));
            }
            self.length += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    impl Read for Hollow {
        fn read(&mut self, into: &mut [u8]) -> Result<usize> {
            let count = (into.len() as u64).min(self.length.saturating_sub(self.position)) as usize;
            for (place, byte) in (self.position..).zip(&mut into[..count]) {
                let piece = self.pieces[..self.pieces.partition_point(|(start, _)| *start <= place)].last();
                let found = piece.and_then(|(start, bytes)| bytes.get((place - start) as usize));
                *byte = found.copied().unwrap_or(0);
            }
            self.position += count as u64;
            Ok(count)
        }
    }

    impl Seek for Hollow {
        fn seek(&mut self, to: SeekFrom) -> Result<u64> {
            self.position = match to {
                SeekFrom::Start(place) => place,
                SeekFrom::End(back) => self.length.saturating_add_signed(back),
                SeekFrom::Current(by) => self.position.saturating_add_signed(by),
            };
            Ok(self.position)
        }
    }

    #[test]
    fn entries_beyond_four_gibibytes_are_found_again() {
        let long = vec![0; 1_500_000_000];
        let mut container = Container::new(Hollow::default());
        for model in 0..3 {
            container.entry(&name(model), &long).expect("room");
        }
        container.entry("beyond", b"here").expect("room");
        let hollow = container.finish().expect("room");
        assert!(hollow.length > 4 << 30, "{}", hollow.length);
        let mut archive = ZipArchive::new(hollow).expect("another reader's archive");
        assert_eq!(archive.len(), 4);
        for model in 0..3 {
            let entry = archive.by_name(&name(model)).expect("by its name");
            assert_eq!(entry.size(), 1_500_000_000);
        }
        let mut beyond = archive.by_name("beyond").expect("by its name");
        assert!(beyond.data_start().is_some_and(|start| start > 4 << 30 && start % 64 == 0));
        let mut content = String::new();
        beyond.read_to_string(&mut content).expect("its checksum is right");
        assert_eq!(content, "here");
    }
}
