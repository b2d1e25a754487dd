//! What is refused, with the kind of the error and the whole message: the same on every database.

use std::fmt::Write;
use std::sync::Arc;

use crate::library::{Calls, all, authors, books, exists, f, now, outer, plus, q, select, subquery, values};
use enmasse_core::dialect::{Dialect, Mysql};
use enmasse_core::encode::{
    Arrays, BatchColumn, BatchEncoder, BatchShape, Cells, CopyBinary, Duplicates, Encoder, LoadData, Stored,
};
use enmasse_core::plan::{self, Assignment, BulkUpdate};
use enmasse_core::query::Operand;
use enmasse_core::query::{Aggregate, Expr, FieldPath, Function};
use enmasse_core::query::{Distinct, Order, Q, Query};
use enmasse_core::{DataType, Error, ErrorKind, Result, Value, ValueRef};

/// A line for each request: what it is, and how it is refused.
#[derive(Default)]
struct Refusals(String);

impl Refusals {
    fn add<T>(&mut self, title: &str, request: impl Fn(&dyn Dialect) -> Result<T>) {
        self.add_run(title, |dialect| request(&**dialect));
    }

    fn add_run<T>(&mut self, title: &str, request: impl Fn(&Arc<dyn Dialect>) -> Result<T>) {
        let mut errors =
            crate::library::dialects().into_iter().map(|(name, dialect)| match request(&dialect) {
                Ok(_) => panic!("{title} is not refused on {name}"),
                Err(error) => format!("{:?}: {error}", error.kind()),
            });
        let error = errors.next().unwrap();
        errors.for_each(|other| assert_eq!(other, error, "{title} is refused alike everywhere"));
        writeln!(self.0, "{title}\n    {error}").unwrap();
    }

    fn update(&mut self, title: &str, query: Query, set: &[Assignment]) {
        self.add(title, |dialect| plan::update(dialect, &query, set, now()));
    }

    fn rows(&mut self, title: &str, query: Query) {
        self.add(title, |dialect| query.select_rows(dialect));
    }
}

fn set(field: &str, value: impl Into<Expr>) -> [Assignment; 1] {
    [Assignment::new(field, value)]
}

fn lower(of: Expr) -> Expr {
    Expr::Function(Function::Lower, vec![of])
}

fn count() -> Expr {
    Expr::Aggregate { function: Aggregate::Count, of: None, distinct: false }
}

fn when(condition: Q) -> Expr {
    Expr::Case { whens: vec![(condition, 1.into())], default: Some(Box::new(2.into())) }
}

fn distinct_on(mut query: Query) -> Query {
    query.distinct = Distinct::On(vec!["name".into()]);
    query
}

fn ordered_by(mut query: Query, by: Expr) -> Query {
    query.order_by = vec![Order { by, descending: false }];
    query
}

