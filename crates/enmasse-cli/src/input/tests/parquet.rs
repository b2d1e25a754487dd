use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::parquet::basic::Compression;
use ::parquet::column::writer::ColumnWriter;
use ::parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType,
    Int32Type, Int64Type, Int96, Int96Type,
};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use enmasse::serde_json::json;
use enmasse::uuid::Uuid;

use super::Place::Row;
use super::*;

/// The values of one column in one row group; a level for each row says whether it has a value.
enum Data {
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<&'static [u8]>),
    Fixed(Vec<&'static [u8]>),
}

/// A file with these columns, each an optional one, and as many row groups as said.
fn sample(columns: &[(&str, &str, Vec<i16>, Data)], groups: usize) -> Sample {
    let fields: Vec<_> =
        columns.iter().map(|(name, kind, ..)| format!("optional {};", kind.replace("()", name))).collect();
    let schema = Arc::new(parse_message_type(&format!("message rows {{ {} }}", fields.join(" "))).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(Compression::SNAPPY).build());
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema, properties).unwrap();
    for _ in 0..groups {
        let mut group = writer.next_row_group().unwrap();
        for (_, _, levels, data) in columns {
            let mut column = group.next_column().unwrap().unwrap();
            let levels = Some(&levels[..]);
            match data {
                Data::Bool(values) => column.typed::<BoolType>().write_batch(values, levels, None),
                Data::Int32(values) => column.typed::<Int32Type>().write_batch(values, levels, None),
                Data::Int64(values) => column.typed::<Int64Type>().write_batch(values, levels, None),
                Data::Int96(values) => column.typed::<Int96Type>().write_batch(values, levels, None),
                Data::Float(values) => column.typed::<FloatType>().write_batch(values, levels, None),
                Data::Double(values) => column.typed::<DoubleType>().write_batch(values, levels, None),
                Data::Bytes(values) => {
                    let values: Vec<ByteArray> = values.iter().map(|value| value.to_vec().into()).collect();
                    column.typed::<ByteArrayType>().write_batch(&values, levels, None)
                }
                Data::Fixed(values) => {
                    let value = |value: &&[u8]| FixedLenByteArray::from(value.to_vec());
                    let values: Vec<FixedLenByteArray> = values.iter().map(value).collect();
                    column.typed::<FixedLenByteArrayType>().write_batch(&values, levels, None)
                }
            }
            .unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    Sample::new("a.parquet", file)
}

/// The one value of a column of this kind, in a field of this type.
fn one(kind: &str, data: Data, data_type: DataType) -> Result<Value, String> {
    let file = sample(&[("x", kind, vec![1], data)], 1);
    let (_, row) = file.read(&[wanted("x", data_type)]).remove(0);
    row.map(|mut values| values.remove(0).unwrap())
}

fn moment(text: &str) -> Value {
    Value::DateTime(text.parse().unwrap())
}

#[test]
fn rows_of_several_groups() {
    let file = sample(
        &[
            ("name", "binary () (STRING)", vec![1, 1, 0], Data::Bytes(vec![b"Apple", b"Fig"])),
            ("id", "int32 ()", vec![1, 1, 1], Data::Int32(vec![1, 2, 3])),
            ("price", "int64 () (DECIMAL(10,2))", vec![0, 1, 1], Data::Int64(vec![150, -1])),
        ],
        2,
    );
    let input = file.open().unwrap();
    assert_eq!(input.columns().unwrap().names, ["name", "id", "price"]);
    let no_name = Err("a.parquet: row 3: column 'name': NULL is not allowed.".to_owned());
    let rows = file.read(&price());
    assert_eq!(rows[..2], [row(Row(1), 1, "Apple", None), row(Row(2), 2, "Fig", Some("1.5"))]);
    assert_eq!(rows[2], (Row(3), no_name));
    assert_eq!(rows[3..5], [row(Row(4), 1, "Apple", None), row(Row(5), 2, "Fig", Some("1.5"))]);
    assert_eq!(rows.len(), 6);

    let mut rows = input.rows(&price()).unwrap();
    let bytes = rows.bytes_read();
    match rows.nth(2) {
        Some(Ok(Item::Bad(bad))) => assert_eq!(bad.raw, r#"{"id":3,"name":null,"price":"-0.01"}"#),
        other => panic!("{other:?}"),
    }
    assert!(bytes.load(Ordering::Relaxed) > 0);
}

#[test]
fn d01_what_cannot_be_read_is_kept_as_text() {
    let file = sample(
        &[
            ("name", "binary () (STRING)", vec![1, 1], Data::Bytes(vec![&[b'a', 0xff], b"b"])),
            ("made", "int32 () (DATE)", vec![1, 1], Data::Int32(vec![1, i32::MAX])),
            ("id", "int32 ()", vec![1, 1], Data::Int32(vec![1, 2])),
        ],
        1,
    );
    let columns =
        [wanted("id", DataType::Integer), wanted("name", DataType::TEXT), wanted("made", DataType::Date)];
    let rows = file.open().unwrap().rows(&columns).unwrap();
    let raw = rows.map(|item| match item.unwrap() {
        Item::Bad(bad) => bad.raw,
        Item::Row(row) => panic!("{row:?}"),
    });
    assert_eq!(
        raw.collect::<Vec<_>>(),
        [r#"{"id":1,"name":"\\x61ff","made":"1970-01-02"}"#, r#"{"id":2,"name":"b","made":"2147483647"}"#]
    );
}

#[test]
fn more_rows_than_are_held() {
    let levels: Vec<i16> = (0..5_000).map(|row| i16::from(row % 3 != 0)).collect();
    let values = (0..5_000).filter(|row| row % 3 != 0).collect();
    let file = sample(&[("x", "int32 ()", levels, Data::Int32(values))], 1);
    let rows = file.read(&[nullable("x", DataType::Integer)]);
    assert_eq!(rows.len(), 5_000);
    for (row, (_, values)) in (0..).zip(rows) {
        let value = if row % 3 == 0 { Value::Null } else { Value::Int(row) };
        assert_eq!(values, Ok(vec![Some(value)]));
    }
}

#[test]
fn numbers_and_truth_values() {
    assert_eq!(one("boolean ()", Data::Bool(vec![true]), DataType::Bool), Ok(Value::Bool(true)));
    assert_eq!(one("int64 ()", Data::Int64(vec![i64::MIN]), DataType::BigInt), Ok(Value::Int(i64::MIN)));
    assert_eq!(one("double ()", Data::Double(vec![2.5]), DataType::Double), Ok(Value::Float(2.5)));
    assert_eq!(one("double ()", Data::Double(vec![2.0]), DataType::Integer), Ok(Value::Int(2)));
    let unsigned = "int32 () (INTEGER(32,false))";
    assert_eq!(one(unsigned, Data::Int32(vec![-1]), DataType::BigInt), Ok(Value::Int(4_294_967_295)));
    let unsigned = "int64 () (INTEGER(64,false))";
    assert_eq!(
        one(unsigned, Data::Int64(vec![-1]), DataType::BigInt),
        Err("a.parquet: row 1: column 'x': expected a whole number but got 18446744073709551615.".into())
    );
    assert_eq!(
        one("double ()", Data::Double(vec![2.5]), DataType::Integer),
        Err("a.parquet: row 1: column 'x': expected a whole number but got 2.5.".into())
    );
}

#[test]
fn a08_floats_that_lack_digits_are_no_keys_and_no_whole_numbers() {
    let whole = DataType::Decimal { max_digits: Some(16), decimal_places: Some(0) };
    let amount = DataType::Decimal { max_digits: Some(18), decimal_places: Some(2) };
    let double = |number: f64| ("double ()", Data::Double(vec![number]));
    let float = |number: f32| ("float ()", Data::Float(vec![number]));
    for data_type in [DataType::BigInt, whole.clone()] {
        for (kind, data) in [double(9.912_142_137_894_512e15), float(16_777_218.0)] {
            let problem = one(kind, data, data_type.clone()).unwrap_err();
            assert!(problem.contains("may have been rounded"), "{data_type:?}: {problem}");
        }
        for (kind, data) in [double(9.007_199_254_740_992e15), float(16_777_216.0)] {
            assert!(one(kind, data, data_type.clone()).is_ok(), "{data_type:?}");
        }
    }
    assert!(one("double ()", Data::Double(vec![9.912_142_137_894_512e15]), amount.clone()).is_ok());
    let file = sample(&[("x", "double ()", vec![1], Data::Double(vec![9.912_142_137_894_512e15]))], 1);
    let key = Wanted { required: true, ..wanted("x", amount) };
    let (_, row) = file.read(&[key]).remove(0);
    assert!(row.unwrap_err().contains("may have been rounded"));
    let texts = Data::Bytes(vec![b"9.91214E+15"]);
    assert!(one("binary ()", texts, whole).unwrap_err().contains("may have been rounded"));
}

#[test]
fn decimals_of_each_physical_type() {
    let decimal = |text: &str| Ok(Value::Decimal(text.parse().unwrap()));
    assert_eq!(one("int32 () (DECIMAL(9,2))", Data::Int32(vec![-1250]), DataType::DECIMAL), decimal("-12.5"));
    assert_eq!(one("int64 () (DECIMAL(18,4))", Data::Int64(vec![1]), DataType::DECIMAL), decimal("0.0001"));
    let binary = Data::Bytes(vec![&[0xfb, 0x1e]]);
    assert_eq!(one("binary () (DECIMAL(9,2))", binary, DataType::DECIMAL), decimal("-12.5"));
    let fixed = Data::Fixed(vec![&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0xe2]]);
    assert_eq!(one("fixed_len_byte_array(16) () (DECIMAL(38,2))", fixed, DataType::DECIMAL), decimal("12.5"));
    let fixed = Data::Fixed(vec![&[0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0xe3]]);
    let problem = one("fixed_len_byte_array(16) () (DECIMAL(38,2))", fixed, DataType::DECIMAL).unwrap_err();
    assert!(problem.ends_with("has more than the 28 digits of a decimal."), "{problem}");
}

#[test]
fn dates_and_times() {
    assert_eq!(
        one("int32 () (DATE)", Data::Int32(vec![19_782]), DataType::Date),
        Ok(Value::Date("2024-02-29".parse().unwrap()))
    );
    let time = |text: &str| Ok(Value::Time(text.parse().unwrap()));
    let data_type = || DataType::Time;
    assert_eq!(
        one("int32 () (TIME(MILLIS,true))", Data::Int32(vec![1_250]), data_type()),
        time("00:00:01.25")
    );
    assert_eq!(
        one("int64 () (TIME(MICROS,true))", Data::Int64(vec![1]), data_type()),
        time("00:00:00.000001")
    );
    assert_eq!(
        one("int64 () (TIME(NANOS,true))", Data::Int64(vec![1_999]), data_type()),
        time("00:00:00.000001")
    );
    let problem = one("int32 () (TIME(MILLIS,true))", Data::Int32(vec![-1]), data_type()).unwrap_err();
    assert!(problem.contains("is out of range."), "{problem}");
}

#[test]
fn moments() {
    let second = 1_709_197_500;
    let kind = |unit: &str, utc| format!("int64 () (TIMESTAMP({unit},{utc}))");
    let read = |unit, utc, value| one(&kind(unit, utc), Data::Int64(vec![value]), DataType::DateTime);
    assert_eq!(read("MILLIS", true, second * 1_000 + 250), Ok(moment("2024-02-29T09:05:00.25Z")));
    assert_eq!(read("MICROS", false, second * 1_000_000 + 1), Ok(moment("2024-02-29T09:05:00.000001Z")));
    // what is below a microsecond is cut
    assert_eq!(
        read("NANOS", true, second * 1_000_000_000 + 1_999),
        Ok(moment("2024-02-29T09:05:00.000001Z"))
    );
    let naive = one(&kind("MILLIS", false), Data::Int64(vec![0]), DataType::NaiveDateTime);
    assert_eq!(naive, Ok(Value::NaiveDateTime("1970-01-01T00:00:00".parse().unwrap())));
    let naive = one(&kind("MILLIS", true), Data::Int64(vec![0]), DataType::NaiveDateTime).unwrap_err();
    assert!(
        naive.contains("expected a date and time without a zone but got 1970-01-01 00:00:00Z"),
        "{naive}"
    );

    let mut hive = Int96::new();
    let nanos: u64 = 32_700_000_000_000;
    hive.set_data(nanos as u32, (nanos >> 32) as u32, 2_440_588 + 19_782);
    assert_eq!(
        one("int96 ()", Data::Int96(vec![hive]), DataType::DateTime),
        Ok(moment("2024-02-29T09:05:00Z"))
    );
}

#[test]
fn texts_documents_bytes_and_uuids() {
    let text = |kind, text: &'static str, data_type| one(kind, Data::Bytes(vec![text.as_bytes()]), data_type);
    assert_eq!(text("binary () (STRING)", "é", DataType::TEXT), Ok("é".into()));
    assert_eq!(text("binary () (ENUM)", "RED", DataType::TEXT), Ok("RED".into()));
    assert_eq!(
        text("binary () (UTF8)", "2024-02-29", DataType::Date),
        Ok(Value::Date("2024-02-29".parse().unwrap()))
    );
    assert_eq!(text("binary () (JSON)", "[1]", DataType::Json), Ok(Value::Json(json!([1]))));
    // older writers did not say that it is text
    assert_eq!(text("binary ()", "é", DataType::TEXT), Ok("é".into()));
    assert_eq!(text("binary ()", "5", DataType::Integer), Ok(Value::Int(5)));
    assert_eq!(text("binary ()", "\\x", DataType::Bytes), Ok(Value::Bytes(b"\\x".to_vec())));
    assert_eq!(text("binary () (STRING)", "", DataType::TEXT), Ok("".into()));

    let bytes: &[u8] = &[0x11; 16];
    let uuid = Ok(Value::Uuid(Uuid::from_bytes([0x11; 16])));
    let kind = "fixed_len_byte_array(16) () (UUID)";
    assert_eq!(one(kind, Data::Fixed(vec![bytes]), DataType::Uuid), uuid);
    assert_eq!(one("fixed_len_byte_array(16) ()", Data::Fixed(vec![bytes]), DataType::Uuid), uuid);
}

#[test]
fn nested_columns_matter_only_where_they_are_wanted() {
    let schema = "message rows { required int32 id; optional group tags (LIST) { repeated group list { optional binary \
                  element (STRING); } } optional group at { required int32 x; } repeated int32 many; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut content = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut content, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    while let Some(mut column) = group.next_column().unwrap() {
        match column.untyped() {
            ColumnWriter::ByteArrayColumnWriter(writer) => writer.write_batch(&[], Some(&[0]), Some(&[0])),
            ColumnWriter::Int32ColumnWriter(writer) => match writer.get_descriptor().name() {
                "id" => writer.write_batch(&[7], None, None),
                "x" => writer.write_batch(&[], Some(&[0]), None),
                _ => writer.write_batch(&[], Some(&[0]), Some(&[0])),
            },
            _ => panic!("there is no such column"),
        }
        .unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();

    let file = Sample::new("a.parquet", content);
    assert_eq!(file.open().unwrap().columns().unwrap().names, ["id", "tags", "at", "many"]);
    assert_eq!(file.read(&[wanted("id", DataType::Integer)]), [(Row(1), Ok(vec![Some(Value::Int(7))]))]);
    for column in ["tags", "at", "many"] {
        assert_eq!(
            file.failure(&[wanted(column, DataType::Integer)]),
            format!(
                "a.parquet has lists, maps or structures in its column '{column}'; only single values can be read."
            )
        );
    }
    assert_eq!(
        file.failure(&[wanted("x", DataType::Integer)]),
        "a.parquet has no column 'x'; it has 'id', 'tags', 'at', 'many'."
    );
}

#[test]
fn what_is_no_parquet() {
    let failure = |content: &[u8]| Sample::new("a.parquet", content).failure(&price());
    assert!(
        failure(b"id,name\n").starts_with("a.parquet is not a Parquet file: "),
        "{}",
        failure(b"id,name\n")
    );
    assert!(failure(b"").starts_with("a.parquet is not a Parquet file: "));
    let whole = fs::read(&sample(&[("id", "int32 ()", vec![1], Data::Int32(vec![1]))], 1).path).unwrap();
    assert!(failure(&whole[..whole.len() - 5]).starts_with("a.parquet is not a Parquet file: "));
    let told = Sample::new("data", &whole);
    assert_eq!(told.open().unwrap().format(), Format::Parquet);
    assert_eq!(told.read(&[wanted("id", DataType::Integer)]).len(), 1);
    assert_eq!(
        Sample::new("a.parquet.gz", gzip(&whole)).failure(&price()),
        "a.parquet.gz is compressed as a whole; Parquet files are compressed internally: decompress it."
    );
    let csv = Sample::new("a.csv", &whole).failure(&price());
    assert_eq!(csv, "a.csv is a Parquet file: its format is 'parquet'.");
}

/// A file of one page of a text of this length, whose header then says another length.
fn lying(compression: Compression, length: usize, said: usize) -> Sample {
    let schema = Arc::new(parse_message_type("message rows { required binary x (UTF8); }").unwrap());
    let properties =
        WriterProperties::builder().set_compression(compression).set_dictionary_enabled(false).build();
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&[vec![b'x'; length].into()], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    // the first page's header is after the file's mark: its kind, and the length that it has when it is decompressed
    let varint = |number: usize| {
        let doubled = number * 2;
        [doubled as u8 | 0x80, (doubled >> 7) as u8 | 0x80, (doubled >> 14) as u8]
    };
    assert_eq!(file[4..10], [&[0x15, 0, 0x15][..], &varint(length + 4)].concat());
    file[7..10].copy_from_slice(&varint(said));
    Sample::new("a.parquet", file)
}

#[test]
fn b06_pages_that_lie_about_their_length() {
    use ::parquet::basic::{BrotliLevel, GzipLevel, ZstdLevel};
    let wanted = [wanted("x", DataType::TEXT)];
    for compression in [
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
    ] {
        assert_eq!(lying(compression, 600_000, 600_004).read(&wanted).len(), 1);
        assert_eq!(
            lying(compression, 600_000, 20_000).failure(&wanted),
            "a.parquet is damaged: a page has more bytes, decompressed, than it declares.",
            "{compression:?}"
        );
    }
    for compression in [Compression::SNAPPY, Compression::LZ4_RAW] {
        let message = lying(compression, 600_000, 20_000).failure(&wanted);
        assert!(message.starts_with("a.parquet is damaged: "), "{message}");
    }
}

#[test]
fn a02_totals_that_contradict_each_other() {
    // The footer has the number of rows in a separate field: 3 rows are 0x06.
    let file = sample(&[("x", "int64 ()", vec![1, 1, 1], Data::Int64(vec![1, 2, 3]))], 1);
    let right = fs::read(&file.path).unwrap();
    let places: Vec<usize> = (right.len() - 300..right.len()).filter(|&at| right[at] == 6).collect();
    let mut refused = 0;
    for (said, at) in [2, 4, 8, 100].into_iter().flat_map(|said| places.iter().map(move |at| (said, *at))) {
        let mut damaged = right.clone();
        damaged[at] = said;
        let damaged = Sample::new("a.parquet", damaged);
        let read = damaged
            .open()
            .and_then(|input| input.rows(&[nullable("x", DataType::BigInt)]))
            .and_then(|rows| rows.collect::<Result<Vec<_>>>());
        match read {
            Ok(rows) => assert_eq!(rows.len(), 3, "byte {at} is {said}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 8, "{refused}");
}
