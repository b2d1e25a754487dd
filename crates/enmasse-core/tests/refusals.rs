//! What is refused, with the kind of the error and the whole message: the same on every database.

mod library;

use std::fmt::Write;

use enmasse_core::dialect::Dialect;
use enmasse_core::expr::{Aggregate, Expr, FieldPath, Function};
use enmasse_core::lookup::Operand;
use enmasse_core::plan::{self, Assignment, BulkUpdate};
use enmasse_core::query::{Distinct, Order, Q, Query};
use enmasse_core::{DataType, Error, ErrorKind, Result, Value};
use library::{Calls, all, authors, books, exists, f, now, outer, plus, q, select, subquery, values};

/// A line for each request: what it is, and how it is refused.
#[derive(Default)]
struct Refusals(String);

impl Refusals {
    fn add<T>(&mut self, title: &str, request: impl Fn(&dyn Dialect) -> Result<T>) {
        let mut errors = library::dialects().into_iter().map(|(name, dialect)| match request(&*dialect) {
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

/// Objects are `(id, value)` here, and the value is that of every field.
#[derive(Clone)]
struct Bulk {
    query: Query,
    fields: Vec<&'static str>,
    objects: Vec<(Value, Value)>,
    batch_size: Option<usize>,
}

impl Bulk {
    fn plan(&self, dialect: &dyn Dialect) -> Result<plan::Plan> {
        let fields: Vec<FieldPath> = self.fields.iter().map(FieldPath::from).collect();
        let Bulk { query, batch_size, .. } = self;
        let request = BulkUpdate { query, fields: &fields, batch_size: *batch_size, now: now() };
        let key = query.model.key();
        plan::bulk_update(dialect, &request, &self.objects, |(id, value), field| {
            if key.contains(&field) { id.clone() } else { value.clone() }
        })
    }
}

/// Each request here is wrong in all the ways that come after, too: the first in Django's order is told. The last is right.
#[test]
fn bulk_updates_are_refused_in_order() {
    let mut refusals = Refusals::default();
    let mut bulk = Bulk {
        query: authors().slice(0, Some(5)),
        fields: vec![],
        objects: vec![(1.into(), "abc".into()), (Value::Null, 5.into()), (1.into(), 5.into())],
        batch_size: Some(0),
    };
    let mut step = |title: &str, bulk: &Bulk| refusals.add(title, |dialect| bulk.plan(dialect));

    step("the batch size is 0", &bulk);
    bulk.batch_size = Some(10);
    step("no field", &bulk);
    bulk.fields = vec!["id", "books", "pionts"];
    step("an object has no key", &bulk);
    bulk.objects[1].0 = 2.into();
    step("a field is not there", &bulk);
    bulk.fields[2] = "points";
    step("a field is not concrete", &bulk);
    bulk.fields[1] = "rank";
    step("a field is part of the key", &bulk);
    bulk.fields.remove(0);
    step("the query is a slice", &bulk);
    bulk.query = authors();
    step("a value does not fit", &bulk);
    bulk.objects[0].1 = 7.into();
    step("two objects have one key", &bulk);

    let objects = bulk.objects.clone();
    bulk.objects.clear();
    bulk.batch_size = Some(0);
    step("also with no objects: the batch size is 0", &bulk);
    bulk.batch_size = None;
    for field in ["pk", "author__name", "profile", "id"] {
        bulk.fields = vec![field];
        step(&format!("also with no objects: {field}"), &bulk);
    }
    let fields = vec!["points"];
    step(
        "also with no objects: distinct on",
        &Bulk { query: distinct_on(authors()), fields, ..bulk.clone() },
    );
    let shelf = Bulk { query: all("Copy"), fields: vec!["number"], ..bulk.clone() };
    step("also with no objects: a part of a composite key", &shelf);

    bulk.fields = vec!["points"];
    bulk.objects = (1..=12).flat_map(|id| [(id.into(), 1.into()), (id.into(), 2.into())]).collect();
    step("twelve keys twice", &bulk);
    insta::assert_snapshot!("bulk_update", refusals.0);

    bulk.objects = objects[..2].to_vec();
    for (_, dialect) in library::dialects() {
        assert!(!bulk.plan(&*dialect).unwrap().is_empty());
    }
}

#[test]
fn inserts_are_refused() {
    let mut refusals = Refusals::default();
    let tag = library::model("Tag");
    let cases: [(&str, Vec<Value>, Option<usize>); 5] = [
        ("the batch size is 0", vec!["a".into(), 1.into()], Some(0)),
        ("a value is missing", vec!["a".into()], None),
        ("a value too many", vec!["a".into(), 1.into(), 2.into()], None),
        ("NULL", vec!["a".into(), Value::Null], None),
        ("too long", vec!["x".repeat(31).into(), 1.into()], None),
    ];
    for (title, row, size) in cases {
        refusals.add(title, |dialect| plan::insert(dialect, &tag, vec![row.clone()], false, size));
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
                enmasse_core::lookup::Lookup::Exact,
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
    let bulk = Bulk { query: broken, fields: vec!["points"], objects: vec![], batch_size: None };
    refusals.add("a bulk update of it", |dialect| bulk.plan(dialect));
    insta::assert_snapshot!("conditions", refusals.0);
}