#[test]
fn updates_are_refused() {
    let mut refusals = Refusals::default();
    let five = || set("points", 5);

    refusals.update("Author[:5].update(points=5)", authors().slice(0, Some(5)), &five());
    refusals.update("Author[5:].update(points=5)", authors().slice(5, None), &five());
    refusals.update("Author.distinct('name').update(points=5)", distinct_on(authors()), &five());

    refusals.update("an unknown field: Author.update(pionts=5)", authors(), &set("pionts", 5));
    refusals.update("like none: Author.update(salary=5)", authors(), &set("salary", 5));
    refusals.update("no name: Author.update(**{'': 5})", authors(), &set("", 5));
    refusals.update(
        "a field of another table: Book.update(author__name=…)",
        books(),
        &set("author__name", "Ann"),
    );
    refusals.update("a transform: Author.update(born__year=1800)", authors(), &set("born__year", 1800));
    refusals.update("pk: Author.update(pk=5)", authors(), &set("pk", 5));
    refusals.update("many rows: Author.update(books=5)", authors(), &set("books", 5));
    refusals.update("one row, from its other end: Author.update(profile=5)", authors(), &set("profile", 5));
    let twice = [Assignment::new("boss", 5), Assignment::new("boss_id", 6)];
    refusals.update("one field by two names: Author.update(boss=5, boss_id=6)", authors(), &twice);

    let joined = || f("author__name");
    refusals.update("a joined field: Book.update(title=F('author__name'))", books(), &set("title", joined()));
    refusals.update(
        "in a function: Book.update(title=Lower('author__name'))",
        books(),
        &set("title", lower(joined())),
    );
    refusals.update(
        "in a condition: Book.update(pages=Case(When(author__name=…, then=1), default=2))",
        books(),
        &set("pages", when(q("author__name", "Ann"))),
    );
    refusals.update(
        "excluded in a condition: Author.update(points=Case(When(~Q(books__pages=…), then=1), default=2))",
        authors(),
        &set("points", when(!q("books__pages", 1))),
    );
    refusals.update(
        "in an annotation: Book.annotate(who=F('author__name')).update(title=F('who'))",
        books().annotate("who", joined()),
        &set("title", f("who")),
    );
    refusals.update(
        "from a subquery: Book.update(pages=Subquery(Tag.filter(name=OuterRef('author__name')).values('uses')))",
        books(),
        &set("pages", subquery(all("Tag").filter(q("name", outer("author__name"))), f("uses"))),
    );
    refusals.update("an unknown field in a value", authors(), &set("points", plus(f("pionts"), 1)));

    refusals.update("an aggregate: Author.update(points=Count('*'))", authors(), &set("points", count()));
    refusals.update(
        "in an expression: Author.update(points=Count('*') + 1)",
        authors(),
        &set("points", plus(count(), 1)),
    );
    refusals.update(
        "in an annotation: Author.annotate(n=Count('*')).update(points=F('n'))",
        authors().annotate("n", count()),
        &set("points", f("n")),
    );
    refusals.update(
        "in a filter: Author.annotate(n=Count('*')).filter(n=1).update(points=5)",
        authors().annotate("n", count()).filter(q("n", 1)),
        &five(),
    );
    refusals.update("Author.order_by(Count('*')).update(points=5)", ordered_by(authors(), count()), &five());
    refusals.update(
        "Author.order_by(Count('*') + 1).update(points=5)",
        ordered_by(authors(), plus(count(), 1)),
        &five(),
    );
    refusals.update(
        "Author.annotate(n=Count('*')).order_by('n').update(points=5)",
        authors().annotate("n", count()).order_by(["n"]),
        &five(),
    );
    refusals.update(
        "an unknown order: Author.order_by('pionts').update(points=5)",
        authors().order_by(["pionts"]),
        &five(),
    );
    refusals.update(
        "OuterRef with nothing around: Author.update(points=OuterRef('pk'))",
        authors(),
        &set("points", outer("pk")),
    );

    refusals.update("not a number: Author.update(points='abc')", authors(), &set("points", "abc"));
    refusals.update("a fraction: Author.update(points=1.5)", authors(), &set("points", 1.5));
    refusals.update("out of range: Author.update(points=2**31)", authors(), &set("points", 1_i64 << 31));
    refusals.update("too long: Author.update(country='FRA')", authors(), &set("country", "FRA"));
    refusals.update("not a key: Author.update(boss='abc')", authors(), &set("boss", "abc"));
    refusals.update("NULL: Author.update(points=None)", authors(), &set("points", Value::Null));
    let price = rust_decimal::Decimal::new(12_345, 3);
    refusals.update("too many digits: Book.update(price=12.345)", books(), &set("price", price));
    insta::assert_snapshot!("update", refusals.0);
}

