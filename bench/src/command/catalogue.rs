//! One row in a database of ten tables and in one of two thousand: reading the table's description must not
//! cost more with many other tables.

use std::path::Path;

use anyhow::Result;
use enmasse::prelude::*;
use enmasse::schema::{Field, Model, Schema};

use super::folder;
use super::program::{Program, Spent};
use crate::batch::Size;
use crate::figures::Figure;
use crate::options;
use crate::table::Table;

/// The number of other tables.
const FEW: usize = 10;
const MANY: usize = 2_000;

/// The number of columns of each, without its key.
const COLUMNS: usize = 19;

pub async fn measure(
    database: options::Database,
    repeats: usize,
    enmasse: &Path,
    table: &mut dyn Table,
) -> Result<Vec<Figure>> {
    let folder = folder()?;
    let file = folder.path().join("row.csv");
    let size = Size { rows: 1, table: 1, stride: 1 };
    table.fill(size).await?;
    let mut figures = Vec::new();
    let (mut made, mut few) = (0, None);
    for count in [FEW, MANY] {
        add(table.url(), made..count).await?;
        made = count;
        let mut seconds = Vec::new();
        let mut most = 0;
        // The first round is a warm-up.
        for round in 0..=repeats {
            std::fs::write(&file, format!("id,points\n1,{}\n", count + round))?;
            let Spent { seconds: spent, peak_memory } =
                Program::apply(enmasse, table.url(), &file).run().await?;
            most = most.max(peak_memory);
            if round > 0 {
                seconds.push(spent);
            }
        }
        let mut figure = Figure::new(database, "enmasse", size, table.server());
        figure.of_command(&format!("one row among {count} tables"), most);
        figure.add(None, &seconds, false);
        few = few.or(figure.us_per_row);
        figure.compare(few);
        eprintln!("  {figure}");
        figures.push(figure);
    }
    Ok(figures)
}

/// Creates tables with these numbers, a hundred at a time.
async fn add(url: &str, numbers: std::ops::Range<usize>) -> Result<()> {
    let db = Database::connect(url).await?;
    let numbers: Vec<usize> = numbers.collect();
    for part in numbers.chunks(100) {
        let models = part.iter().map(|number| {
            let name = format!("beside_{number}");
            let key = Field::new("id", DataType::BigInt).primary_key();
            (0..COLUMNS).fold(Model::new(&name, &name).add(key), |model, column| {
                let text = DataType::Text { max_length: Some(50) };
                model.add(Field::new(format!("c{column}"), text).null())
            })
        });
        db.create_tables(Schema::new(models.collect())?.models()).await?;
    }
    db.close().await;
    Ok(())
}
