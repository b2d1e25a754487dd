//! The requests that the sheets are about.

use enmasse_core::plan::{Assignment, BulkUpdate, Missing, Returning, Strategy};
use enmasse_core::query::Operand;
use enmasse_core::query::Query;
use enmasse_core::query::{Expr, FieldPath};

use crate::library::{Calls, all, authors, books, f, now, plus, q, select};

/// A request with what it borrows.
pub struct Request {
    pub title: &'static str,
    query: Query,
    fields: Vec<FieldPath>,
    set: Vec<Assignment>,
    matching_on: Vec<FieldPath>,
    patches: bool,
    skip_unchanged: bool,
    returning: Returning,
    missing: Missing,
    ends: bool,
    batch_size: Option<usize>,
}

fn paths<const N: usize>(names: [&str; N]) -> Vec<FieldPath> {
    names.into_iter().map(FieldPath::from).collect()
}

fn update<const N: usize>(title: &'static str, query: Query, fields: [&str; N]) -> Request {
    Request {
        title,
        query,
        fields: paths(fields),
        set: Vec::new(),
        matching_on: Vec::new(),
        patches: false,
        skip_unchanged: false,
        returning: Returning::Nothing,
        missing: Missing::Keys,
        ends: false,
        batch_size: None,
    }
}

impl Request {
    pub fn asked(&self, strategy: Strategy, rows: Option<u64>) -> BulkUpdate<'_> {
        BulkUpdate {
            set: &self.set,
            matching_on: &self.matching_on,
            patches: self.patches,
            skip_unchanged: self.skip_unchanged,
            returning: self.returning,
            missing: self.missing,
            rows,
            ends: self.ends,
            batch_size: self.batch_size,
            strategy: Some(strategy),
            ..BulkUpdate::new(&self.query, &self.fields, now())
        }
    }

    fn set(mut self, field: &str, value: Expr) -> Self {
        self.set.push(Assignment::new(field, value));
        self
    }

    fn matching_on<const N: usize>(self, names: [&str; N]) -> Self {
        Request { matching_on: paths(names), ..self }
    }

    fn patches(self) -> Self {
        Request { patches: true, ..self }
    }

    fn skip_unchanged(self) -> Self {
        Request { skip_unchanged: true, ..self }
    }

    fn returning(self, returning: Returning) -> Self {
        Request { returning, ..self }
    }
}

/// The new value of a field.
fn new(name: &str) -> Expr {
    Expr::New(name.into())
}

