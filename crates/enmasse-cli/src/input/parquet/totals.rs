//! Checks that a file's metadata is consistent: the numbers of rows in total, by row group and by column, and
//! the positions of their bytes.

use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

/// Refuses contradictory metadata.
pub fn check(metadata: &ParquetMetaData, size: u64) -> Result<(), ParquetError> {
    let all = metadata.file_metadata().num_rows();
    let mut sum = 0_i64;
    for (number, group) in (1..).zip(metadata.row_groups()) {
        let rows = group.num_rows();
        sum = match sum.checked_add(rows) {
            Some(sum) if rows >= 0 => sum,
            _ => return Err(wrong(format!("its row group {number} declares {rows} rows"))),
        };
        for column in group.columns() {
            check_column(column, number, rows, size)?;
        }
    }
    if sum != all {
        return Err(wrong(format!("its row groups have {sum} rows in total, and its footer declares {all}")));
    }
    Ok(())
}

fn check_column(
    column: &ColumnChunkMetaData,
    group: usize,
    rows: i64,
    size: u64,
) -> Result<(), ParquetError> {
    let name = || format!("column '{}' of its row group {group}", column.column_path().string());
    let (values, is_list) = (column.num_values(), column.column_descr().max_rep_level() > 0);
    // A list has any number of values in a row; even an empty one counts as one.
    if values != rows && !(is_list && values >= rows) {
        return Err(wrong(format!("{} has {values} values, and the group has {rows} rows", name())));
    }
    let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let length = column.compressed_size();
    let inside = |start: i64, length: i64| {
        let end = u64::try_from(start).ok()?.checked_add(u64::try_from(length).ok()?)?;
        (end <= size).then_some(())
    };
    inside(start, length).ok_or_else(|| {
        wrong(format!("{} lies outside of the file: {length} bytes from byte {start}", name()))
    })
}

/// The error for values left after the last row of a row group.
pub fn too_many(column: &str, rows: u64) -> ParquetError {
    wrong(format!("its column '{column}' has values after row {rows}, the last of its row group"))
}

fn wrong(what: String) -> ParquetError {
    ParquetError::General(what)
}
