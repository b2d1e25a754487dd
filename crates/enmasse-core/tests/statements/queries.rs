//! What queries become on each database: the tables that are joined and how, conditions, orders and slices.

use crate::library::{
    Calls, Sheet, all, authors, books, exists, f, outer, plus, q, select, subquery, values,
};
use crate::rows;
use enmasse_core::Value;
use enmasse_core::query::{Aggregate, Expr, Function};
use enmasse_core::query::{Distinct, Q, Query};
use enmasse_core::query::{Lookup, Operand};

#[test]
fn names_lead_over_relations() {
    rows!("joins",
        "forward: Book.filter(author__name=…)" => books().filter(q("author__name", "Ann")),
        "forward over NULL: Book.filter(editor__name=…)" => books().filter(q("editor__name", "Ann")),
        "two hops: Book.filter(author__country__name=…)" => books().filter(q("author__country__name", "France")),
        "backward, one row: Author.filter(profile__motto=…)" => authors().filter(q("profile__motto", "Onward")),
        "backward, many rows: Author.filter(books__title=…)" => authors().filter(q("books__title", "Emma")),
        "backward twice: Author.filter(books__chapters__number__gte=…)" =>
            authors().filter(q("books__chapters__number__gte", 9)),
        "forward and back: Chapter.filter(book__author__books__pages__gt=…)" =>
            all("Chapter").filter(q("book__author__books__pages__gt", 500)),
        "to itself: Author.filter(boss__boss__name=…)" => authors().filter(q("boss__boss__name", "Ann")),
        "to itself, backward: Author.filter(reports__name=…)" => authors().filter(q("reports__name", "Bob")),
        "from a table in a schema: Item.filter(book__title=…)" => all("Item").filter(q("book__title", "Emma")),
        "a comparison of fields of two tables: Book.filter(author__name=F('editor__name'))" =>
            books().filter(q("author__name", f("editor__name"))),
    );
}

#[test]
fn keys_are_compared_where_they_stand() {
    rows!("keys",
        "Book.filter(author=5)" => books().filter(q("author", 5)),
        "Book.filter(author_id=5)" => books().filter(q("author_id", 5)),
        "Book.filter(author__id=5)" => books().filter(q("author__id", 5)),
        "Book.filter(author__pk__in=[5, 6])" => books().filter(q("author__pk__in", values([5, 6]))),
        "Book.filter(author__isnull=True)" => books().filter(q("author__isnull", true)),
        "Book.filter(editor=None)" => books().filter(q("editor", Value::Null)),
        "pk: Book.filter(pk=5)" => books().filter(q("pk", 5)),
        "a key that is a foreign key: Profile.filter(pk=5, author__name=…)" =>
            all("Profile").filter(q("pk", 5) & q("author__name", "Ann")),
        "over a key that is a foreign key: Profile.filter(pk__name=…)" => all("Profile").filter(q("pk__name", "Ann")),
        "to_field: Author.filter(country='FR')" => authors().filter(q("country", "FR")),
        "to_field: Author.filter(country__code='FR')" => authors().filter(q("country__code", "FR")),
        "to_field, by the other key: Author.filter(country__pk=33)" => authors().filter(q("country__pk", 33)),
        "to_field, backward: Country.filter(people__name=…)" => all("Country").filter(q("people__name", "Ann")),
        "by the column's name and on: Book.filter(author_id__name=…)" => books().filter(q("author_id__name", "Ann")),
        "a relation's own key: Author.filter(books=7)" => authors().filter(q("books", 7)),
        "Author.filter(books__in=[7, 8])" => authors().filter(q("books__in", values([7, 8]))),
        "to itself: Author.filter(boss__boss=5)" => authors().filter(q("boss__boss", 5)),
        "a composite key, a part of it: Book.filter(copies__number=1)" => books().filter(q("copies__number", 1)),
        "a composite key, over a part of it: Copy.filter(book__title=…)" => all("Copy").filter(q("book__title", "Emma")),
    );
}

