//! `enmasse demo`: updates the world's runways from 2021 to 2026.

use std::fs;
use std::path::Path;

use clap::Parser;
use enmasse::schema::{Field, Model, Schema};
use enmasse::{DataType, Database};

use crate::apply;
use crate::args::{Args, Command, DemoArgs};
use crate::failure::{Failure, Outcome, Result};

const OLDER: &[u8] = include_bytes!("../data/runways-2021.csv.zst");
const NEWER: &[u8] = include_bytes!("../data/runways-2026.csv.zst");

pub async fn run(args: DemoArgs) -> Result<Outcome> {
    let folder = Path::new(&args.folder);
    let wrong =
        |error: std::io::Error| Failure::failed(format!("cannot write {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(wrong)?;
    let place = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (older, newer, db) = (place("runways-2021.csv"), place("runways-2026.csv"), place("runways.db"));
    for end in ["", "-wal", "-shm"] {
        let file = format!("{db}{end}");
        if Path::new(&file).exists() {
            fs::remove_file(file).map_err(wrong)?;
        }
    }
    for (path, packed) in [(&older, OLDER), (&newer, NEWER)] {
        fs::write(path, zstd::decode_all(packed).map_err(wrong)?).map_err(wrong)?;
    }
    make_table(&db).await?;

    say!("{} contains an empty table of runways and two files of OurAirports.\n", folder.display());
    let table = ["--db", &db, "--table", "runways"];
    say!("Insert the runways of 2021, all of them new:");
    step(&older, &table, "--insert-missing").await?;
    say!("Preview the changes of the 2026 file:");
    step(&newer, &table, "--dry-run").await?;
    say!("Apply the file:");
    step(&newer, &table, "").await?;
    say!("The table has the values of 2026. Try more with {} and the files.", db);
    Ok(Outcome::Done)
}

/// Prints a command and runs it.
async fn step(file: &str, table: &[&str], option: &str) -> Result<()> {
    let mut words = vec!["enmasse", "apply", file];
    words.extend(table);
    words.extend((!option.is_empty()).then_some(option));
    say!("$ {}", words.join(" "));
    let args = Args::try_parse_from(words).map_err(|error| Failure::usage(error.to_string()))?;
    if let Command::Apply(args) = args.command {
        apply::run(*args).await?;
    }
    say!("");
    Ok(())
}

async fn make_table(file: &str) -> Result<()> {
    let mut runways = Model::new("Runway", "runways").add(Field::new("id", DataType::BigInt).primary_key());
    let text = |max_length: u32| DataType::Text { max_length: Some(max_length) };
    let columns = [
        ("airport_ref", DataType::BigInt),
        ("airport_ident", text(12)),
        ("length_ft", DataType::Integer),
        ("width_ft", DataType::Integer),
        ("surface", text(80)),
        ("lighted", DataType::Bool),
        ("closed", DataType::Bool),
        ("le_ident", text(12)),
        ("le_latitude_deg", DataType::Double),
        ("le_longitude_deg", DataType::Double),
        ("le_elevation_ft", DataType::Integer),
        ("le_heading_degT", DataType::Double),
        ("le_displaced_threshold_ft", DataType::Integer),
        ("he_ident", text(12)),
        ("he_latitude_deg", DataType::Double),
        ("he_longitude_deg", DataType::Double),
        ("he_elevation_ft", DataType::Integer),
        ("he_heading_degT", DataType::Double),
        ("he_displaced_threshold_ft", DataType::Integer),
    ];
    for (name, data_type) in columns {
        runways = runways.add(Field::new(name, data_type).null());
    }
    let schema = Schema::new(vec![runways])?;
    let db = Database::connect(&format!("sqlite://{}", file.replace('%', "%25").replace('?', "%3F"))).await?;
    db.create_tables(schema.models()).await?;
    db.close().await;
    Ok(())
}
