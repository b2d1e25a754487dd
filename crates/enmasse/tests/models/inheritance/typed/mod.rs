//! With models of the derive: extended, flattened, and proxies.

/// Written by a `macro_rules!` of parts that come from two places, with fields named as what the derive's own code names.
macro_rules! model_with {
    ($parent:ident, $part:ident: $part_type:ty) => {
        #[derive(Model, Clone, Debug, PartialEq)]
        #[model(extends = Shop)]
        struct Odd {
            $parent: Shop,
            #[model(flatten)]
            $part: $part_type,
            at: i32,
            model: bool,
        }
    };
}

mod parts;
mod written;

use enmasse::prelude::*;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "person")]
struct Person {
    #[model(primary_key)]
    id: Option<i64>,
    name: String,
    #[model(foreign_key = Team, related_name = "members")]
    team: Option<i32>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "team")]
struct Team {
    #[model(primary_key)]
    id: i32,
    city: String,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "base_user", extends = Person)]
struct BaseUser {
    person: Person,
    points: i32,
}

/// Three tables deep, and with columns of an abstract model.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "customer", extends = BaseUser, unique_together(level, created))]
struct Customer {
    #[model(max_length = 20)]
    level: String,
    base: BaseUser,
    #[model(flatten)]
    stamps: Stamps,
    notes: Option<String>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "profile")]
struct Profile {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = BaseUser)]
    user: i64,
    theme: String,
}

#[derive(Model, Clone, Debug, PartialEq)]
struct Shop {
    #[model(primary_key, max_length = 20)]
    number: String,
    owner: String,
}

/// A model without columns.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(extends = Shop)]
struct Kiosk {
    #[model(related_name = "stand")]
    shop: Shop,
}

/// Two parents.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(extends(Customer, Shop))]
struct Dealer {
    shop: Shop,
    customer: Customer,
    discount: i16,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(abstract, manager = Stamped)]
struct Stamps {
    created: i64,
    #[model(flatten)]
    trail: Trail,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(abstract)]
struct Trail {
    #[model(default = "nobody")]
    changed_by: String,
    #[model(foreign_key = Team, related_name = "+")]
    changed_in: Option<i32>,
}

/// The manager of all models with stamps.
#[derive(Clone, Manager)]
struct Stamped<M>(QuerySet<M>);

impl<M: Model> Stamped<M> {
    fn since(self, created: i64) -> Self {
        self.filter_by(F("created").gte(created))
    }
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(abstract)]
struct Keyed {
    #[model(primary_key)]
    id: Option<i64>,
}

/// Its key is that of a part.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "article", unique_together(title, created))]
struct Article {
    #[model(flatten)]
    keyed: Keyed,
    #[model(max_length = 40)]
    title: String,
    #[model(flatten)]
    stamps: Stamps,
    words: i32,
}

/// A proxy with its own manager.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(proxy = Article, manager = Drafts, managers(all = QuerySet::<Draft>))]
struct Draft(Article);

#[derive(Clone)]
struct Drafts(QuerySet<Draft>);

impl Manager for Drafts {
    type Model = Draft;

    fn from_rows(rows: QuerySet<Draft>) -> Self {
        Drafts(rows)
    }

    fn into_rows(self) -> QuerySet<Draft> {
        self.0
    }

    fn initial(self) -> Self {
        self.filter(|d| d.words.lt(100))
    }
}

impl Drafts {
    fn lengthen(self, words: i32) -> Update<Draft> {
        self.update(|d| d.words.increment(words))
    }
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "review")]
struct Review {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = Draft, related_name = "reviews")]
    draft: i64,
    #[model(foreign_key = Article, related_name = "+")]
    article: i64,
    stars: i16,
}

model_with!(row, value: Trail);

impl BulkUpdateMixin for BaseUser {}

impl BulkUpdateMixin for Keyed {}

fn stamps(created: i64) -> Stamps {
    Stamps { created, trail: Trail { changed_by: "ada".into(), changed_in: None } }
}

fn customer() -> Customer {
    let person = Person { id: Some(7), name: "Ada".into(), team: Some(3) };
    let base = BaseUser { person, points: 5 };
    Customer { level: "Free".into(), base, stamps: stamps(40), notes: None }
}

fn dealer() -> Dealer {
    let shop = Shop { number: "S1".into(), owner: "Eve".into() };
    Dealer { shop, customer: customer(), discount: 10 }
}

fn row<M: Model>(object: &M) -> Vec<Value> {
    let model = M::model().unwrap();
    (0..model.fields.len()).map(|position| object.value(&model, position)).collect()
}

fn names<M: Model>() -> Vec<String> {
    M::model().unwrap().fields.iter().map(|field| field.name.clone()).collect()
}

fn article(title: &str, created: i64, words: i32) -> Article {
    Article { keyed: Keyed { id: None }, title: title.into(), stamps: stamps(created), words }
}
