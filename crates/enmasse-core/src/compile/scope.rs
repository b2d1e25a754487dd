//! The tables that a statement reads: its own and those that are joined.

use std::cell::Cell;
use std::rc::Rc;

use crate::dialect::{Dialect, quote_table};
use crate::error::{Error, Result};
use crate::query::Expr;
use crate::schema::{Field, ModelRef, Relation};
use crate::sql::Fragment;

/// One level of a statement: its table, the joins that names in it have asked for, and its annotations.
pub(super) struct Scope<'q> {
    pub(super) tables: Vec<Table>,
    aliases: Aliases,
    /// Where names are being read.
    pub(super) call: Call,
    pub(super) annotations: &'q [(String, Expr)],
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

pub(super) struct Table {
    alias: String,
    pub(super) model: ModelRef,
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

/// A column of one of a scope's tables.
#[derive(Clone)]
pub(super) struct Column {
    pub(super) table: usize,
    pub(super) model: ModelRef,
    pub(super) position: usize,
}

impl Column {
    pub(super) fn field(&self) -> &Field {
        &self.model.fields[self.position]
    }
}

impl<'q> Scope<'q> {
    /// The outermost scope of a statement; its table goes by its own name.
    pub(super) fn new(model: ModelRef, annotations: &'q [(String, Expr)]) -> Self {
        let alias = model.table_name().to_owned();
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

    /// The join over this relation that names read here share.
    pub(super) fn joined(&self, from: usize, name: &str, relation: &Relation) -> Option<usize> {
        let shared = |call: Call| !relation.many || self.call == Call::Any || self.call == call;
        self.tables.iter().rposition(|table| {
            let join = table.join.as_ref();
            join.is_some_and(|join| join.from == from && join.name == name && shared(join.call))
        })
    }

    pub(super) fn join(&mut self, from: usize, name: &str, relation: Relation) -> Result<usize> {
        if let Some(found) = self.joined(from, name, &relation) {
            return Ok(found);
        }
        // a model that this one extends has a part of the same row
        if !relation.field.is_some_and(|field| self.tables[from].model.is_link(field)) {
            self.may_join(name)?;
        }
        let alias = self.aliases.next();
        let inner = !relation.optional && !relation.many && self.is_inner(from);
        let model = relation.model.clone();
        let join = Join { from, name: name.to_owned(), relation, call: self.call, inner };
        self.tables.push(Table { alias, model, join: Some(join) });
        Ok(self.tables.len() - 1)
    }

    pub(super) fn may_join(&self, name: &str) -> Result<()> {
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

    /// The tables that have parts of the scope's own row, the root of the chain first, and whether each is reached by another parent than
    /// the first.
    pub(super) fn parts(&self) -> Vec<(usize, bool)> {
        let mut parts = vec![(0, 0, false)];
        for (number, table) in self.tables.iter().enumerate() {
            let Some(join) = &table.join else { continue };
            let around = parts.iter().find(|(part, ..)| *part == join.from).copied();
            let above = &self.tables[join.from].model;
            let link = join.relation.field.filter(|&field| above.is_link(field));
            if let (Some((_, depth, aside)), Some(link)) = (around, link) {
                parts.push((number, depth + 1, aside || link != above.link(0)));
            }
        }
        parts.sort_by_key(|&(_, depth, aside)| (aside, std::cmp::Reverse(depth)));
        parts.into_iter().map(|(number, _, aside)| (number, aside)).collect()
    }

    /// A table as columns name it.
    pub(super) fn table_sql(&self, dialect: &dyn Dialect, table: usize) -> String {
        dialect.quote(&self.tables[table].alias)
    }

    /// The table and its joins, for `FROM`.
    pub(super) fn from(&self, dialect: &dyn Dialect) -> String {
        let mut sql = String::new();
        for table in &self.tables {
            let name = quote_table(dialect, &table.model.table);
            let alias = dialect.quote(&table.alias);
            let is_named = name == alias || name.ends_with(&format!(".{alias}"));
            let named = if is_named { name } else { format!("{name} {alias}") };
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
