//! What updates, deletes and inserts become on each database; bulk updates are in `bulk_updates`.

use std::fmt::Write;
use std::sync::Arc;

use crate::library::{
    Calls, Sheet, all, authors, books, exists, f, now, outer, plus, q, select, subquery, values,
};
use enmasse_core::dialect::{Capability, Dialect, Driver, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::encode::Chunk;
use enmasse_core::plan::{self, Assignment, BulkUpdate, Call, Form, Plan, Returning, Step};
use enmasse_core::query::Operand;
use enmasse_core::query::{Distinct, Order, Q, Query};
use enmasse_core::query::{Expr, FieldPath, Function, Operator};
use enmasse_core::schema::{Auto, Field, Model, Schema};
use enmasse_core::{DataType, ErrorKind, Value, ValueRef};

fn set<const N: usize>(fields: [(&str, Expr); N]) -> Vec<Assignment> {
    fields.into_iter().map(|(field, value)| Assignment::new(field, value)).collect()
}

fn updates<const N: usize>(cases: [(&str, Query, Vec<Assignment>); N]) -> Sheet {
    let mut sheet = Sheet::default();
    for (title, query, set) in &cases {
        sheet.add(title, |dialect| Ok(plan::update(dialect, query, set, now())?.to_string()));
    }
    sheet
}

fn no_books() -> Q {
    q("books__isnull", true)
}

#[test]
fn an_update_is_one_statement() {
    let five = || set([("points", 5.into())]);
    let sheet = updates([
        ("Author.update(points=5)", authors(), five()),
        ("Author.filter(name=…).update(points=5)", authors().filter(q("name", "Ann")), five()),
        ("Author.update(points=F('points') + 1)", authors(), set([("points", plus(f("points"), 1))])),
        ("Author.update(nick=None)", authors(), set([("nick", Value::Null.into())])),
        ("a foreign key: Author.update(boss=7)", authors(), set([("boss", 7.into())])),
        ("by its column: Author.update(boss_id=7)", authors(), set([("boss_id", 7.into())])),
        ("from another: Book.filter(…).update(editor=F('author'))", books().filter(q("pages", 1)), {
            set([("editor", f("author")), ("updated_at", now().into())])
        }),
        ("by to_field: Author.update(country='FR')", authors(), set([("country", "FR".into())])),
        ("auto_now: Book.update(pages=…)", books(), set([("pages", 1.into())])),
        ("auto_now that is given: Book.update(updated_at=F('updated_at'))", books(), {
            set([("updated_at", f("updated_at"))])
        }),
        ("generated, left out: Book.update(double_pages=1, title=…)", books(), {
            set([("double_pages", 1.into()), ("title", "Emma".into())])
        }),
        ("generated alone: Book.update(double_pages=1)", books(), set([("double_pages", 1.into())])),
        ("nothing: Author.update()", authors(), set([])),
        (
            "no rows: Author.filter(pk__in=[]).update(points=5)",
            { authors().filter(q("pk__in", Vec::<i64>::new())) },
            five(),
        ),
        (
            "no rows: Author.none().update(points=5)",
            {
                let mut none = authors();
                none.none = true;
                none
            },
            five(),
        ),
        (
            "a table in a schema: Item.filter(stock=0).update(stock=F('stock') + 1)",
            { all("Item").filter(q("stock", 0)) },
            set([("stock", plus(f("stock"), 1))]),
        ),
        (
            "plain distinct is ignored: Author.distinct().update(points=5)",
            {
                let mut query = authors();
                query.distinct = Distinct::Rows;
                query
            },
            five(),
        ),
    ]);
    insta::assert_snapshot!("update", sheet.text());
}

#[test]
fn a_filter_may_join() {
    let five = || set([("points", 5.into())]);
    let sheet = updates([
        ("Book.filter(author__name=…).update(pages=…)", books().filter(q("author__name", "Ann")), {
            set([("pages", plus(f("pages"), 1))])
        }),
        (
            "many rows: Author.filter(books__pages__gt=…).update(points=5)",
            { authors().filter(q("books__pages__gt", 500)) },
            five(),
        ),
        (
            "no rows there: Author.filter(books__isnull=True).update(points=5)",
            authors().filter(no_books()),
            five(),
        ),
        (
            "to itself: Author.filter(boss__name=…).update(points=5)",
            { authors().filter(q("boss__name", "Ann")) },
            five(),
        ),
        (
            "excluded: Author.exclude(books__pages=…).update(points=5)",
            { authors().exclude(q("books__pages", 1)) },
            five(),
        ),
        (
            "excluded, to itself: Author.exclude(reports__points=…).update(points=5)",
            { authors().exclude(q("reports__points", 1)) },
            five(),
        ),
        (
            "a composite key: Copy.filter(book__title=…).update(shelf=…)",
            { all("Copy").filter(q("book__title", "Emma")) },
            set([("shelf", "A".into())]),
        ),
        (
            "a table in a schema: Item.filter(book__title=…).update(stock=0)",
            { all("Item").filter(q("book__title", "Emma")) },
            set([("stock", 0.into())]),
        ),
        (
            "a subquery on the table itself: Author.filter(pk__in=Author.filter(…)).update(points=5)",
            {
                let inner = select(authors().filter(q("name", "Ann")), []);
                authors().filter(q("pk__in", Operand::Query(inner)))
            },
            five(),
        ),
        (
            "exists: Author.filter(Exists(Book.filter(author=OuterRef('pk')))).update(points=5)",
            { authors().filter(exists(books().filter(q("author", outer("pk"))))) },
            five(),
        ),
        (
            "an annotation: Author.annotate(more=F('points') + 1).filter(more=…).update(points=F('more'))",
            { authors().annotate("more", plus(f("points"), 1)).filter(q("more", 5)) },
            set([("points", f("more"))]),
        ),
    ]);
    insta::assert_snapshot!("update_joined", sheet.text());
}

#[test]
fn values_may_be_expressions() {
    let title = || {
        subquery(books().filter(q("author", outer("pk"))).order_by(["-pages"]).slice(0, Some(1)), f("title"))
    };
    let sheet = updates([
        ("one after the other: Author.update(points=F('rank'), rank=F('points'))", authors(), {
            set([("points", f("rank")), ("rank", f("points"))])
        }),
        ("the same, of which nothing is read later: Author.update(points=F('rank'), rank=1)", authors(), {
            set([("points", f("rank")), ("rank", 1.into())])
        }),
        (
            "a generated column after what it is made of: Book.update(pages=1, words=F('double_pages'))",
            books(),
            { set([("pages", 1.into()), ("words", f("double_pages")), ("updated_at", now().into())]) },
        ),
        (
            "Case: Author.update(points=Case(When(rank__gt=…, then=F('points') + 1), When(nick=…, then=2), default=0))",
            { authors() },
            {
                let whens = vec![(q("rank__gt", 3), plus(f("points"), 1)), (q("nick", "A"), 2.into())];
                set([("points", Expr::Case { whens, default: Some(Box::new(0.into())) })])
            },
        ),
        (
            "a Case that is known beforehand: Author.update(points=Case(When(pk__in=[], then=1), default=2))",
            { authors() },
            {
                let whens = vec![(q("pk__in", Vec::<i64>::new()), 1.into())];
                set([("points", Expr::Case { whens, default: Some(Box::new(2.into())) })])
            },
        ),
        ("Author.update(nick=Lower(Coalesce('nick', 'name')))", authors(), {
            let named = Expr::Function(Function::Coalesce, vec![f("nick"), f("name")]);
            set([("nick", Expr::Function(Function::Lower, vec![named]))])
        }),
        (
            "a subquery: Author.filter(points__gt=…).update(nick=Subquery(Book.filter(author=OuterRef('pk')).order_by('-pages').values('title')[:1]), points=1)",
            { authors().filter(q("points__gt", 5)) },
            set([("nick", title()), ("points", 1.into())]),
        ),
        (
            "a subquery on the table itself: Author.update(points=Subquery(Author.filter(pk=OuterRef('boss')).values('points')))",
            { authors() },
            set([("points", subquery(authors().filter(q("pk", outer("boss"))), f("points")))]),
        ),
        (
            "an annotation: Author.annotate(best=Subquery(…)).update(nick=F('best'))",
            { authors().annotate("best", title()) },
            set([("nick", f("best"))]),
        ),
        ("a condition: Author.update(is_active=Q(points__gt=…))", authors(), {
            set([("is_active", Expr::Condition(Box::new(q("points__gt", 5))))])
        }),
        ("JSON: Book.update(data={…}, updated_at=…)", books(), {
            set([("data", serde_json::json!({"a": [1, null]}).into()), ("updated_at", now().into())])
        }),
        ("decimal: Book.update(price=F('price') * 2, updated_at=…)", books(), {
            let twice = f("price").binary(Operator::Multiply, 2);
            set([("price", twice), ("updated_at", now().into())])
        }),
        ("SQL: Author.update(points=RawSQL('points + {}', [5]))", authors(), {
            let parts = vec![5.into()];
            set([("points", Expr::Raw { sql: "points + {}".into(), parts, data_type: DataType::Integer })])
        }),
        (
            "parameters in their order: Author.filter(points=3, name__in=[4, 5]).update(points=F('points') + 1, nick=2)",
            { authors().filter(q("points", 3)).filter(q("name__in", values(["4", "5"]))) },
            set([("points", plus(f("points"), 1)), ("nick", "2".into())]),
        ),
        (
            "and with a join: Author.filter(books__pages=3, boss__points=4).update(points=F('points') + 1, nick=2)",
            { authors().filter(q("books__pages", 3) & q("boss__points", 4)) },
            set([("points", plus(f("points"), 1)), ("nick", "2".into())]),
        ),
    ]);
    insta::assert_snapshot!("update_values", sheet.text());
}

#[test]
fn an_order_matters_on_mariadb() {
    let five = || set([("points", 5.into())]);
    let sheet = updates([
        ("Author.order_by('-points').update(points=F('points') + 1)", authors().order_by(["-points"]), {
            set([("points", plus(f("points"), 1))])
        }),
        (
            "with a filter: Author.filter(name=…).order_by('pk').update(points=5)",
            { authors().filter(q("name", "Ann")).order_by(["pk"]) },
            five(),
        ),
        (
            "with a join: Author.filter(boss__name=…).order_by('-rank').update(points=5)",
            { authors().filter(q("boss__name", "Ann")).order_by(["-rank"]) },
            five(),
        ),
        (
            "over a relation: Author.order_by('boss__name').update(points=5)",
            { authors().order_by(["boss__name"]) },
            five(),
        ),
        (
            "over many rows: Author.order_by('books__title').update(points=5)",
            { authors().order_by(["books__title"]) },
            five(),
        ),
        (
            "by a subquery on the table itself",
            {
                let mut query = authors();
                let by = subquery(authors().filter(q("pk", outer("boss"))), f("points"));
                query.order_by = vec![Order { by, descending: false }];
                query
            },
            five(),
        ),
    ]);
    insta::assert_snapshot!("update_ordered", sheet.text());

    let in_order = |mut query: Query| {
        query.lock_in_order = true;
        query
    };
    let sheet = updates([
        ("Author.lock_in_order().update(points=5)", in_order(authors()), five()),
        (
            "with a join to many rows: Author.filter(books__pages=…).lock_in_order().update(points=5)",
            in_order(authors().filter(q("books__pages", 1))),
            five(),
        ),
        (
            "a unique field: Country.filter(name=…).lock_in_order().update(code='FR')",
            in_order(all("Country").filter(q("name", "France"))),
            set([("code", "FR".into())]),
        ),
        ("a composite key: Copy.lock_in_order().update(shelf='A')", in_order(all("Copy")), {
            set([("shelf", "A".into())])
        }),
    ]);
    insta::assert_snapshot!("update_locked", sheet.text());
}

#[test]
fn a_delete_is_one_statement() {
    let in_authors = select(authors().filter(q("name", "Ann")), []);
    let cases = [
        ("Author.delete()", authors()),
        ("Author.filter(name=…).delete()", authors().filter(q("name", "Ann"))),
        ("Author.filter(pk__in=[]).delete()", authors().filter(q("pk__in", Vec::<i64>::new()))),
        ("Book.filter(author__name=…).delete()", books().filter(q("author__name", "Ann"))),
        ("Author.filter(books__isnull=True).delete()", authors().filter(no_books())),
        ("Author.filter(books__pages__gt=…).delete()", authors().filter(q("books__pages__gt", 500))),
        ("Author.filter(boss__name=…).delete()", authors().filter(q("boss__name", "Ann"))),
        ("Author.exclude(reports__points=…).delete()", authors().exclude(q("reports__points", 1))),
        (
            "Author.filter(pk__in=Author.filter(…)).delete()",
            authors().filter(q("pk__in", Operand::Query(in_authors))),
        ),
        ("Copy.filter(book__title=…).delete()", all("Copy").filter(q("book__title", "Emma"))),
        ("Item.filter(stock=0).delete()", all("Item").filter(q("stock", 0))),
        ("Item.filter(book__title=…).delete()", all("Item").filter(q("book__title", "Emma"))),
    ];
    let mut sheet = Sheet::default();
    for (title, query) in &cases {
        sheet.add(title, |dialect| Ok(plan::delete(dialect, query)?.to_string()));
    }
    insta::assert_snapshot!("delete", sheet.text());
}

/// The plan's step with every statement for these rows, as they are run.
fn run(dialect: &Arc<dyn Dialect>, plan: Plan, rows: &[Vec<Value>]) -> String {
    let (Some(shape), Some((form, most))) = (&plan.batch, plan.form()) else { return "nothing".to_owned() };
    let mut encoder = form.encoder(dialect, shape, most);
    let mut chunks = Vec::new();
    for row in rows {
        encoder.row(|column| Ok((&row[shape.positions[column]]).into())).unwrap();
        if encoder.is_full() {
            chunks.push(encoder.take().0);
        }
    }
    chunks.push(encoder.finish_rows().0);
    let mut lines = Vec::new();
    match &plan.steps[..] {
        [Step::EachChunk(each)] => {
            for chunk in chunks {
                if matches!(&chunk, Chunk::Rows(rows) if rows.is_empty()) {
                    continue;
                }
                let Call::Once(one) = each.make.call(chunk) else { panic!("one statement") };
                lines.push(format!("insert    {}", one.to_string().replace("\n-- params: ", "  -- ")));
            }
            lines.push(format!("          {:?}", each.gives));
        }
        [Step::EachRow(each)] => {
            lines.push(format!("each      {}", each.write.sql));
            lines.push(format!("          returns {:?}", each.returned));
        }
        other => panic!("no step of an insert: {other:?}"),
    }
    lines.join("\n")
}

fn row<const N: usize>(values: [Value; N]) -> Vec<Value> {
    values.into()
}

#[test]
fn an_insert_gives_back_what_the_database_made() {
    let emma = |id: Value| {
        let price = rust_decimal::Decimal::new(1250, 2);
        let rest = [7.into(), Value::Null, Value::Null, now().into()];
        [id, "Emma".into(), 400.into(), Value::Null, price.into(), Value::Null]
            .into_iter()
            .chain(rest)
            .collect()
    };
    let tag = |name: &str| row([name.into(), 1.into()]);
    let marks = vec![row([Value::Null]), row([Value::Null])];
    type Case<'a> = (&'a str, &'a str, Vec<Vec<Value>>, bool, Option<usize>);
    let cases: Vec<Case<'_>> = vec![
        ("without a key", "Book", vec![emma(Value::Null)], true, None),
        ("with a key", "Book", vec![emma(5.into())], false, None),
        ("several", "Tag", vec![tag("b"), tag("a"), tag("c")], false, None),
        ("two at a time", "Tag", vec![tag("b"), tag("a"), tag("c")], false, Some(2)),
        ("nothing but a key that the database gives", "Mark", marks, true, None),
        ("no rows", "Tag", vec![], false, None),
    ];
    let mut sheet = Sheet::default();
    for (title, name, rows, keyless, size) in &cases {
        let model = crate::library::model(name);
        sheet.add_run(&format!("{title}: {name}"), |dialect| {
            let plan = plan::insert(&**dialect, &model, Some(rows.len() as u64), *keyless, *size)?;
            Ok(run(dialect, plan, rows))
        });
    }
    insta::assert_snapshot!("insert", sheet.text());
}

