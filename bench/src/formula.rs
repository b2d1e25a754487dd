//! The contents of each row: a formula of its key and of a version that counts the updates.
//!
//! Every column changes between versions, so that an update writes each row. Texts keep their length, so that
//! the table keeps its layout. The same formula is written in SQL (`table/`), to fill and check the table,
//! and in Python (`peers.py`).

/// Bytes of text that are the same in all versions.
pub const REST: &str = "the quick brown fox jumps over the lazy dog";

/// 2020-01-01 00:00:00 UTC, in seconds since 1970.
pub const BEGINNING: i64 = 1_577_836_800;

pub fn name(id: i64, version: i64) -> String {
    format!("name {id} v{version:06}")
}

pub fn points(id: i64, version: i64) -> i32 {
    (100_000 + (id * 7_919 + version * 104_729) % 900_000) as i32
}

/// The price in hundredths; never a whole number, which sea-orm cannot read from SQLite.
pub fn cents(id: i64, version: i64) -> i64 {
    100_001 + (id * 104_729 + version * 7_919) % 90_000 * 100 + (id + version) % 99
}

/// The time in seconds since 1970, and microseconds, which are never 0: Django would omit them in SQLite's
/// text.
pub fn seen(id: i64, version: i64) -> (i64, u32) {
    (BEGINNING + id * 61 + version, (1 + (id * 7_919 + version) % 999_999) as u32)
}

pub fn active(id: i64, version: i64) -> bool {
    (id + version) % 2 == 0
}

pub fn note(id: i64, version: i64) -> String {
    format!("note {id} v{version:06}: {REST}")
}

/// Shuffles keys by Fisher and Yates's method, with the same seed in every run.
pub fn shuffle(keys: &mut [i64]) {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for last in (1..keys.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        keys.swap(last, (state % (last as u64 + 1)) as usize);
    }
}
