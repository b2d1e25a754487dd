//! A model with the fields of an abstract one, and a proxy of it.

use enmasse::prelude::*;
use serde_json::json;

use crate::models::{Note, StarredNote};
use crate::project::Project;
use crate::rows::{Row, Rows, assert_same, read, rows, shown};

pub async fn check(db: &Database, project: &Project) {
    let before = dump(project);
    let mut notes = read::<Note>(db).await;
    assert_same(&rows(&notes), &before, "reading");

    let began = Utc::now();
    for note in &mut notes[..3] {
        note.title += "!";
    }
    Note::objects(db).bulk_update(&notes[..3], |n| n.title).await.unwrap();
    let n =
        StarredNote::objects(db).filter(|n| n.stars.gt(0)).update(|n| n.stars.increment(1)).await.unwrap();
    assert_eq!(n, 5);
    let new = Note::objects(db).create(Note { id: None, title: "New".into(), stars: 0, ..notes[0].clone() });
    let new = new.await.unwrap();
    let ended = Utc::now();

    let mut expected = before.clone();
    for (number, row) in expected.iter_mut().enumerate() {
        if number < 3 {
            row["title"] = json!(notes[number].title);
        }
        if row["stars"].as_i64() > Some(0) {
            row["stars"] = json!(row["stars"].as_i64().unwrap() + 1);
        }
    }
    expected.extend(rows(&[new]));

    // `auto_now` is set by every write, and `auto_now_add` by the first.
    let found = dump(project);
    let (began, ended) = (shown(began.into()), shown(ended.into()));
    let written = |row: &Row, field: &str| (began.as_str()..=ended.as_str()).contains(&row[field].as_str());
    for (position, (row, expected)) in found.iter().zip(&mut expected).enumerate() {
        let changed = before
            .get(position)
            .is_none_or(|before| before["title"] != row["title"] || before["stars"] != row["stars"]);
        if changed {
            assert!(written(row, "updated"), "{row:?}");
            expected["updated"] = row["updated"].clone();
        }
    }
    let last = found.last().expect("the new note");
    assert!(written(last, "created"), "{last:?}");
    assert_same(&found, &expected, "writing");
}

/// Both models show the same rows.
fn dump(project: &Project) -> Rows {
    let [notes, starred]: [Rows; 2] =
        project.dump(&["shop.Note", "shop.StarredNote"]).try_into().expect("the rows of both");
    assert_same(&starred, &notes, "the proxy");
    notes
}