/// A table and a column of each name, and one of the other's rows, over a foreign key to itself.
fn odd(table: &str, column: &str) -> Query {
    let model = Model::new("Odd", table)
        .add(Field::new("id", DataType::BigInt).primary_key())
        .add(Field::new("value", DataType::Integer).column(column))
        .add(Field::new("parent", DataType::BigInt).foreign_key("Odd").null())
        .add(Field::new("at", DataType::DateTime).auto(Auto::OnWrite));
    Query::new(Schema::new(vec![model]).unwrap().model("Odd").unwrap())
}

/// The names that statements give themselves, and names that need quotes, are names of tables and columns all the same.
#[test]
fn names_do_not_collide() {
    let mut sheet = Sheet::default();
    let names = [
        "t1",
        "T1",
        "b",
        "taken",
        "enmasse_batch",
        "enmasse_passed",
        "o",
        "written",
        "locked",
        "k0",
        "a \"b\" `c`",
        "s.ünï{}",
        "matched",
    ];
    for name in names {
        let column = if name == "s.ünï{}" { "{} v0" } else { name };
        let by_parent = odd(name, column).filter(q("parent__value", 1));
        sheet.add(&format!("{name}: update"), |dialect| {
            let set = set([("value", plus(f("value"), 1)), ("at", now().into())]);
            Ok(plan::update(dialect, &by_parent, &set, now())?.to_string())
        });
        let fields = ["value".into()];
        for (how, rows) in [("of many", None), ("of few", Some(3))] {
            sheet.add(&format!("{name}: bulk_update {how}"), |dialect| {
                let request = BulkUpdate { rows, ..BulkUpdate::new(&by_parent, &fields, now()) };
                Ok(plan::bulk_update(dialect, &request)?.to_string())
            });
        }
        let by_key = odd(name, column);
        sheet.add(&format!("{name}: bulk_update, returning"), |dialect| {
            let request = BulkUpdate {
                skip_unchanged: true,
                returning: Returning::OldAndNew,
                ..BulkUpdate::new(&by_key, &fields, now())
            };
            Ok(plan::bulk_update(dialect, &request)?.to_string())
        });
        sheet.add(&format!("{name}: exclude, delete"), |dialect| {
            Ok(plan::delete(dialect, &odd(name, column).exclude(q("odd__value", 1)))?.to_string())
        });
    }
    insta::assert_snapshot!("names", sheet.text());
}