pub fn requests() -> Vec<Request> {
    use Returning::{New, OldAndNew};
    let in_authors = select(authors().filter(q("name", "Ann")), []);
    let emma = || books().filter(q("pages__lt", 50)).filter(q("title", "Emma"));
    vec![
        update("plain: Author nick, points", authors(), ["nick", "points"]),
        Request { ends: true, ..update("that ends the transaction", authors(), ["points"]) },
        Request { batch_size: Some(2), ..update("two rows in a statement", authors(), ["points"]) },
        update("a composite key: Copy shelf", all("Copy"), ["shelf"]),
        update("a text key: Tag uses", all("Tag"), ["uses"]),
        update("a table in a schema: Item stock", all("Item"), ["stock"]),
        update(
            "auto_now, and a generated field left out: Book pages, double_pages",
            books(),
            ["pages", "double_pages"],
        ),
        update("auto_now that is given: Book updated_at", books(), ["updated_at"]),
        update("types: Book title, price, data", books(), ["title", "price", "data"]),
        update("filtered: Book.filter(pages__lt=50, title='Emma') words", emma(), ["words"]),
        update(
            "filtered with a join: Author.filter(books__pages=1) points",
            authors().filter(q("books__pages", 1)),
            ["points"],
        ),
        update(
            "filtered with a join, a composite key: Copy.filter(book__title='Emma') shelf",
            all("Copy").filter(q("book__title", "Emma")),
            ["shelf"],
        ),
        update(
            "filtered with a query on the table itself: Author.filter(pk__in=Author.filter(…)) points",
            authors().filter(q("pk__in", Operand::Query(in_authors))),
            ["points"],
        ),
        update(
            "excluded over the table itself: Author.exclude(reports__points=1) points",
            authors().exclude(q("reports__points", 1)),
            ["points"],
        ),
        update(
            "filtered to nothing: Author.filter(pk__in=[]) points",
            authors().filter(q("pk__in", Vec::<i64>::new())),
            ["points"],
        ),
        update("generated fields only: Book double_pages", books(), ["double_pages"]),
        update("unchanged rows skipped: Author nick, points", authors(), ["nick", "points"]).skip_unchanged(),
        update(
            "unchanged rows skipped, filtered, auto_now: Book title, price, data",
            emma(),
            ["title", "price", "data"],
        )
        .skip_unchanged(),
        update("matching_on a unique field: Country name on code", all("Country"), ["name"])
            .matching_on(["code"]),
        update(
            "matching_on fields that are unique together: Chapter title on book, number",
            all("Chapter"),
            ["title"],
        )
        .matching_on(["book", "number"]),
        update(
            "matching_on, filtered: Chapter.filter(book__title='Emma') title on book, number",
            all("Chapter").filter(q("book__title", "Emma")),
            ["title"],
        )
        .matching_on(["book", "number"]),
        update("set: Author points = old.points + new.points", authors(), ["points"])
            .set("points", plus(f("points"), new("points"))),
        update("set beside a field: Author nick; points = old.points + new.rank", authors(), ["nick"])
            .set("points", plus(f("points"), new("rank"))),
        update("set reads what is written: Author rank; points = old.points + old.rank", authors(), ["rank"])
            .set("points", plus(f("points"), f("rank"))),
        update(
            "set two: Author points = old.rank + new.points, rank = old.points",
            authors(),
            ["points", "rank"],
        )
        .set("points", plus(f("rank"), new("points")))
        .set("rank", f("points")),
        update(
            "set, skipping unchanged rows: Author points = old.points + new.points",
            authors(),
            ["points"],
        )
        .set("points", plus(f("points"), new("points")))
        .skip_unchanged(),
        update("patches: Author nick, points", authors(), ["nick", "points"]).patches(),
        update("patches, auto_now, skipping unchanged rows: Book pages, words", books(), ["pages", "words"])
            .patches()
            .skip_unchanged(),
        update("returning new: Tag uses", all("Tag"), ["uses"]).returning(New),
        update("returning new: Item stock", all("Item"), ["stock"]).returning(New),
        update("returning old and new: Item stock", all("Item"), ["stock"]).returning(OldAndNew),
        update("returning old and new, a composite key: Copy shelf", all("Copy"), ["shelf"])
            .returning(OldAndNew),
        update(
            "returning new, filtered with a join: Copy.filter(book__title='Emma') shelf",
            all("Copy").filter(q("book__title", "Emma")),
            ["shelf"],
        )
        .returning(New),
        update("returning new, unchanged rows skipped: Item stock", all("Item"), ["stock"])
            .skip_unchanged()
            .returning(New),
        update("returning old and new, matching_on: Country name on code", all("Country"), ["name"])
            .matching_on(["code"])
            .returning(OldAndNew),
        Request {
            missing: Missing::Rows,
            ..update("telling of missing rows: Author nick, points", authors(), ["nick", "points"])
        },
        Request {
            missing: Missing::Count,
            ..update("counting missing rows: Author nick, points", authors(), ["nick", "points"])
        },
        Request {
            missing: Missing::Rows,
            ..update(
                "telling of changes and missing rows, a composite key: Copy shelf",
                all("Copy"),
                ["shelf"],
            )
            .skip_unchanged()
            .returning(Returning::Changed)
        },
        Request {
            missing: Missing::Rows,
            ..update(
                "telling of changes, filtered over a relation with many rows, a composite key: Copy shelf",
                all("Copy").filter(q("book__author__books__pages", 1)),
                ["shelf"],
            )
            .skip_unchanged()
            .returning(Returning::Changed)
        },
    ]
}