#[test]
fn joins_are_shared_within_one_call() {
    let long = || q("books__pages__gt", 500);
    let emma = || q("books__title", "Emma");
    rows!("sharing",
        "one call, one book: Author.filter(books__pages__gt=…, books__title=…)" => authors().filter(long() & emma()),
        "two calls, any books: Author.filter(books__pages__gt=…).filter(books__title=…)" =>
            authors().filter(long()).filter(emma()),
        "one row is always the same: Book.filter(author__name=…).filter(author__points__gt=…)" =>
            books().filter(q("author__name", "Ann")).filter(q("author__points__gt", 5)),
        "the way to many rows is shared: Book.filter(author__edited__pages=…).filter(author__edited__title=…)" =>
            books().filter(q("author__edited__pages", 1)).filter(q("author__edited__title", "Emma")),
        "an order takes the last one: Author.filter(books__pages__gt=…).filter(points=…).order_by('books__title')" =>
            authors().filter(long()).filter(q("points", 1)).order_by(["books__title"]),
        "an annotation has one of its own: Author.annotate(title=F('books__title')).filter(title=…).filter(title__gt=…)" =>
            authors().annotate("title", f("books__title")).filter(q("title", "Emma")).filter(q("title__gt", "A")),
    );
}

#[test]
fn alternatives_keep_rows_without_a_match() {
    let editor = || q("editor__name", "Ann");
    let long = || q("pages__gt", 500);
    rows!("alternatives",
        "or: Book.filter(Q(editor__name=…) | Q(pages__gt=…))" => books().filter(editor() | long()),
        "or, then and: Book.filter(Q(editor__name=…) | Q(pages__gt=…)).filter(editor__points=…)" =>
            books().filter(editor() | long()).filter(q("editor__points", 5)),
        "and in or: Book.filter(Q(editor__name=…, pages__gt=…) | Q(words=…))" =>
            books().filter((editor() & long()) | q("words", 1)),
        "or in and: Book.filter(Q(editor__name=…) & (Q(pages__gt=…) | Q(words=…)))" =>
            books().filter(editor() & (long() | q("words", 1))),
        "xor: Book.filter(Q(editor__name=…) ^ Q(pages__gt=…))" => books().filter(editor() ^ long()),
        "xor of three: Book.filter(Q(words=…) ^ Q(pages=…) ^ Q(title=…))" =>
            books().filter(q("words", 1) ^ q("pages", 2) ^ q("title", "Emma")),
        "never NULL: Book.filter(Q(author__name=…) | Q(pages__gt=…))" =>
            books().filter(q("author__name", "Ann") | long()),
        "known beforehand: Book.filter(Q(pk__in=[]) | Q(pages__gt=…))" =>
            books().filter(q("pk__in", Vec::<i64>::new()) | long()),
        "known beforehand: Book.filter(pk__in=[], pages__gt=…)" =>
            books().filter(q("pk__in", Vec::<i64>::new()) & long()),
        "known beforehand: Book.filter(Q(pk__in=[]) ^ Q(pages__gt=…))" =>
            books().filter(q("pk__in", Vec::<i64>::new()) ^ long()),
        "begun with nothing: Book.filter(Q() | Q(pages__gt=…))" => books().filter(Q::all() | long()),
        "begun with nothing: Book.filter(Q() ^ Q(pages__gt=…))" => books().filter(Q::all() ^ long()),
        "nothing asked: Book.filter(Q())" => books().filter(Q::all()),
    );
}

