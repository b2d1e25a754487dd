//! Detects a file's format by its name and its first bytes.

use super::Format;
use crate::failure::{Failure, Result};

/// The first and last bytes of a Parquet file.
pub const PARQUET: &[u8] = b"PAR1";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    Zstd,
}

/// The first bytes of files in unsupported formats.
const FOREIGN: [(&[u8], &str); 8] = [
    (b"PK\x03\x04", "a zip archive or an Excel workbook: save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save the sheet as CSV"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"ARROW1\0\0", "an Arrow file: save it as Parquet"),
    (b"Obj\x01", "an Avro file: save it as Parquet"),
    (b"BZh91AY&SY", "compressed by bzip2: decompress it, or use gzip or zstd"),
    (b"\xfd7zXZ\0", "compressed by xz: decompress it, or use gzip or zstd"),
];

/// The format by a file's name, with or without a compression suffix.
pub fn by_name(path: &str) -> Option<Format> {
    let name = path.to_ascii_lowercase();
    let ending = split_compression(&name).0.rsplit_once('.')?.1;
    Some(match ending {
        "csv" | "txt" => Format::Csv,
        "tsv" => Format::Tsv,
        "jsonl" | "ndjson" | "json" => Format::Jsonl,
        "parquet" => Format::Parquet,
        _ => return None,
    })
}

/// Splits off a compression suffix, `.gz` or `.zst`.
pub fn split_compression(name: &str) -> (&str, Option<Compression>) {
    match name.rsplit_once('.') {
        Some((rest, "gz")) => (rest, Some(Compression::Gzip)),
        Some((rest, "zst")) => (rest, Some(Compression::Zstd)),
        _ => (name, None),
    }
}

/// The format by the first bytes of the text.
pub fn by_content(head: &[u8]) -> Format {
    match first_character(head) {
        Some(b'{') => Format::Jsonl,
        _ => Format::Csv,
    }
}

pub fn first_character(head: &[u8]) -> Option<u8> {
    head.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// The compression by the first bytes, independent of the file's name.
pub fn compression(head: &[u8]) -> Option<Compression> {
    if head.starts_with(&[0x1f, 0x8b]) {
        Some(Compression::Gzip)
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Some(Compression::Zstd)
    } else {
        None
    }
}

/// Refuses content that is not text rows; it may have been decompressed.
pub fn refuse_foreign(name: &str, head: &[u8], decompressed: bool) -> Result<()> {
    let message = if decompressed && (compression(head).is_some() || head.starts_with(PARQUET)) {
        format!("{name} is compressed twice, and only one layer is read: decompress it.")
    } else if head.starts_with(PARQUET) {
        format!("{name} is a Parquet file: its format is 'parquet'.")
    } else if let Some((_, what)) = FOREIGN.iter().find(|(start, _)| head.starts_with(start)) {
        format!("{name} is neither CSV nor JSON Lines: it is {what}.")
    } else {
        return Ok(());
    };
    Err(Failure::failed(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_formats() {
        for (name, format) in [
            ("a.csv", Some(Format::Csv)),
            ("a.txt", Some(Format::Csv)),
            ("dir.d/A.TSV.GZ", Some(Format::Tsv)),
            ("a.json", Some(Format::Jsonl)),
            ("a.ndjson.zst", Some(Format::Jsonl)),
            ("a.b.jsonl", Some(Format::Jsonl)),
            ("a.parquet", Some(Format::Parquet)),
            ("a.gz", None),
            ("a", None),
            ("-", None),
        ] {
            assert_eq!(by_name(name), format, "{name}");
        }
    }

    #[test]
    fn content_tells_what_names_do_not() {
        assert_eq!(by_content(b" \n {\"id\": 1}"), Format::Jsonl);
        assert_eq!(by_content(b"id,name"), Format::Csv);
        assert_eq!(by_content(b""), Format::Csv);
        assert_eq!(compression(b"\x1f\x8b\x08"), Some(Compression::Gzip));
        assert_eq!(compression(b"\x28\xb5\x2f\xfd"), Some(Compression::Zstd));
    }

    #[test]
    fn other_kinds_of_files_are_named() {
        let message = |head| refuse_foreign("a.csv", head, false).unwrap_err().message().to_owned();
        assert_eq!(
            message(b"PK\x03\x04..".as_slice()),
            "a.csv is neither CSV nor JSON Lines: it is a zip archive or an Excel workbook: save the sheet as CSV."
        );
        assert_eq!(message(b"%PDF-1.7"), "a.csv is neither CSV nor JSON Lines: it is a PDF document.");
        assert_eq!(message(b"PAR1"), "a.csv is a Parquet file: its format is 'parquet'.");
        assert!(refuse_foreign("a.csv", b"id,name", true).is_ok());
    }
}
