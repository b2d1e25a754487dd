//! Raw bytes of a file, counted while they are read.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::failure::{Failure, Result};

/// A file from its start. All readers share the open file but have their own position, so every pass reads
/// the same file even if another file has taken its name.
#[derive(Debug)]
pub struct Disk {
    file: Arc<File>,
    size: u64,
    position: u64,
    read: Arc<AtomicU64>,
}

impl Disk {
    /// Opens the file of a path. Standard input (`-`) and pipes are first copied to an unnamed temporary
    /// file, which the operating system removes when it is closed.
    pub fn open(path: &str) -> Result<Self> {
        let failed = |error| Failure::failed(format!("cannot read {path}: {error}."));
        let copy_failed =
            |error| Failure::failed(format!("cannot copy {} to a temporary file: {error}.", name_of(path)));
        if path == "-" {
            return Disk::copy_of(io::stdin().lock()).map_err(copy_failed);
        }
        // The type is checked before opening: a pipe gives its bytes to only one reader.
        let metadata = fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            return Err(Failure::failed(format!("cannot read {path}: it is a directory.")));
        }
        let file = File::open(path).map_err(failed)?;
        if metadata.is_file() {
            Disk::of(file).map_err(failed)
        } else {
            Disk::copy_of(file).map_err(copy_failed)
        }
    }

    fn copy_of(mut source: impl Read) -> io::Result<Self> {
        let mut copy = tempfile::tempfile()?;
        io::copy(&mut source, &mut copy)?;
        copy.rewind()?;
        Disk::of(copy)
    }

    fn of(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Disk { file: Arc::new(file), size, position: 0, read: Arc::default() })
    }

    /// The same file from a position on; reads add to this reader's count.
    pub fn at(&self, position: u64) -> Self {
        Disk { file: Arc::clone(&self.file), size: self.size, position, read: Arc::clone(&self.read) }
    }

    /// The same file from its start, with a new count.
    pub fn again(&self) -> Self {
        Disk { read: Arc::default(), ..self.at(0) }
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// The number of bytes read so far.
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }
}

impl Read for Disk {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = read_at(&self.file, buffer, self.position)?;
        self.position += count as u64;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}

/// The file's name in messages.
pub fn name_of(path: &str) -> &str {
    if path == "-" { "standard input" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_of_one_file_do_not_disturb_each_other() {
        let disk = Disk::copy_of(&b"0123456789"[..]).unwrap();
        let (mut first, mut second) = (disk.again(), disk.again());
        let mut four = [0; 4];
        first.read_exact(&mut four).unwrap();
        second.at(6).read_exact(&mut four).unwrap();
        assert_eq!(&four, b"6789");
        first.read_exact(&mut four).unwrap();
        assert_eq!(&four, b"4567");
        assert_eq!(first.bytes_read().load(Ordering::Relaxed), 8);
        assert_eq!(second.bytes_read().load(Ordering::Relaxed), 4);
        assert_eq!(second.read(&mut four).unwrap(), 4);
        assert_eq!(disk.size(), 10);
    }

    #[test]
    fn what_is_no_file_is_said() {
        let message = |path| Disk::open(path).unwrap_err().message().to_owned();
        assert_eq!(
            message("/no/such.csv"),
            "cannot read /no/such.csv: No such file or directory (os error 2)."
        );
        assert_eq!(message("/"), "cannot read /: it is a directory.");
    }
}