#[test]
fn exclude_keeps_rows_of_which_it_is_not_known() {
    rows!("exclude",
        "never NULL: Book.exclude(pages=…)" => books().exclude(q("pages", 1)),
        "may be NULL: Book.exclude(words=…)" => books().exclude(q("words", 1)),
        "both may be NULL: Author.exclude(nick=F('country'))" => authors().exclude(q("nick", f("country"))),
        "the right side may be NULL: Book.exclude(pages__gt=F('words'))" =>
            books().exclude(q("pages__gt", f("words"))),
        "Book.exclude(words=None)" => books().exclude(q("words", Value::Null)),
        "Book.exclude(words__isnull=True)" => books().exclude(q("words__isnull", true)),
        "Book.exclude(words__in=[1, 2])" => books().exclude(q("words__in", values([1, 2]))),
        "Book.exclude(words__in=[])" => books().exclude(q("words__in", Vec::<i64>::new())),
        "two: Book.exclude(words=…, pages=…)" => books().exclude(q("words", 1) & q("pages", 2)),
        "either: Book.exclude(Q(words=…) | Q(pages=…))" => books().exclude(q("words", 1) | q("pages", 2)),
        "xor: Book.exclude(Q(words=…) ^ Q(pages=…))" => books().exclude(q("words", 1) ^ q("pages", 2)),
        "twice: Book.exclude(~Q(words=…))" => books().exclude(!q("words", 1)),
        "one related row: Book.exclude(author__name=…)" => books().exclude(q("author__name", "Ann")),
        "one related row or none: Book.exclude(editor__name=…)" => books().exclude(q("editor__name", "Ann")),
        "one related row or none, which is joined: Book.filter(editor__points=…).exclude(editor__name=…)" =>
            books().filter(q("editor__points", 1)).exclude(q("editor__name", "Ann")),
        "a key or none: Book.exclude(editor=5)" => books().exclude(q("editor", 5)),
        "a transform: Author.exclude(born__month=5)" => authors().exclude(q("born__month", 5)),
        "an expression: Author.exclude(points + rank > 5)" =>
            authors().exclude(Q::compare(plus(f("points"), f("rank")), Lookup::Gt, 5)),
    );
}

#[test]
fn exclude_over_many_rows_asks_that_there_be_none() {
    let by_expression =
        |path: &str, lookup, value: Operand| Q::Compare { left: f(path), lookup, right: value };
    rows!("exclude_many",
        "Author.exclude(books__pages=…)" => authors().exclude(q("books__pages", 1)),
        "the same, by expression" => authors().exclude(by_expression("books__pages", Lookup::Exact, 1.into())),
        "each condition by itself: Author.exclude(books__pages=…, books__title=…)" =>
            authors().exclude(q("books__pages", 1) & q("books__title", "Emma")),
        "further: Author.exclude(books__chapters__number=…)" => authors().exclude(q("books__chapters__number", 1)),
        "further, over one row: Author.exclude(books__editor__name=…)" =>
            authors().exclude(q("books__editor__name", "Ann")),
        "behind one row: Book.exclude(author__edited__pages=…)" => books().exclude(q("author__edited__pages", 1)),
        "behind one row or none: Book.exclude(editor__edited__pages=…)" =>
            books().exclude(q("editor__edited__pages", 1)),
        "behind a column's name: Book.exclude(author_id__edited__pages=…)" =>
            books().exclude(q("author_id__edited__pages", 1)),
        "to itself: Author.exclude(reports__points=…)" => authors().exclude(q("reports__points", 1)),
        "a relation's key: Author.exclude(books=7)" => authors().exclude(q("books", 7)),
        "a relation's key: Author.exclude(books__in=[7, 8])" => authors().exclude(q("books__in", values([7, 8]))),
        "a relation's key: Author.exclude(books__gt=7)" => authors().exclude(q("books__gt", 7)),
        "a column that may be NULL: Author.exclude(books__words=…)" => authors().exclude(q("books__words", 1)),
        "with a field from outside: Author.exclude(books__pages=F('points'))" =>
            authors().exclude(q("books__pages", f("points"))),
        "with a field further outside: Author.exclude(books__title=F('boss__name'))" =>
            authors().exclude(q("books__title", f("boss__name"))),
        "two NOTs: Author.filter(~~Q(books__pages=…))" => authors().filter(!!q("books__pages", 1)),
        "xor: Author.exclude(Q(books__pages=…) ^ Q(points=…))" =>
            authors().exclude(q("books__pages", 1) ^ q("points", 2)),
        "or: Author.exclude(Q(books__pages=…) | Q(points=…))" =>
            authors().exclude(q("books__pages", 1) | q("points", 2)),
        "in an or: Author.filter(~Q(books__pages=…) | Q(points=…))" =>
            authors().filter(!q("books__pages", 1) | q("points", 2)),
        "the row that is joined in the same call: Author.filter(Q(books__title=…) & ~Q(books__words=…))" =>
            authors().filter(q("books__title", "Emma") & !q("books__words", 1)),
        "and from it on: Author.filter(Q(books__title=…) & ~Q(books__chapters__number=…))" =>
            authors().filter(q("books__title", "Emma") & !q("books__chapters__number", 1)),
        "not that of another call: Author.filter(books__title=…).exclude(books__words=…)" =>
            authors().filter(q("books__title", "Emma")).exclude(q("books__words", 1)),
        "a relation with one row needs none of it: Author.exclude(profile__motto=…)" =>
            authors().exclude(q("profile__motto", "Onward")),
    );
}