/// Whatever a driver cannot do, a bulk update of few and of many rows has a plan, which does not ask for that.
#[test]
fn a_driver_that_lacks_something_has_other_ways() {
    use Capability::{ArrayParams, BulkExecute, CopyStream, LoadStream};
    let key = Field::new("id", DataType::BigInt).primary_key();
    let user = Model::new("User", "user").add(key).add(Field::new("points", DataType::Integer));
    let chain = Schema::new(vec![user, Model::new("Customer", "customer").extends("User")]).unwrap();
    let mut shown = String::new();
    for lacks in [
        &[][..],
        &[CopyStream],
        &[ArrayParams],
        &[ArrayParams, CopyStream],
        &[LoadStream],
        &[BulkExecute],
        &[LoadStream, BulkExecute],
    ] {
        let driver = lacks.iter().fold(Driver::default(), |driver, lacked| driver.without(*lacked));
        let dialects: [Box<dyn Dialect>; 4] = [
            Box::new(Postgres { driver, ..Postgres::default() }),
            Box::new(Mysql { driver, ..Mysql::default() }),
            Box::new(Mysql { driver, flavour: Flavour::Mysql, version: (9, 7), ..Mysql::default() }),
            Box::new(Sqlite { driver, ..Sqlite::default() }),
        ];
        writeln!(shown, "without {lacks:?}").unwrap();
        for dialect in dialects {
            let mut ways = Vec::new();
            let (country, customer) = (crate::library::model("Country"), chain.model("Customer").unwrap());
            for (model, field, matching_on) in
                [(&country, "name", None), (&country, "name", Some("code")), (&customer, "points", None)]
            {
                let query = Query::new(model.clone());
                let fields = [FieldPath::from(field)];
                let matching_on: Vec<_> = matching_on.into_iter().map(FieldPath::from).collect();
                for rows in [3, 100, 100_000] {
                    let asked = BulkUpdate {
                        rows: Some(rows),
                        matching_on: &matching_on,
                        ..BulkUpdate::new(&query, &fields, now())
                    };
                    let plan = plan::bulk_update(&*dialect, &asked).unwrap();
                    let form = plan.form().unwrap().0;
                    let needs = match form {
                        Form::CopyBinary => Some(CopyStream),
                        Form::LoadData => Some(LoadStream),
                        Form::Arrays => Some(ArrayParams),
                        _ => None,
                    };
                    assert!(needs.is_none_or(|needs| !lacks.contains(&needs)), "{plan}");
                    let bulk = plan.steps.iter().any(|step| {
                        let Step::EachChunk(chunks) = step else { return false };
                        let shape = plan.batch.as_ref().unwrap();
                        let row = vec![Value::Null; shape.columns.len()];
                        chunks.form == Form::Stored
                            && matches!(chunks.make.call(Chunk::Rows(vec![row])), Call::Bulk(..))
                    });
                    assert!(!(bulk && lacks.contains(&BulkExecute)), "{plan}");
                    let sent = if bulk { "Bulk".to_owned() } else { format!("{form:?}") };
                    ways.push(format!("{sent} of {}", plan.steps.len()));
                }
            }
            writeln!(shown, "  {}: {}", dialect.name(), ways.join(", ")).unwrap();
        }
    }
    insta::assert_snapshot!("drivers", shown);
}

