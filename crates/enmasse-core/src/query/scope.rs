//! The tables that a statement reads, and the names that lead to their columns.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use crate::dialect::{Dialect, quote_table};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, is_transform};
use crate::lookup::Lookup;
use crate::schema::{Field, ModelRef, Relation};
use crate::sql::Fragment;

type Name = Cow<'static, str>;

/// One level of a statement: its table, the joins that names in it have asked for, and its annotations.
pub(super) struct Scope<'q> {
    tables: Vec<Table>,
    aliases: Aliases,
    /// Where names are being read.
    pub(super) call: Call,
    annotations: &'q [(String, Expr)],
    /// Whether names may hop to other tables.
    pub(super) joins_allowed: bool,
    /// Whether it is no query of its own but a relation that a condition asks for a row.
    pub(super) is_relation: bool,
}

/// Where names are read: joins to many rows are shared within one call of `filter` only, as in Django.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Call {
    /// In the call of `filter` or `exclude` with this number.
    Filter(usize),
    /// In an annotation.
    Annotation,
    /// In an order or in what is selected, which take the joins that are there.
    Any,
}

/// What an annotation, while it is being read, hides.
pub(super) struct Around<'q> {
    pub(super) annotations: &'q [(String, Expr)],
    call: Call,
}

/// Gives every table of a statement but the outermost a name of its own.
#[derive(Clone)]
struct Aliases(Rc<(String, Cell<usize>)>);

impl Aliases {
    fn next(&self) -> String {
        let (outermost, last) = &*self.0;
        loop {
            last.set(last.get() + 1);
            let alias = format!("t{}", last.get());
            if !alias.eq_ignore_ascii_case(outermost) {
                return alias;
            }
        }
    }
}

struct Table {
    alias: String,
    model: ModelRef,
    join: Option<Join>,
}

struct Join {
    from: usize,
    name: String,
    relation: Relation,
    call: Call,
    /// Whether rows without a match are left out.
    inner: bool,
}

/// What a list of names leads to.
pub(super) enum Target {
    Column(Column),
    /// A row of another table that a relation leads back from.
    Row {
        /// Its primary key, where that is one column.
        key: Option<Column>,
        /// The column that refers to the row here: never NULL where there is a row.
        present: Column,
        /// The relation's name.
        name: String,
    },
    /// The annotation that stands here.
    Annotation(usize),
}

/// A column of one of a scope's tables.
pub(super) struct Column {
    table: usize,
    pub(super) model: ModelRef,
    pub(super) position: usize,
}

impl Column {
    pub(super) fn field(&self) -> &Field {
        &self.model.fields[self.position]
    }
}

/// The first relation with many rows on the way to a field, for conditions that exclude.
pub(super) struct Crossing {
    /// The column here that the relation starts from.
    pub(super) from: Column,
    pub(super) relation: Relation,
    /// How many names lead up to and over the relation.
    pub(super) names: usize,
}

impl<'q> Scope<'q> {
    /// The outermost scope of a statement; its table goes by its own name.
    pub(super) fn new(model: ModelRef, annotations: &'q [(String, Expr)]) -> Self {
        let alias = model.table.rsplit('.').next().unwrap_or_default().to_owned();
        let aliases = Aliases(Rc::new((alias.clone(), Cell::new(0))));
        Scope::over(model, alias, aliases, annotations)
    }