#[test]
fn isnull_asks_for_rows_too() {
    let by_expression = |path: &str, value: bool| Q::compare(f(path), Lookup::IsNull, value);
    rows!("isnull",
        "no editor: Book.filter(editor__isnull=True)" => books().filter(q("editor__isnull", true)),
        "no editor or no nick: Book.filter(editor__nick__isnull=True)" =>
            books().filter(q("editor__nick__isnull", true)),
        "an editor with a nick: Book.filter(editor__nick__isnull=False)" =>
            books().filter(q("editor__nick__isnull", false)),
        "no profile: Author.filter(profile__isnull=True)" => authors().filter(q("profile__isnull", true)),
        "no books: Author.filter(books__isnull=True)" => authors().filter(q("books__isnull", true)),
        "books: Author.filter(books__isnull=False)" => authors().filter(q("books__isnull", false)),
        "no books: Author.exclude(books__isnull=False)" => authors().exclude(q("books__isnull", false)),
        "books: Author.exclude(books__isnull=True)" => authors().exclude(q("books__isnull", true)),
        "books, by expression" => authors().exclude(by_expression("books", true)),
        "books, none of them without words: Author.exclude(books__words__isnull=True)" =>
            authors().exclude(q("books__words__isnull", true)),
        "the same: Author.exclude(books__words=None)" => authors().exclude(q("books__words", Value::Null)),
        "no words in any book: Author.exclude(books__words__isnull=False)" =>
            authors().exclude(q("books__words__isnull", false)),
        "not asked together with another: Book.filter(Q(editor__isnull=True) | Q(editor__name=…))" =>
            books().filter(q("editor__isnull", true) | q("editor__name", "Ann")),
        "no copies, which have a composite key: Book.filter(copies__isnull=True)" =>
            books().filter(q("copies__isnull", true)),
        "copies: Book.exclude(copies__isnull=True)" => books().exclude(q("copies__isnull", true)),
        "no copies, by expression" => books().filter(by_expression("copies", true)),
    );
}