/// Plain values that a host sets, as its own time of the write, cost no strategy.
#[test]
fn constants_of_the_host_leave_the_strategies_as_they_are() {
    let books = books();
    let fields = [FieldPath::from("words")];
    let midnight =
        chrono::NaiveDate::from_ymd_opt(2001, 2, 3).unwrap().and_time(chrono::NaiveTime::MIN).and_utc();
    let constants = set([("updated_at", midnight.into()), ("title", "Emma".into())]);
    for (_, dialect) in crate::library::dialects() {
        for rows in [3, 100, 1_000, 100_000] {
            for skip_unchanged in [false, true] {
                let plain = BulkUpdate {
                    rows: Some(rows),
                    skip_unchanged,
                    ..BulkUpdate::new(&books, &fields, now())
                };
                let with = BulkUpdate { set: &constants, ..plain.clone() };
                let plans = [plain, with].map(|asked| plan::bulk_update(&*dialect, &asked).unwrap());
                let kinds = plans.each_ref().map(|plan| {
                    let step = |step: &Step| (std::mem::discriminant(step), plan.form());
                    plan.steps.iter().map(step).collect::<Vec<_>>()
                });
                assert_eq!(kinds[0], kinds[1], "{} {rows}:\n{}\n{}", dialect.name(), plans[0], plans[1]);
                // the host's time, and not the core's
                let text = all_said(&dialect, &plans[1]);
                assert!(
                    text.contains("2001-02-03") && !text.contains(&now().date_naive().to_string()),
                    "{text}"
                );
            }
        }
    }
    let twice = set([("updated_at", midnight.into()), ("updated_at", midnight.into())]);
    let asked = BulkUpdate { set: &twice, ..BulkUpdate::new(&books, &fields, now()) };
    assert!(plan::bulk_update(&Postgres::default(), &asked).is_err());
    let wrong = set([("title", Value::Null.into())]);
    let asked = BulkUpdate { set: &wrong, ..BulkUpdate::new(&books, &fields, now()) };
    assert_eq!(plan::bulk_update(&Postgres::default(), &asked).unwrap_err().kind(), ErrorKind::Value);
}

/// All statements of a plan with their parameters, as they are for one row of integers.
fn all_said(dialect: &Arc<dyn Dialect>, plan: &Plan) -> String {
    let mut text = format!("{plan:?}");
    let (form, most) = plan.form().unwrap();
    for step in &plan.steps {
        match step {
            Step::EachChunk(chunks) => {
                let mut encoder = form.encoder(dialect, plan.batch.as_ref().unwrap(), most);
                encoder.row(|_| Ok(ValueRef::Int(1))).unwrap();
                write!(text, "{:?}", chunks.make.call(encoder.finish_rows().0)).unwrap();
            }
            Step::EachKeys(keys) => write!(text, "{:?}", keys.make.statement(&[1])).unwrap(),
            _ => {}
        }
    }
    text
}
