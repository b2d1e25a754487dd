//! A file's text, decompressed and in UTF-8.

use std::io::{self, Chain, Cursor, Read};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;

use super::detect::{self, Compression};
use super::disk::Disk;
use super::limits;
use crate::failure::{Failure, Result};

/// Bytes read to detect a file's format.
const HEAD: u64 = 4_096;

type Peeked<R> = Chain<Cursor<Vec<u8>>, R>;

/// The text of a file from its start, without a byte order mark.
pub struct Stream {
    reader: Peeked<Box<dyn Read + Send>>,
    /// The file's encoding, if it is not UTF-8. Invalid sequences become U+FFFD.
    pub decoded_from: Option<&'static Encoding>,
}

impl Stream {
    /// Opens the text. A byte order mark determines the encoding; without one it is the given encoding, or
    /// UTF-8.
    pub fn open(name: &str, disk: Disk, given: Option<&'static Encoding>) -> Result<Self> {
        let failed = |error| read_failure(name, &error);
        let raw = peek(disk).map_err(failed)?;
        let compression = detect::compression(head(&raw));
        let plain: Box<dyn Read + Send> = match compression {
            Some(Compression::Gzip) => Box::new(MultiGzDecoder::new(raw)),
            Some(Compression::Zstd) => {
                let mut decoder = zstd::Decoder::new(raw).map_err(failed)?;
                decoder.window_log_max(limits::ZSTD_WINDOW).map_err(failed)?;
                Box::new(decoder)
            }
            None => Box::new(raw),
        };
        let mut plain = peek(plain).map_err(failed)?;
        detect::refuse_foreign(name, head(&plain), compression.is_some())?;

        let (marked, mark) = byte_order_mark(head(&plain));
        let encoding = marked.or(given).unwrap_or(UTF_8);
        if encoding == UTF_8 {
            if marked == Some(UTF_8) {
                plain.get_mut().0.set_position(mark);
            }
            let reader: Box<dyn Read + Send> = Box::new(plain);
            return Ok(Stream { reader: peek(reader).map_err(failed)?, decoded_from: None });
        }
        let decoder = DecodeReaderBytesBuilder::new().encoding(Some(encoding)).build(plain);
        let reader: Box<dyn Read + Send> = Box::new(decoder);
        Ok(Stream { reader: peek(reader).map_err(failed)?, decoded_from: Some(encoding) })
    }

    /// The start of the text.
    pub fn head(&self) -> &[u8] {
        head(&self.reader)
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

/// The encoding of a name.
pub fn encoding_of(label: &str) -> Result<&'static Encoding> {
    Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
        Failure::usage(format!(
            "unknown encoding '{label}'; use a name of the WHATWG list: utf-8, latin1, windows-1252, utf-16le, \
             shift_jis, …"
        ))
    })
}

/// The failure for a read error of a file.
pub fn read_failure(name: &str, error: &io::Error) -> Failure {
    Failure::failed(match error.kind() {
        // Only a decompressor knows that data is missing.
        io::ErrorKind::UnexpectedEof => format!("{name} was cut short: its compressed data has no end."),
        _ if error.to_string().contains("too much memory") => format!(
            "cannot read {name}: it was compressed with a window of more than {} MiB (--long, --ultra), which is the limit: decompress \
             it first, as with zstd --long=31 -dc.",
            (1_u32 << limits::ZSTD_WINDOW) >> 20
        ),
        _ => format!("cannot read {name}: {error}."),
    })
}

/// The failure for text that is invalid in its encoding.
pub fn wrong_text(name: &str, line: u64, decoded_from: Option<&'static Encoding>) -> Failure {
    Failure::failed(match decoded_from {
        None => format!("{name}:{line}: this is not UTF-8; give the encoding, as with --encoding latin1."),
        Some(encoding) => format!("{name}:{line}: this is not {}; check --encoding.", encoding.name()),
    })
}

/// The failure for NUL bytes, which text rows never contain.
pub fn nul_bytes(name: &str, line: u64) -> Failure {
    Failure::failed(format!(
        "{name}:{line}: a NUL byte: this is not text; if it is UTF-16, use --encoding utf-16le."
    ))
}

fn peek<R: Read>(mut reader: R) -> io::Result<Peeked<R>> {
    let mut head = Vec::new();
    reader.by_ref().take(HEAD).read_to_end(&mut head)?;
    Ok(Cursor::new(head).chain(reader))
}

fn head<R>(peeked: &Peeked<R>) -> &[u8] {
    peeked.get_ref().0.get_ref()
}

/// The encoding of a byte order mark, and the mark's length.
fn byte_order_mark(head: &[u8]) -> (Option<&'static Encoding>, u64) {
    match head {
        [0xef, 0xbb, 0xbf, ..] => (Some(UTF_8), 3),
        [0xff, 0xfe, ..] => (Some(UTF_16LE), 2),
        [0xfe, 0xff, ..] => (Some(UTF_16BE), 2),
        _ => (None, 0),
    }
}