    /// A scope inside of this one.
    pub(super) fn inner<'i>(&self, model: ModelRef, annotations: &'i [(String, Expr)]) -> Scope<'i> {
        Scope::over(model, self.aliases.next(), self.aliases.clone(), annotations)
    }

    fn over(model: ModelRef, alias: String, aliases: Aliases, annotations: &'q [(String, Expr)]) -> Self {
        let tables = vec![Table { alias, model, join: None }];
        Scope { tables, aliases, call: Call::Any, annotations, joins_allowed: true, is_relation: false }
    }

    /// A scope inside of this one for the rows that a relation leads to.
    pub(super) fn over_relation(&self, relation: &Relation) -> Scope<'q> {
        Scope { is_relation: true, ..self.inner(relation.model.clone(), &[]) }
    }

    pub(super) fn model(&self) -> &ModelRef {
        &self.tables[0].model
    }

    pub(super) fn alias(&self) -> &str {
        &self.tables[0].alias
    }

    /// Lets names be read as the annotation at this place does: it sees those before it.
    pub(super) fn enter_annotation(&mut self, at: usize) -> Around<'q> {
        let around = Around { annotations: self.annotations, call: self.call };
        self.annotations = &around.annotations[..at];
        self.call = Call::Annotation;
        around
    }

    pub(super) fn leave_annotation(&mut self, around: Around<'q>) {
        (self.annotations, self.call) = (around.annotations, around.call);
    }

    pub(super) fn has_joins(&self) -> bool {
        self.tables.len() > 1
    }

    /// Whether a row of the scope's table may appear several times.
    pub(super) fn multiplies(&self) -> bool {
        self.tables.iter().any(|table| table.join.as_ref().is_some_and(|join| join.relation.many))
    }

    /// Follows names to a column or an annotation; what is left over is transforms and a lookup.
    pub(super) fn resolve<'n>(&mut self, names: &'n [Name]) -> Result<(Target, &'n [Name])> {
        let first = names.first().ok_or_else(|| Error::field("A field needs a name."))?;
        if let Some(at) = self.annotations.iter().rposition(|(name, _)| name == first) {
            return Ok((Target::Annotation(at), &names[1..]));
        }
        let mut table = 0;
        for (index, name) in names.iter().enumerate() {
            let rest = &names[index + 1..];
            let next = rest.first();
            let model = self.tables[table].model.clone();
            let Ok(position) = model.find(name) else {
                let relation = model.relation(name).ok_or_else(|| self.unknown(&model, name))?;
                let to_column = relation.to_column.clone();
                table = self.join(table, name, relation)?;
                if next.is_some_and(|next| leads_on(&self.tables[table].model, next)) {
                    continue;
                }
                return Ok((self.row(table, name, &to_column, next)?, rest));
            };
            let own = Target::Column(Column { table, model: model.clone(), position });
            let (Some(next), Some(relation)) = (next, model.forward(position)) else {
                return Ok((own, rest));
            };
            if !leads_on(&relation.model, next) {
                follows(&relation.model, next)?;
                return Ok((own, rest));
            }
            // The key of the other row stands here already.
            let is_key = relation.model.find(next).is_ok_and(|key| {
                relation.model.fields[key].column == relation.to_column
                    && !rest.get(1).is_some_and(|after| {
                        relation.model.forward(key).is_some_and(|to| leads_on(&to.model, after))
                    })
            });
            if is_key {
                return Ok((own, &rest[1..]));
            }
            table = self.join(table, &model.fields[position].name, relation)?;
        }
        unreachable!("names lead to a field or to an error")
    }

    /// Follows names from a row of this scope's table: without any, the row itself is meant.
    pub(super) fn resolve_row<'n>(&mut self, names: &'n [Name]) -> Result<(Target, &'n [Name])> {
        let model = self.model();
        match names.first() {
            Some(next) if leads_on(model, next) => self.resolve(names),
            next => {
                let column = model.fields[model.key()[0]].column.clone();
                let name = model.name.clone();
                Ok((self.row(0, &name, &column, next)?, names))
            }
        }
    }

    /// A row of another table, by the column there that refers to this one.
    fn row(&self, table: usize, name: &str, column: &str, next: Option<&Name>) -> Result<Target> {
        let model = &self.tables[table].model;
        if let Some(next) = next {
            follows(model, next)?;
        }
        let column_at = |position| Column { table, model: model.clone(), position };
        let key = model.key();
        let present = model.fields.iter().position(|field| field.column == column).unwrap_or(key[0]);
        let key = if let [key] = key[..] { Some(column_at(key)) } else { None };
        Ok(Target::Row { key, present: column_at(present), name: name.to_owned() })
    }

    /// The first relation with many rows that names cross, if there is one that is not joined yet in this call; joins what
    /// comes before it.
    pub(super) fn crossing(&mut self, names: &[Name]) -> Result<Option<Crossing>> {
        if self.annotations.iter().any(|(name, _)| Some(name.as_str()) == names.first().map(Name::as_ref)) {
            return Ok(None);
        }
        let mut path: Vec<(String, Relation)> = Vec::new();
        let mut model = self.model().clone();
        let mut joined = Some(0);
        for (index, name) in names.iter().enumerate() {
            let forward = model.find(name).ok();
            let relation = match forward {
                Some(position) => model.forward(position),
                None => model.relation(name),
            };
            let Some(relation) = relation else { return Ok(None) };
            let name = forward.map_or(name.to_string(), |position| model.fields[position].name.clone());
            joined = joined.and_then(|table| self.joined(table, &name, &relation));
            if relation.many && joined.is_none() {
                self.may_join(&name)?;
                let mut table = 0;
                for (name, relation) in path {
                    table = self.join(table, &name, relation)?;
                }
                let here = |field: &Field| field.column == relation.from_column;
                let position = model.fields.iter().position(here).expect("a relation starts from a field");
                let from = Column { table, model, position };
                return Ok(Some(Crossing { from, relation, names: index + 1 }));
            }
            model = relation.model.clone();
            path.push((name, relation));
        }
        Ok(None)
    }

    fn unknown(&self, model: &ModelRef, name: &str) -> Error {
        if name == "pk" {
            return Error::field(format!(
                "{} has a composite primary key; name one of its fields in place of 'pk'.",
                model.name
            ));
        }
        let own = model == self.model();
        let annotations = self.annotations.iter().filter(|_| own).map(|(name, _)| name.as_str());
        unknown(model, name, annotations)
    }

    /// The join over this relation that names read here share.
    fn joined(&self, from: usize, name: &str, relation: &Relation) -> Option<usize> {
        let shared = |call: Call| !relation.many || self.call == Call::Any || self.call == call;
        self.tables.iter().rposition(|table| {
            let join = table.join.as_ref();
            join.is_some_and(|join| join.from == from && join.name == name && shared(join.call))
        })
    }

    fn join(&mut self, from: usize, name: &str, relation: Relation) -> Result<usize> {
        if let Some(found) = self.joined(from, name, &relation) {
            return Ok(found);
        }
        self.may_join(name)?;
        let alias = self.aliases.next();
        let inner = !relation.optional && !relation.many && self.is_inner(from);
        let model = relation.model.clone();
        let join = Join { from, name: name.to_owned(), relation, call: self.call, inner };
        self.tables.push(Table { alias, model, join: Some(join) });
        Ok(self.tables.len() - 1)
    }

    fn may_join(&self, name: &str) -> Result<()> {
        if self.joins_allowed {
            return Ok(());
        }
        Err(Error::field(format!(
            "Joined field references are not permitted in the values of an update: {name}__… leads away from {}.",
            self.model().name
        )))
    }

    fn is_inner(&self, table: usize) -> bool {
        self.tables[table].join.as_ref().is_none_or(|join| join.inner)
    }

    /// Leaves out the rows that have no row in the column's table: a condition on it asks for that anyway.
    pub(super) fn require(&mut self, column: &Column) {
        let mut table = column.table;
        while let Some(join) = &mut self.tables[table].join {
            join.inner = true;
            table = join.from;
        }
    }

    /// Whether the column may be NULL, by itself or for want of a row.
    pub(super) fn is_nullable(&self, column: &Column) -> bool {
        column.field().null || !self.is_inner(column.table)
    }

    pub(super) fn sql(&self, dialect: &dyn Dialect, column: &Column) -> Fragment {
        self.column_sql(dialect, column.table, &column.field().column)
    }

    fn column_sql(&self, dialect: &dyn Dialect, table: usize, column: &str) -> Fragment {
        format!("{}.{}", dialect.quote(&self.tables[table].alias), dialect.quote(column)).into()
    }

    /// A column of the scope's own table.
    pub(super) fn own_column(&self, dialect: &dyn Dialect, position: usize) -> Fragment {
        self.column_sql(dialect, 0, &self.model().fields[position].column)
    }

    /// The table and its joins, for `FROM`.
    pub(super) fn from(&self, dialect: &dyn Dialect) -> String {
        let mut sql = String::new();
        for table in &self.tables {
            let name = quote_table(dialect, &table.model.table);
            let alias = dialect.quote(&table.alias);
            let named =
                if name.rsplit('.').next() == Some(&alias) { name } else { format!("{name} {alias}") };
            match &table.join {
                None => sql.push_str(&named),
                Some(join) => {
                    let kind = if join.inner { "INNER" } else { "LEFT" };
                    let from = dialect.quote(&self.tables[join.from].alias);
                    let from_column = dialect.quote(&join.relation.from_column);
                    let to_column = dialect.quote(&join.relation.to_column);
                    sql.push_str(&format!(
                        " {kind} JOIN {named} ON {from}.{from_column} = {alias}.{to_column}"
                    ));
                }
            }
        }
        sql
    }
}

/// Whether a name that follows a relation names something of the other model, rather than a transform or a lookup.
fn leads_on(model: &ModelRef, name: &str) -> bool {
    model.find(name).is_ok() || model.relation(name).is_some()
}

/// Refuses what follows a relation where it can be no transform and no lookup either: a misspelt field of the other model.
fn follows(model: &ModelRef, next: &str) -> Result<()> {
    match is_transform(next) || Lookup::named(next).is_some() {
        true => Ok(()),
        false => Err(unknown(model, next, std::iter::empty())),
    }
}

fn unknown<'a>(model: &'a ModelRef, name: &str, more: impl Iterator<Item = &'a str>) -> Error {
    let what = format!("{} has no field", model.name);
    Error::unknown(ErrorKind::UnknownField, what, name, more.chain(model.names()))
}