#[test]
fn deletes_are_refused() {
    let mut refusals = Refusals::default();
    let cases = [
        ("Author[:5].delete()", authors().slice(0, Some(5))),
        ("Author.distinct('name').delete()", distinct_on(authors())),
        ("Author.filter(pionts=5).delete()", authors().filter(q("pionts", 5))),
    ];
    for (title, query) in cases {
        refusals.add(title, |dialect| plan::delete(dialect, &query));
    }
    insta::assert_snapshot!("delete", refusals.0);
}

/// What is asked of a bulk update.
#[derive(Clone)]
struct Bulk {
    query: Query,
    fields: Vec<&'static str>,
    set: Vec<Assignment>,
    matching_on: Vec<&'static str>,
    batch_size: Option<usize>,
}

impl Bulk {
    fn new<const N: usize>(query: Query, fields: [&'static str; N]) -> Self {
        Bulk { query, fields: fields.into(), set: Vec::new(), matching_on: Vec::new(), batch_size: None }
    }

    fn set(mut self, field: &str, value: impl Into<Expr>) -> Self {
        self.set.push(Assignment::new(field, value));
        self
    }

    fn matching_on<const N: usize>(mut self, fields: [&'static str; N]) -> Self {
        self.matching_on = fields.into();
        self
    }

    fn plan(&self, dialect: &dyn Dialect) -> Result<plan::Plan> {
        let paths = |names: &[&str]| names.iter().map(FieldPath::from).collect::<Vec<_>>();
        let fields = paths(&self.fields);
        let request = BulkUpdate {
            set: &self.set,
            matching_on: &paths(&self.matching_on),
            batch_size: self.batch_size,
            ..BulkUpdate::new(&self.query, &fields, now())
        };
        plan::bulk_update(dialect, &request)
    }
}

fn new(name: &str) -> Expr {
    Expr::New(name.into())
}

/// Each request here is wrong in all the ways that come after, too: the first in Django's order is told. The last is right.
#[test]
fn bulk_updates_are_refused_in_order() {
    let mut refusals = Refusals::default();
    let mut bulk = Bulk::new(authors().slice(0, Some(5)), []);
    bulk.batch_size = Some(0);
    let mut step = |title: &str, bulk: &Bulk| refusals.add(title, |dialect| bulk.plan(dialect));

    step("the batch size is 0", &bulk);
    bulk.batch_size = Some(10);
    step("no field", &bulk);
    bulk.fields = vec!["id", "books", "pionts"];
    bulk.matching_on = vec!["nmae"];
    step("a field to match on is not there", &bulk);
    bulk.matching_on = vec!["books"];
    step("a field to match on is not concrete", &bulk);
    bulk.matching_on = vec!["name", "points"];
    step("fields to match on are not unique", &bulk);
    bulk.matching_on = vec![];
    step("a field is not there", &bulk);
    bulk.fields[2] = "points";
    step("a field is not concrete", &bulk);
    bulk.fields[1] = "rank";
    step("a field is part of the key", &bulk);
    bulk.fields.remove(0);
    step("the query is a slice", &bulk);
    bulk.query = authors();
    for (_, dialect) in crate::library::dialects() {
        assert!(!bulk.plan(&*dialect).unwrap().is_empty());
    }

    for field in ["pk", "author__name", "profile", "id"] {
        step(field, &Bulk::new(authors(), [field]));
    }
    step("distinct on", &Bulk::new(distinct_on(authors()), ["points"]));
    step("a part of a composite key", &Bulk::new(all("Copy"), ["number"]));
    insta::assert_snapshot!("bulk_update", refusals.0);
}

#[test]
fn rows_are_matched_on_unique_fields_only() {
    let mut refusals = Refusals::default();
    let cases = [
        ("a field that is not unique", Bulk::new(authors(), ["points"]).matching_on(["name"])),
        ("a part of what is unique together", Bulk::new(all("Chapter"), ["title"]).matching_on(["number"])),
        ("a part of a composite key", Bulk::new(all("Copy"), ["shelf"]).matching_on(["book"])),
        ("a field that is written too", Bulk::new(all("Country"), ["code"]).matching_on(["code"])),
        (
            "a field that is set too",
            Bulk::new(all("Country"), ["name"]).matching_on(["code"]).set("code", new("name")),
        ),
        ("a field of another table", Bulk::new(books(), ["pages"]).matching_on(["author__name"])),
        ("the key is written", Bulk::new(all("Country"), ["id"]).matching_on(["code"])),
    ];
    for (title, bulk) in cases {
        refusals.add(title, |dialect| bulk.plan(dialect));
    }
    insta::assert_snapshot!("bulk_update_matching_on", refusals.0);

    // more than is needed will do, and a foreign key by its column
    let fine = [
        Bulk::new(all("Country"), ["name"]).matching_on(["code", "code"]),
        Bulk::new(all("Country"), []).matching_on(["id", "name"]).set("code", new("code")),
        Bulk::new(all("Chapter"), ["title"]).matching_on(["number", "book_id"]),
        Bulk::new(all("Profile"), ["motto"]).matching_on(["author"]),
    ];
    for (_, dialect) in crate::library::dialects() {
        fine.iter().for_each(|bulk| assert!(!bulk.plan(&*dialect).unwrap().is_empty()));
    }
}

#[test]
fn expressions_over_new_values_are_refused_where_there_are_none() {
    let mut refusals = Refusals::default();
    let points = || Bulk::new(authors(), ["points"]);
    let sum = || plus(f("points"), new("points"));
    let cases = [
        ("set twice", points().set("points", sum()).set("points", 5)),
        ("set twice by two names", points().set("boss", 5).set("boss_id", 6)),
        ("an unknown field", points().set("pionts", 5)),
        ("part of the key", points().set("id", new("points"))),
        ("an unknown new value", points().set("points", plus(f("points"), new("pionts")))),
        ("the new value of another table's field", {
            let path = FieldPath::new(["boss", "points"]);
            points().set("points", Expr::New(path))
        }),
        ("the new value of a relation to many rows", points().set("points", new("books"))),
        ("an unknown stored value", points().set("points", plus(f("pionts"), 1))),
        ("a joined field", points().set("points", f("boss__points"))),
        ("an aggregate", points().set("points", count())),
        ("a value that does not fit", points().set("points", "abc")),
        ("NULL", points().set("points", Value::Null)),
    ];
    for (title, bulk) in cases {
        refusals.add(title, |dialect| bulk.plan(dialect));
    }
    refusals.update(
        "in an update: Author.update(points=new.points)",
        authors(),
        &set("points", new("points")),
    );
    refusals
        .rows("in a filter: Author.filter(points=new.points)", authors().filter(q("points", new("points"))));
    let with_new = |name| authors().filter(q("points", new(name)));
    let filtered = Bulk::new(with_new("points"), ["points"]);
    refusals.add("in the filter of a bulk update", |dialect| filtered.plan(dialect));
    let not_carried = points().set("points", subquery(with_new("rank"), f("points")));
    refusals.add("in a query inside, and not carried", |dialect| not_carried.plan(dialect));
    insta::assert_snapshot!("bulk_update_set", refusals.0);
}

/// Rows are refused as they are encoded, in the same way whatever they are encoded for.
#[test]
fn rows_are_refused() {
    let model = crate::library::model("Author");
    let columns: Vec<_> =
        ["id", "nick", "points"].map(|name| BatchColumn::of(&model, model.find(name).unwrap())).into();
    let types: Vec<_> = columns.iter().map(|column| column.data_type.clone()).collect();
    let encoders = || -> Vec<Box<dyn Encoder>> {
        let mysql: Arc<dyn Dialect> = Arc::new(Mysql::default());
        vec![
            Box::new(CopyBinary::new(types.clone())),
            Box::new(Arrays::new(types.clone())),
            Box::new(LoadData::new(mysql.clone(), types.clone())),
            Box::new(Cells::new(types.clone(), true)),
            Box::new(Stored::new(mysql, types.clone())),
        ]
    };
    let added = |kind: Duplicates, rows: &[[Value; 3]]| {
        let mut found = encoders().into_iter().map(|encoder| {
            let shape = BatchShape {
                columns: columns.clone(),
                positions: vec![0, 1, 2],
                masks: 0,
                key: 1,
                duplicates: kind,
            };
            let mut batch = BatchEncoder::new(Arc::new(shape), encoder, usize::MAX);
            let rows: Result<Vec<_>> =
                rows.iter().map(|row| batch.row(|column| Ok(ValueRef::from(&row[column])))).collect();
            match rows {
                Ok(rows) => format!("{rows:?}, twice {:?}", batch.twice()),
                Err(error) => format!("{:?}: {error}", error.kind()),
            }
        });
        let first = found.next().unwrap();
        found.for_each(|other| assert_eq!(other, first));
        first
    };
    let row = |id: Value, nick: Value, points: Value| [id, nick, points];
    let cases = [
        ("no key", Duplicates::Integers, vec![row(Value::Null, "A".into(), 1.into())]),
        ("not a key", Duplicates::Integers, vec![row("abc".into(), "A".into(), 1.into())]),
        ("not a number", Duplicates::Integers, vec![row(1.into(), "A".into(), "abc".into())]),
        ("out of range", Duplicates::Integers, vec![row(1.into(), "A".into(), (1_i64 << 31).into())]),
        ("too long", Duplicates::Integers, vec![row(1.into(), "x".repeat(21).into(), 1.into())]),
        ("NULL", Duplicates::Integers, vec![row(1.into(), Value::Null, Value::Null)]),
        ("the second", Duplicates::Integers, {
            vec![row(1.into(), "A".into(), 1.into()), row(2.into(), "A".into(), 1.5.into())]
        }),
        ("a key twice", Duplicates::Integers, {
            [7, 8, 7].map(|id| row(id.into(), "A".into(), 1.into())).into()
        }),
        ("a key twice, by hashes", Duplicates::Hashes, {
            [7, 8, 7].map(|id| row(id.into(), "A".into(), 1.into())).into()
        }),
    ];
    let mut lines = String::new();
    for (title, kind, rows) in cases {
        writeln!(lines, "{title}\n    {}", added(kind, &rows)).unwrap();
    }
    insta::assert_snapshot!("rows", lines);

    // the message for keys names the first few
    let keys = (1..13).map(|id: i32| vec![Value::from(id)]);
    let error = plan::duplicate_keys(&model, &model.key(), keys);
    assert_eq!(error.kind(), ErrorKind::DuplicateKey);
    insta::assert_snapshot!("twelve_keys_twice", error);
    let error = plan::unsaved(&model, &model.key(), 2);
    assert_eq!(error.kind(), ErrorKind::Unsaved);
    insta::assert_snapshot!("no_key", error);
}

#[test]
fn inserts_are_refused() {
    let mut refusals = Refusals::default();
    let tag = crate::library::model("Tag");
    refusals.add("the batch size is 0", |dialect| plan::insert(dialect, &tag, Some(1), false, Some(0)));
    let cases: [(&str, Vec<Value>); 2] =
        [("NULL", vec!["a".into(), Value::Null]), ("too long", vec!["x".repeat(31).into(), 1.into()])];
    for (title, row) in cases {
        refusals.add_run(title, |dialect| {
            let plan = plan::insert(&**dialect, &tag, Some(1), false, None)?;
            let (form, most) = plan.form().unwrap();
            let shape = plan.batch.as_ref().unwrap();
            form.encoder(dialect, shape, most).row(|column| Ok((&row[shape.positions[column]]).into()))
        });
    }
    insta::assert_snapshot!("insert", refusals.0);
}

#[test]
fn names_are_refused_with_the_nearest() {
    let mut refusals = Refusals::default();
    let cases = [
        ("Author.filter(nmae=…)", authors().filter(q("nmae", "Ann"))),
        ("Author.filter(salary=…)", authors().filter(q("salary", 5))),
        ("a lookup alone: Author.filter(exact=…)", authors().filter(q("exact", 5))),
        ("no name: Author.filter(**{'': 5})", authors().filter(q("", 5))),
        (
            "a lookup that there is not: Author.filter(name__strtswith=…)",
            authors().filter(q("name__strtswith", "A")),
        ),
        (
            "a transform that there is not: Author.filter(born__yaer=…)",
            authors().filter(q("born__yaer", 1800)),
        ),
        ("before a lookup: Author.filter(born__yaer__gt=…)", authors().filter(q("born__yaer__gt", 1800))),
        (
            "a transform of something else: Author.filter(name__year=…)",
            authors().filter(q("name__year", 1800)),
        ),
        ("an hour of a date: Author.filter(born__hour=…)", authors().filter(q("born__hour", 1))),
        (
            "a lookup of something else: Author.filter(points__has_key=…)",
            authors().filter(q("points__has_key", "a")),
        ),
        (
            "after a lookup: Author.filter(name__exact__lower=…)",
            authors().filter(q("name__exact__lower", "a")),
        ),
        ("nothing at the end: Author.filter(name__=…)", authors().filter(q("name__", "a"))),
        ("over a relation: Book.filter(author__nmae=…)", books().filter(q("author__nmae", "Ann"))),
        (
            "with a lookup: Book.filter(author__nmae__in=…)",
            books().filter(q("author__nmae__in", values(["Ann"]))),
        ),
        ("backward: Author.filter(books__titel=…)", authors().filter(q("books__titel", "Emma"))),
        ("excluded: Author.exclude(books__titel=…)", authors().exclude(q("books__titel", "Emma"))),
        ("a relation: Author.filter(book__title=…)", authors().filter(q("book__title", "Emma"))),
        (
            "a field that is no relation: Author.filter(name__title=…)",
            authors().filter(q("name__title", "Emma")),
        ),
        ("an annotation: Author.annotate(total=…).filter(totl=…)", {
            authors().annotate("total", plus(f("points"), 1)).filter(q("totl", 5))
        }),
        ("an annotation of itself: Author.annotate(total=F('total') + 1).filter(total=…)", {
            authors().annotate("total", plus(f("total"), 1)).filter(q("total", 5))
        }),
        ("an annotation of a later one: Author.annotate(a=F('b')).annotate(b=F('points')).filter(a=…)", {
            authors().annotate("a", f("b")).annotate("b", f("points")).filter(q("a", 5))
        }),
        ("an order: Author.order_by('nmae')", authors().order_by(["nmae"])),
        ("F: Author.filter(points=F('rnak'))", authors().filter(q("points", f("rnak")))),
        ("OuterRef: Author.filter(Exists(Book.filter(pages=OuterRef('pionts'))))", {
            authors().filter(exists(books().filter(q("pages", outer("pionts")))))
        }),
        ("a field of the other table in a negated comparison: Author.exclude(books__title=F('title'))", {
            authors().exclude(q("books__title", f("title")))
        }),
        (
            "a path of no names",
            authors().filter(Q::compare(
                Expr::Field(FieldPath::new(Vec::<String>::new())),
                enmasse_core::query::Lookup::Exact,
                5,
            )),
        ),
    ];
    for (title, query) in cases {
        refusals.rows(title, query);
    }
    insta::assert_snapshot!("names", refusals.0);
}

#[test]
fn conditions_are_refused() {
    let mut refusals = Refusals::default();
    let in_query =
        |name: &str, query: Query, output: Vec<Expr>| q(name, Operand::Query(select(query, output)));
    let cases = [
        ("not a number: Author.filter(points='abc')", authors().filter(q("points", "abc"))),
        ("in a list: Author.filter(points__in=[1, 'abc'])", {
            authors().filter(q("points__in", Operand::Many(vec![1.into(), "abc".into()])))
        }),
        ("over a relation: Book.filter(author__points='abc')", books().filter(q("author__points", "abc"))),
        ("Author.filter(points__isnull=1)", authors().filter(q("points__isnull", 1))),
        ("Author.filter(books__isnull='no')", authors().filter(q("books__isnull", "no"))),
        ("Author.exclude(books__isnull='no')", authors().exclude(q("books__isnull", "no"))),
        (
            "Author.filter(points__isnull=F('is_active'))",
            authors().filter(q("points__isnull", f("is_active"))),
        ),
        ("Author.filter(points__gt=None)", authors().filter(q("points__gt", Value::Null))),
        ("Author.filter(points__in=5)", authors().filter(q("points__in", 5))),
        ("Author.filter(points__range=[1])", authors().filter(q("points__range", values([1])))),
        ("Author.filter(points__range=[1, 2, 3])", authors().filter(q("points__range", values([1, 2, 3])))),
        (
            "a number as a condition: Author.filter(F('points'))",
            authors().filter(Q::Expr(Box::new(f("points")))),
        ),
        ("a value as a condition: Author.filter(Value(5))", authors().filter(Q::Expr(Box::new(5.into())))),
        ("pk of a composite key: Copy.filter(pk=5)", all("Copy").filter(q("pk", 5))),
        ("a relation to a composite key: Book.filter(copies=5)", books().filter(q("copies", 5))),
        ("the same, excluded: Book.exclude(copies=5)", books().exclude(q("copies", 5))),
        ("a query of a composite key: Book.filter(pk__in=Copy.all())", {
            books().filter(in_query("pk__in", all("Copy"), vec![]))
        }),
        ("a query of two values: Author.filter(pk__in=Book.values('author', 'pages'))", {
            authors().filter(in_query("pk__in", books(), vec![f("author"), f("pages")]))
        }),
        ("an aggregate: Author.filter(points=Count('*'))", authors().filter(q("points", count()))),
        ("an aggregate of a slice: Author.filter(points=Subquery(Book[:3] … Count('*')))", {
            authors().filter(q("points", subquery(books().slice(0, Some(3)), count())))
        }),
        ("an aggregate in a subquery's filter", {
            authors().filter(exists(books().filter(q("pages", count()))))
        }),
        ("OuterRef with nothing around: Author.filter(points=OuterRef('pk'))", {
            authors().filter(q("points", outer("pk")))
        }),
        ("the same, excluded: Author.exclude(books__pages=OuterRef('pk'))", {
            authors().exclude(q("books__pages", outer("pk")))
        }),
        ("RawSQL with a part too many", {
            let raw = Expr::Raw { sql: "points".into(), parts: vec![5.into()], data_type: DataType::Integer };
            authors().filter(q("points", raw))
        }),
        (
            "a model that could not be had",
            Query::broken(Error::new(ErrorKind::Configuration, "There is no model 'X'.")),
        ),
        ("the same in a subquery", {
            authors()
                .filter(exists(Query::broken(Error::new(ErrorKind::Configuration, "There is no model 'X'."))))
        }),
    ];
    for (title, query) in cases {
        refusals.rows(title, query);
    }
    refusals.add("a value of no known type: Author.values(None)", |dialect| {
        authors().select_values(dialect, &[Value::Null.into()])
    });
    let broken = Query::broken(Error::new(ErrorKind::Configuration, "There is no model 'X'."));
    refusals.update("an update of a model that could not be had", broken.clone(), &set("points", 5));
    let bulk = Bulk::new(broken, ["points"]);
    refusals.add("a bulk update of it", |dialect| bulk.plan(dialect));
    insta::assert_snapshot!("conditions", refusals.0);
}
