//! What each row holds: a formula of its key and of a version that counts the updates.
//!
//! From one version to the next every column changes, so that an update really writes each row, and no text changes its
//! length, so that the table keeps its shape. The same formula is spelled in SQL (`table/`), to fill the table and to check
//! it, and in Python (`peers.py`).

/// Bytes of text that no version changes.
pub const REST: &str = "the quick brown fox jumps over the lazy dog";

/// 2020-01-01 00:00:00 UTC, in seconds since 1970.
pub const BEGINNING: i64 = 1_577_836_800;

pub fn name(id: i64, version: i64) -> String {
    format!("name {id} v{version:06}")
}

pub fn points(id: i64, version: i64) -> i32 {
    (100_000 + (id * 7_919 + version * 104_729) % 900_000) as i32
}

/// The price in hundredths; never a whole number, which sea-orm cannot read back from SQLite.
pub fn cents(id: i64, version: i64) -> i64 {
    100_001 + (id * 104_729 + version * 7_919) % 90_000 * 100 + (id + version) % 99
}

/// When the row was seen: seconds since 1970, and microseconds, never 0: Django would leave them out of SQLite's text.
pub fn seen(id: i64, version: i64) -> (i64, u32) {
    (BEGINNING + id * 61 + version, (1 + (id * 7_919 + version) % 999_999) as u32)
}

pub fn active(id: i64, version: i64) -> bool {
    (id + version) % 2 == 0
}

pub fn note(id: i64, version: i64) -> String {
    format!("note {id} v{version:06}: {REST}")
}

/// Puts keys into no order: Fisher and Yates's way, with a generator that is the same in every run.
pub fn shuffle(keys: &mut [i64]) {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for last in (1..keys.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        keys.swap(last, (state % (last as u64 + 1)) as usize);
    }
}
