//! Output files, which appear only when everything is done.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::apply::descriptor::{self, Descriptor};
use crate::apply::temporary::TemporaryFile;
use crate::args::ApplyArgs;
use crate::connect;
use crate::failure::{Failure, Result};
use crate::interrupt;

/// A file that is being written beside the place where it is to stand: a failure leaves what stands there as it is. What is for a pipe or a
/// device is written into the temporary folder.
#[derive(Debug)]
pub struct OutputFile<W> {
    hidden: Hidden,
    writer: W,
}

/// What is to become a file.
#[derive(Debug)]
struct Hidden {
    /// As it was given.
    path: String,
    temporary: TemporaryFile,
    target: Target,
}

/// Where it is to be.
#[derive(Debug)]
enum Target {
    File {
        place: PathBuf,
        /// Those of the file that stands there, or of a new one.
        #[cfg(unix)]
        permissions: fs::Permissions,
    },
    /// A pipe or a device, which nobody can rename, or what a descriptor has open, which is written on where it stands.
    Stream(Option<Descriptor>),
}

impl<W> OutputFile<W> {
    /// Begins the file of a path; `open` makes the writer.
    pub fn create(path: &str, open: impl FnOnce(&str) -> Result<W>) -> Result<Self> {
        let failed = |reason: &str| Failure::failed(format!("cannot write {path}: {reason}."));
        let there = fs::metadata(path).ok();
        if there.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(failed("it is a directory"));
        }
        let descriptor = descriptor::named(Path::new(path));
        let is_file = there.as_ref().is_none_or(fs::Metadata::is_file);
        if is_file && descriptor.is_some_and(|descriptor| descriptor.open().is_none()) {
            return Err(failed(
                "it is a descriptor of a file, and only /dev/stdout and /dev/stderr can be that",
            ));
        }
        if descriptor.is_none() && is_file && there.as_ref().is_some_and(descriptor::is_printed_to) {
            return Err(failed(
                "standard output or standard error goes there; name it /dev/stdout or /dev/stderr",
            ));
        }
        let is_stream = descriptor.is_some() || !is_file;
        // the file that a link leads to is written, not the link
        let place = if is_stream {
            std::env::temp_dir().join(Path::new(path).file_name().unwrap_or_default())
        } else {
            fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path))
        };
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
        let Some(name) = place.file_name().and_then(|name| name.to_str()) else {
            return Err(failed("it is no name of a file"));
        };
        // the end of its name tells what is written
        let temporary = TemporaryFile::beside(folder.unwrap_or(Path::new(".")), name)
            .map_err(|error| cannot_write(path, &error))?;
        let writer = match temporary.path.to_str() {
            Some(place) => open(place)?,
            None => return Err(failed("its folder's name is no text")),
        };
        let target = if is_stream {
            Target::Stream(descriptor)
        } else {
            Target::File {
                place,
                #[cfg(unix)]
                permissions: there.map_or_else(|| temporary.permissions.clone(), |there| there.permissions()),
            }
        };
        Ok(OutputFile { hidden: Hidden { path: path.to_owned(), temporary, target }, writer })
    }

    pub fn writer(&mut self) -> &mut W {
        &mut self.writer
    }

    /// The writer, to be used elsewhere, and the file, which goes when this is dropped.
    pub fn apart(self) -> (W, OutputFile<()>) {
        (self.writer, OutputFile { hidden: self.hidden, writer: () })
    }

    /// Ends the file: it is whole, but not yet where it is to stand.
    pub fn finish(self, end: impl FnOnce(W) -> Result<()>) -> Result<FinishedFile> {
        end(self.writer)?;
        Ok(FinishedFile(self.hidden))
    }
}

/// A file that is whole.
#[derive(Debug)]
pub struct FinishedFile(Hidden);

/// Puts files where they are to stand, in place of what stands there, and copies those for pipes and devices, until a signal ends that. What
/// fails is left where it is, and its place is told.
pub async fn place(files: Vec<FinishedFile>) -> Vec<String> {
    let (streams, files): (Vec<_>, Vec<_>) =
        files.into_iter().map(|file| file.0).partition(|file| matches!(file.target, Target::Stream(_)));
    let mut unplaced: Vec<String> = files.into_iter().filter_map(|file| file.place().err()).collect();
    let copied = tokio::select! {
        copied = copy(&streams) => copied,
        _ = interrupt::signal() => {
            let interrupted = || Some(io::Error::other("it was interrupted"));
            streams.iter().map(|_| interrupted()).collect()
        }
    };
    for (stream, error) in streams.into_iter().zip(copied) {
        unplaced.extend(error.map(|error| stream.unplaced(&error)));
    }
    unplaced
}

