//! All runways in the world: a table of 2021 that is updated to 2026.

use std::path::{Path, PathBuf};

use enmasse::prelude::*;
use serde::{Deserialize, Deserializer};

/// One runway in OurAirports' format. Any column but the key may be unknown.
#[derive(Model, Deserialize, Debug, Clone, PartialEq)]
#[model(table = "runways")]
#[allow(missing_docs, non_snake_case)]
pub struct Runway {
    #[model(primary_key)]
    pub id: i64,
    pub airport_ref: Option<i64>,
    #[model(max_length = 12)]
    pub airport_ident: Option<String>,
    pub length_ft: Option<i32>,
    pub width_ft: Option<i32>,
    #[model(max_length = 80)]
    pub surface: Option<String>,
    #[serde(deserialize_with = "zero_or_one")]
    pub lighted: Option<bool>,
    #[serde(deserialize_with = "zero_or_one")]
    pub closed: Option<bool>,
    #[model(max_length = 12)]
    pub le_ident: Option<String>,
    pub le_latitude_deg: Option<f64>,
    pub le_longitude_deg: Option<f64>,
    pub le_elevation_ft: Option<i32>,
    #[model(db_column = "le_heading_degT")]
    #[serde(rename = "le_heading_degT")]
    pub le_heading_deg: Option<f64>,
    pub le_displaced_threshold_ft: Option<i32>,
    #[model(max_length = 12)]
    pub he_ident: Option<String>,
    pub he_latitude_deg: Option<f64>,
    pub he_longitude_deg: Option<f64>,
    pub he_elevation_ft: Option<i32>,
    #[model(db_column = "he_heading_degT")]
    #[serde(rename = "he_heading_degT")]
    pub he_heading_deg: Option<f64>,
    pub he_displaced_threshold_ft: Option<i32>,
}

fn zero_or_one<'de, D: Deserializer<'de>>(field: D) -> Result<Option<bool>, D::Error> {
    Ok(Option::<u8>::deserialize(field)?.map(|flag| flag != 0))
}

/// The file of the table in 2021.
pub fn older_file() -> PathBuf {
    data("runways-2021-11-02.csv")
}

/// The file of the table in 2026.
pub fn newer_file() -> PathBuf {
    data("runways-2026-08-22.csv")
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

/// Reads all runways of a file.
///
/// # Errors
///
/// If the file cannot be read, or a line is not a runway; the error names the line.
pub fn read(file: &Path) -> Result<Vec<Runway>, csv::Error> {
    csv::Reader::from_path(file)?.into_deserialize().collect()
}

/// Creates the empty table.
///
/// # Errors
///
/// Errors of the database.
pub async fn make_table(db: &Database) -> Result<()> {
    let models = [Runway::model()?];
    db.drop_tables(models.clone()).await?;
    db.create_tables(models).await
}

/// Loads runways into the table, and returns their number.
///
/// # Errors
///
/// Errors of the database.
pub async fn load(db: &Database, runways: Vec<Runway>) -> Result<usize> {
    Ok(Runway::objects(db).bulk_create(runways).await?.len())
}

/// Sets every column of the runways that are in the table.
///
/// # Errors
///
/// Errors of the database.
pub async fn bring_up_to_date(db: &Database, runways: &[Runway]) -> Result<Report> {
    Runway::objects(db)
        .bulk_update(runways, |r| {
            (
                (r.airport_ref, r.airport_ident, r.length_ft, r.width_ft, r.surface, r.lighted, r.closed),
                (r.le_ident, r.le_latitude_deg, r.le_longitude_deg, r.le_elevation_ft, r.le_heading_deg),
                (r.he_ident, r.he_latitude_deg, r.he_longitude_deg, r.he_elevation_ft, r.he_heading_deg),
                (r.le_displaced_threshold_ft, r.he_displaced_threshold_ft),
            )
        })
        .await
}

/// The result of tidying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tidied {
    /// Surfaces that became `ASPH`.
    pub asphalt: u64,
    /// Closed runways that are now unlit.
    pub unlit: u64,
}

/// Gives all asphalt surfaces the same name, and turns off the lights of closed runways.
///
/// # Errors
///
/// Errors of the database.
pub async fn tidy(db: &Database) -> Result<Tidied> {
    db.transaction(async |tx| {
        let asphalt = Runway::objects(&tx)
            .filter(q!(surface__istartswith = "asp"))
            .update(set!(surface = "ASPH"))
            .await?;
        let unlit =
            Runway::objects(&tx).filter(|r| r.closed.eq(true)).update(|r| r.lighted.set(false)).await?;
        Ok(Tidied { asphalt, unlit })
    })
    .await
}