#[test]
fn annotations_are_names() {
    rows!("annotations",
        "Book.annotate(more=F('pages') + 1).filter(more__gt=…)" =>
            books().annotate("more", plus(f("pages"), 1)).filter(q("more__gt", 500)),
        "of one another: Book.annotate(a=F('pages') + 1).annotate(b=F('a') + 1).filter(b=…)" =>
            books().annotate("a", plus(f("pages"), 1)).annotate("b", plus(f("a"), 1)).filter(q("b", 5)),
        "twice: Book.annotate(a=F('pages') + 1).annotate(a=F('a') + 1).filter(a=…)" =>
            books().annotate("a", plus(f("pages"), 1)).annotate("a", plus(f("a"), 1)).filter(q("a", 5)),
        "by the name of a field: Book.annotate(pages=F('pages') + 1).filter(pages=…)" =>
            books().annotate("pages", plus(f("pages"), 1)).filter(q("pages", 5)),
        "with a transform: Author.annotate(b=F('born')).filter(b__year=1800)" =>
            authors().annotate("b", f("born")).filter(q("b__year", 1800)),
        "of another table: Book.annotate(who=F('author__name')).filter(who=…).order_by('-who')" =>
            books().annotate("who", f("author__name")).filter(q("who", "Ann")).order_by(["-who"]),
        "excluded: Book.annotate(more=F('words') + 1).exclude(more=…)" =>
            books().annotate("more", plus(f("words"), 1)).exclude(q("more", 5)),
        "a count: Author.annotate(n=Subquery(…Count)).filter(n__gt=2)" =>
            authors().annotate("n", count_of_books()).filter(q("n__gt", 2)),
    );
}

/// How many books an author has.
fn count_of_books() -> Expr {
    let count = Expr::Aggregate { function: Aggregate::Count, of: None, distinct: false };
    subquery(books().filter(q("author", outer("pk"))), count)
}

#[test]
fn queries_stand_in_queries() {
    let emma = || books().filter(q("title", "Emma"));
    let sum = |query: Query| {
        let pages = Some(Box::new(f("pages")));
        subquery(query, Expr::Aggregate { function: Aggregate::Sum, of: pages, distinct: false })
    };
    let in_query = |name: &str, query: Query| q(name, Operand::Query(select(query, [])));
    let of_author = || books().filter(q("author", outer("pk")));
    rows!("subqueries",
        "Author.filter(pk__in=Book.filter(…).values('author'))" =>
            authors().filter(q("pk__in", Operand::Query(select(emma(), [f("author")])))),
        "keys: Author.filter(books__in=Book.filter(…))" => authors().filter(in_query("books__in", emma())),
        "keys by to_field: Author.filter(country__in=Country.filter(…))" =>
            authors().filter(in_query("country__in", all("Country").filter(q("name", "France")))),
        "a slice: Author.filter(books__in=Book.order_by('-pages')[:3])" =>
            authors().filter(in_query("books__in", books().order_by(["-pages"]).slice(0, Some(3)))),
        "an order that is of no use: Author.filter(books__in=Book.order_by('-pages').distinct())" => {
            let mut ordered = books().order_by(["-pages"]);
            ordered.distinct = Distinct::Rows;
            authors().filter(in_query("books__in", ordered))
        },
        "no rows: Author.filter(books__in=Book.none())" => {
            let mut none = books();
            none.none = true;
            authors().filter(in_query("books__in", none))
        },
        "excluded: Author.exclude(books__in=Book.filter(…))" => authors().exclude(in_query("books__in", emma())),
        "excluded, with a field from outside: Author.exclude(books__in=Book.filter(pages=OuterRef('points')))" =>
            authors().exclude(in_query("books__in", books().filter(q("pages", outer("points"))))),
        "exists: Author.filter(Exists(Book.filter(author=OuterRef('pk'))))" => authors().filter(exists(of_author())),
        "exists, distinct and ordered, of which nothing is left" => {
            let mut rows = of_author().order_by(["title"]);
            rows.distinct = Distinct::Rows;
            authors().filter(exists(rows))
        },
        "exists after the third: Author.filter(Exists(Book.filter(…)[3:]))" =>
            authors().filter(exists(of_author().slice(3, None))),
        "not exists: Author.filter(~Exists(Book.filter(…)))" => authors().filter(!exists(of_author())),
        "exists in no rows: Author.filter(Exists(Book.filter(pk__in=[])))" =>
            authors().filter(exists(books().filter(q("pk__in", Vec::<i64>::new())))),
        "a value: Author.filter(name=Subquery(Book.filter(…).order_by('pages').values('title')[:1]))" =>
            authors().filter(q("name", subquery(of_author().order_by(["pages"]).slice(0, Some(1)), f("title")))),
        "of the same table: Author.filter(points__gt=Subquery(Author.filter(pk=OuterRef('boss')).values('points')))" =>
            authors().filter(q("points__gt", subquery(authors().filter(q("pk", outer("boss"))), f("points")))),
        "from outside, over a relation: Author.filter(Exists(Book.filter(title=OuterRef('boss__name'))))" =>
            authors().filter(exists(books().filter(q("title", outer("boss__name"))))),
        "two deep: Author.filter(Exists(Book.filter(author=OuterRef('pk')).filter(Exists(Chapter.filter(book=OuterRef('pk'))))))" =>
            authors().filter(exists(of_author().filter(exists(all("Chapter").filter(q("book", outer("pk"))))))),
        "exclude inside: Author.filter(Exists(Book.filter(author=OuterRef('pk')).exclude(chapters__title=OuterRef('name'))))" =>
            authors().filter(exists(of_author().exclude(q("chapters__title", outer("name"))))),
        "a sum: Author.filter(points=Subquery(…Sum('pages')))" => authors().filter(q("points", sum(of_author()))),
        "a sum, ordered: Author.filter(points=Subquery(….order_by('title') … Sum('pages')))" =>
            authors().filter(q("points", sum(of_author().order_by(["title"])))),
        "a count of what has no rows is 0: Author.filter(points=Subquery(…none() … Count('*')))" => {
            let mut none = books();
            none.none = true;
            let count = Expr::Aggregate { function: Aggregate::Count, of: None, distinct: false };
            authors().filter(q("points", subquery(none, count)))
        },
        "a value of what has no rows is NULL: Author.filter(points=Subquery(…none()))" => {
            let mut none = books();
            none.none = true;
            authors().filter(q("points", subquery(none, f("pages"))))
        },
    );
}

