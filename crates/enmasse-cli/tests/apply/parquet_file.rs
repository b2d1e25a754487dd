//! Parquet files, written here by the parquet crate.

use std::sync::Arc;

use enmasse_testing::{Kind, test_on};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::items;
use crate::program::on_trial;

/// Three rows: id, amount, note (NULL in the second), ratio.
fn file() -> Vec<u8> {
    let schema = "message rows {
        required int64 id; required int64 amount; optional binary note (UTF8); required double ratio;
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut file = Vec::new();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(&mut file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in 0..4 {
        let mut writer = group.next_column().unwrap().unwrap();
        match column {
            0 => writer.typed::<Int64Type>().write_batch(&[1, 2, 3], None, None),
            1 => writer.typed::<Int64Type>().write_batch(&[11, 22, 33], None, None),
            2 => {
                let texts = ["first 'é'", "third"].map(ByteArray::from);
                writer.typed::<ByteArrayType>().write_batch(&texts, Some(&[1, 0, 1]), None)
            }
            _ => writer.typed::<DoubleType>().write_batch(&[0.5, -1.25, 1e9], None, None),
        }
        .unwrap();
        writer.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    file
}

#[test_on(all)]
fn parquet_is_read_from_a_file_and_from_a_pipe(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.parquet", file());
        let all = "SELECT id, amount, note, ratio FROM item ORDER BY id";
        for from_pipe in [false, true] {
            items::fill(trial).await;
            let ended = if from_pipe {
                trial.apply_from(file(), ["-", "--table", "item"])
            } else {
                trial.apply(["f.parquet", "--table", "item"])
            };
            assert_eq!(ended.counts(), "3 matched, 3 changed, 0 not in the table");
            let values = trial.query(all).await;
            assert_eq!(values, "1|11|first 'é'|0.5\n2|22|NULL|-1.25\n3|33|third|1000000000");
        }
    });
}

#[test_on(all)]
fn a_bad_cell_is_named_by_its_row(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.parquet", file());
        let before = items::all(trial).await;
        // 'ratio' is no name of an owner
        let said =
            trial.apply(["f.parquet", "--table", "item", "--ignore", "note", "--map", "ratio=owner_id"]);
        assert_eq!(
            said.failed(1),
            "enmasse: f.parquet: row 1: column 'ratio': expected a whole number but got 0.5.\nNothing was written.\n"
        );
        assert_eq!(items::all(trial).await, before);
    });
}