/// Copies files to their pipes and devices, all at a time, for a reader may want any of them first. Gives what fails.
async fn copy(streams: &[Hidden]) -> Vec<Option<io::Error>> {
    // but two for one pipe are not mixed
    let mut lots: Vec<(FileId, Vec<usize>)> = Vec::new();
    for (number, stream) in streams.iter().enumerate() {
        let id = FileId::of(Path::new(&stream.path));
        match lots.iter_mut().find(|(other, _)| *other == id) {
            Some((_, lot)) => lot.push(number),
            None => lots.push((id, vec![number])),
        }
    }
    let copies = lots.into_iter().map(|(_, lot)| {
        let files = lot.iter().map(|&number| {
            let stream = &streams[number];
            let descriptor = match stream.target {
                Target::Stream(descriptor) => descriptor,
                Target::File { .. } => None,
            };
            (number, stream.temporary.path.to_path_buf(), stream.path.clone(), descriptor)
        });
        let files: Vec<_> = files.collect();
        tokio::task::spawn_blocking(move || {
            let copy = |(number, from, to, descriptor): (usize, PathBuf, String, Option<Descriptor>)| {
                // who is to read a named pipe may be waited for
                let open = || fs::OpenOptions::new().write(true).open(to);
                let to = descriptor.and_then(Descriptor::open).unwrap_or_else(open);
                let copied = to.and_then(|mut to| io::copy(&mut fs::File::open(from)?, &mut to));
                (number, copied.err())
            };
            files.into_iter().map(copy).collect::<Vec<_>>()
        })
    });
    let mut failed: Vec<_> = streams.iter().map(|_| None).collect();
    for copied in futures_util::future::join_all(copies).await {
        copied.into_iter().flatten().for_each(|(number, error)| failed[number] = error);
    }
    failed
}

impl Hidden {
    fn place(self) -> Result<(), String> {
        let Hidden { path, temporary, target } = self;
        let Target::File { place, .. } = &target else { return Ok(()) };
        #[cfg(unix)]
        if let Target::File { permissions, .. } = &target
            && let Err(error) = fs::set_permissions(&temporary.path, permissions.clone())
        {
            return Err(Hidden { path, temporary, target }.unplaced(&error));
        }
        temporary.persist(place).map_err(|(error, kept)| format!("cannot write {path}: {error}; {kept}"))
    }

    /// Leaves it where it is, and tells the place.
    fn unplaced(self, error: &io::Error) -> String {
        format!("cannot write {}: {error}; {}", self.path, self.temporary.keep())
    }
}

impl FinishedFile {
    /// Leaves the file where it is, and tells the place.
    pub fn keep(self) -> String {
        format!("{} is not there: {}", self.0.path, self.0.temporary.keep())
    }
}

/// Refuses files that are to be written in place of what is read, of the database, or of each other.
pub fn refuse_clashes(args: &ApplyArgs) -> Result<()> {
    let mut seen: Vec<(&str, FileId)> = Vec::new();
    if args.file != "-" {
        seen.push(("the input", FileId::of(Path::new(&args.file))));
    }
    if let Some(database) = args.database.db.as_deref().and_then(connect::sqlite_file) {
        // SQLite keeps them beside the file itself, whatever link it was found by
        let database = fs::canonicalize(&database).unwrap_or(database);
        seen.push(("the database", FileId::of(&database)));
        for ending in ["-wal", "-journal", "-shm"] {
            let mut beside = database.clone().into_os_string();
            beside.push(ending);
            seen.push(("the database", FileId::of(Path::new(&beside))));
        }
    }
    let written = [
        ("--missing", args.missing.as_deref()),
        ("--diff", args.diff.as_deref()),
        ("--rejects", args.rejects.as_deref()),
    ];
    for (what, path) in written {
        let Some(path) = path else { continue };
        let id = FileId::of(Path::new(path));
        let is_descriptor = descriptor::named(Path::new(path)).is_some();
        let is_same = |(other, other_id): &&(&str, FileId)| {
            *other_id == id && !(is_descriptor && other.starts_with("--"))
        };
        if let Some((other, _)) = seen.iter().find(is_same)
            && fs::metadata(path).map_or(true, |there| there.is_file())
        {
            return Err(Failure::usage(format!("{what} {path} is the same file as that of {other}")));
        }
        if !is_descriptor {
            seen.push((what, id));
        }
    }
    Ok(())
}

/// What tells a file from all others: by whatever name, link or descriptor it is reached, it is one.
#[derive(Debug, PartialEq)]
enum FileId {
    /// The number of its file system and its number there.
    #[cfg(unix)]
    There(u64, u64),
    /// Where it is, or would be, without links.
    Place(PathBuf),
}

impl FileId {
    fn of(path: &Path) -> FileId {
        #[cfg(unix)]
        if let Ok(there) = fs::metadata(path) {
            use std::os::unix::fs::MetadataExt;
            return FileId::There(there.dev(), there.ino());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let in_folder = || Some(fs::canonicalize(folder).ok()?.join(path.file_name()?));
        let place = fs::canonicalize(path).ok().or_else(in_folder);
        FileId::Place(place.unwrap_or_else(|| path.to_owned()))
    }
}

/// What an error of writing says of a file: not the name that it has while it is written.
pub fn cannot_write(path: &str, error: &io::Error) -> Failure {
    let text = error.to_string();
    let reason = text.split(" at path ").next().unwrap_or(&text);
    Failure::failed(format!("cannot write {path}: {reason}."))
}