#[test]
fn rows_come_in_an_order_and_in_slices() {
    let distinct = |mut query: Query| {
        query.distinct = Distinct::Rows;
        query
    };
    let distinct_on = |mut query: Query| {
        query.distinct = Distinct::On(vec!["author".into()]);
        query
    };
    rows!("orders",
        "Book.order_by('-pages', 'title')" => books().order_by(["-pages", "title"]),
        "over a relation: Book.order_by('editor__name')" => books().order_by(["editor__name"]),
        "over a relation that is never NULL: Book.order_by('author__name')" => books().order_by(["author__name"]),
        "over many rows: Author.order_by('books__title')" => authors().order_by(["books__title"]),
        "a transform: Author.order_by('born__year')" => authors().order_by(["born__year"]),
        "Book[:10]" => books().slice(0, Some(10)),
        "Book[20:30]" => books().slice(20, Some(10)),
        "Book[20:]" => books().slice(20, None),
        "Book[5:5]" => books().slice(5, Some(0)),
        "beyond all numbers: Book[2**63:]" => books().slice(1 << 63, Some(u64::MAX)),
        "Author.filter(books__pages=…).distinct()" => distinct(authors().filter(q("books__pages", 1))),
        "distinct and ordered by something else: Author.distinct().order_by('name', 'pk')" =>
            distinct(authors().order_by(["name", "pk"])),
        "distinct, sliced: Author.filter(books__pages=…).distinct().order_by('-name')[2:4]" =>
            distinct(authors().filter(q("books__pages", 1)).order_by(["-name"]).slice(2, Some(2))),
        "Book.order_by('author', '-pages').distinct('author')" => distinct_on(books().order_by(["author", "-pages"])),
    );
}

