//! How many rows a file has, counted in another way than the program's.

use std::io::Read;

/// The records of CSV after its header: a quote at the beginning of a cell lasts to the next that is no pair.
pub fn of_csv(text: &[u8]) -> Option<u64> {
    let (mut records, mut has_begun, mut at_start, mut quoted) = (0_u64, false, true, false);
    let mut bytes = text.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.peek() == Some(&&b'"') => _ = bytes.next(),
            b'"' if quoted => quoted = false,
            _ if quoted => {}
            b'"' if at_start => (quoted, has_begun, at_start) = (true, true, false),
            b'\r' | b'\n' => {
                records += u64::from(has_begun);
                (has_begun, at_start) = (false, true);
            }
            byte => (has_begun, at_start) = (true, *byte == b','),
        }
    }
    records += u64::from(has_begun);
    (!quoted).then(|| records.saturating_sub(1))
}

/// The non-empty lines.
pub fn of_lines(text: &[u8]) -> Option<u64> {
    Some(text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count() as u64)
}

/// The text of a file that gzip made.
pub fn decompressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut text).ok()?;
    Some(text)
}

#[test]
fn rows_are_counted() {
    assert_eq!(of_csv(b"a,b\n1,2\r\n\r\n\"x\ny\",\"\"\"\"\n"), Some(2));
    assert_eq!(of_csv(b"a,b\n1,\"2\n"), None);
    assert_eq!(of_lines(b"{}\n\n {} \n"), Some(2));
}