#[test]
fn rows_are_counted_and_looked_for() {
    let distinct = |mut query: Query, distinct: Distinct| {
        query.distinct = distinct;
        query
    };
    let of_books = || authors().filter(q("books__pages", 1));
    let queries = [
        ("Author", authors()),
        ("Author.filter(books__pages=…).order_by('name')", of_books().order_by(["name"])),
        (
            "Author.filter(books__pages=…).order_by('name')[:5]",
            of_books().order_by(["name"]).slice(0, Some(5)),
        ),
        ("Author.filter(books__pages=…)[5:]", of_books().slice(5, None)),
        ("Author.filter(books__pages=…).distinct()", distinct(of_books().order_by(["name"]), Distinct::Rows)),
        ("Author.filter(books__pages=…).distinct()[5:]", distinct(of_books().slice(5, None), Distinct::Rows)),
        (
            "Author.order_by('country').distinct('country')",
            distinct(authors().order_by(["country"]), Distinct::On(vec!["country".into()])),
        ),
        ("Copy.filter(number=1)[2:]", all("Copy").filter(q("number", 1)).slice(2, None)),
        ("Author.filter(pk__in=[])", authors().filter(q("pk__in", Vec::<i64>::new()))),
        ("Author[0:0]", authors().slice(0, Some(0))),
    ];
    let mut sheet = Sheet::default();
    let nothing = || "-- no query".to_owned();
    for (title, query) in &queries {
        sheet.add(&format!("{title}.count()"), |dialect| {
            Ok(query.select_count(dialect)?.map_or_else(nothing, |selection| selection.statement.to_string()))
        });
        sheet.add(&format!("{title}.exists()"), |dialect| {
            Ok(query
                .select_exists(dialect)?
                .map_or_else(nothing, |selection| selection.statement.to_string()))
        });
    }
    insta::assert_snapshot!("counts", sheet.text());
}

#[test]
fn values_are_fields_and_expressions() {
    let mut sheet = Sheet::default();
    let lower = || Expr::Function(Function::Lower, vec![f("title")]);
    sheet.values("Book.values('title', 'author__name')", books(), &[f("title"), f("author__name")]);
    sheet.values("Book.values('author', 'author__pk')", books(), &[f("author"), f("author__pk")]);
    sheet.values("Book.values(Lower('title'), F('pages') + 1)", books(), &[lower(), plus(f("pages"), 1)]);
    sheet.values(
        "Book.filter(pages=…).values(F('words') + 5)[:3]: parameters in their order",
        books().filter(q("pages", 1)).slice(0, Some(3)),
        &[plus(f("words"), 5)],
    );
    sheet.values(
        "Book.annotate(more=F('pages') + 1).values('more')",
        books().annotate("more", plus(f("pages"), 1)),
        &[f("more")],
    );
    let when = |condition: Q| Expr::Case {
        whens: vec![(condition, Expr::value("yes"))],
        default: Some(Box::new(Expr::value("no"))),
    };
    sheet.values(
        "a condition over a relation: Book.values(Case(When(editor__name=…, then='yes'), default='no'))",
        books(),
        &[when(q("editor__name", "Ann"))],
    );
    sheet.values(
        "a condition as a value: Book.values(Q(pages__gt=…))",
        books(),
        &[Expr::Condition(Box::new(q("pages__gt", 5)))],
    );
    sheet.rows(
        "a condition compared: Book.filter(Q(pages__gt=…) = True)",
        books().filter(Q::compare(Expr::Condition(Box::new(q("pages__gt", 5))), Lookup::Exact, true)),
    );
    sheet.rows("a column as a condition: Author.filter(F('is_active'))", {
        authors().filter(Q::Expr(Box::new(f("is_active"))))
    });
    sheet.values(
        "Author.filter(books__pages=…).distinct().order_by('-points').values('name')",
        {
            let mut query = authors().filter(q("books__pages", 1)).order_by(["-points"]);
            query.distinct = Distinct::Rows;
            query
        },
        &[f("name")],
    );
    sheet.add("all fields of Tag", |dialect| {
        Ok(all("Tag").select_rows(dialect)?.expect("rows").statement.to_string())
    });
    insta::assert_snapshot!("values", sheet.text());
}
