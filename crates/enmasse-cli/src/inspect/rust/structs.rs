//! The structs, their names and their fields.

use std::collections::HashMap;

use enmasse::DataType;
use enmasse::schema::{LeftOut, ModelRef};

use super::names::{self, Names};

/// The models with valid Rust names.
pub struct Structs<'m> {
    models: &'m [ModelRef],
    named: Vec<Named>,
    by_table: HashMap<&'m str, usize>,
}

/// A model's names.
struct Named {
    /// The struct's name.
    name: String,
    /// The names of its own fields, by position.
    fields: HashMap<usize, String>,
    /// The parents that it extends, by the positions of the links. If the link's name differs from the
    /// derive's, the parent is a foreign key instead.
    parents: HashMap<usize, Parent>,
    /// The reverse names of foreign keys and links that differ from the default.
    reverse: HashMap<usize, String>,
}

struct Parent {
    model: usize,
    /// The field that holds the parent's row.
    field: String,
}

impl<'m> Structs<'m> {
    pub fn of(models: &'m [ModelRef]) -> Self {
        let by_table: HashMap<&str, usize> =
            models.iter().enumerate().map(|(number, model)| (model.table.as_str(), number)).collect();
        let mut taken = Names::of_structs();
        let mut named = Vec::new();
        let wanted: Vec<String> = models.iter().map(|model| struct_name(model, models)).collect();
        for (model, name) in models.iter().zip(&wanted) {
            let mut used = Names::default();
            // A column whose name is valid in Rust keeps it, independent of the order.
            let mut own: Vec<(usize, &str, String)> = model
                .own()
                .map(|position| (position, model.fields[position].name.as_str()))
                .map(|(position, name)| (position, name, names::field(name)))
                .collect();
            own.sort_by_key(|(_, name, wanted)| name != wanted);
            let fields = own.into_iter().map(|(position, _, wanted)| (position, used.take(&wanted)));
            named.push(Named {
                fields: fields.collect(),
                name: taken.take_struct(name),
                parents: HashMap::new(),
                reverse: HashMap::new(),
            });
        }
        let mut structs = Structs { models, named, by_table };
        (0..models.len()).for_each(|number| structs.find_parents(number));
        structs.name_relations();
        structs
    }

    /// The model that a foreign key refers to, if it is one of these.
    fn target(&self, number: usize, position: usize) -> Option<usize> {
        let relation = self.models[number].forward(position)?;
        self.by_table.get(relation.model.table.as_str()).copied()
    }

    /// The derive builds the link's name from the parent's.
    fn find_parents(&mut self, number: usize) {
        let model = &self.models[number];
        let mut found = HashMap::new();
        let links: Vec<usize> = model.own().filter(|&position| is_link(model, position)).collect();
        for &position in &links {
            let Some(target) = self.target(number, position) else { continue };
            if model.fields[position].column == format!("{}_ptr_id", self.named[target].name.to_lowercase()) {
                let taken = |name: &String| self.named[number].fields.values().any(|field| field == name);
                let name = names::field(&self.named[target].name);
                let free = [name.clone(), format!("{name}_part")].into_iter().find(|name| !taken(name));
                found.insert(position, Parent { model: target, field: free.unwrap_or(name + "_row") });
            }
        }
        // The key is the first parent's, so either all links match or none does.
        if found.len() == links.len() {
            self.named[number].parents = found;
        }
    }

    /// Gives relations names that do not collide on the model that they start from.
    fn name_relations(&mut self) {
        let mut taken: Vec<Names> = Vec::new();
        for number in 0..self.models.len() {
            let mut names = Names::default();
            self.all_fields(number, &mut names, 0);
            taken.push(names);
        }
        for number in 0..self.models.len() {
            let model = &self.models[number];
            let default = self.named[number].name.to_lowercase();
            for position in model.own() {
                let (Some(key), Some(target)) =
                    (&model.fields[position].foreign_key, self.target(number, position))
                else {
                    continue;
                };
                let wanted = match key.related_name.as_deref() {
                    Some("+") => None,
                    Some(name) => Some(names::field(name)),
                    None => Some(names::field(&model.name.to_lowercase())),
                };
                let name = match wanted {
                    Some(name) if !taken[target].has(&name) => taken[target].take(&name),
                    _ => "+".to_owned(),
                };
                if name != default {
                    self.named[number].reverse.insert(position, name);
                }
            }
        }
    }

    fn all_fields(&self, number: usize, names: &mut Names, depth: usize) {
        self.named[number].fields.values().for_each(|name| _ = names.take(name));
        for parent in self.named[number].parents.values().filter(|_| depth < self.models.len()) {
            names.take(&parent.field);
            self.all_fields(parent.model, names, depth + 1);
        }
    }

    /// The source of one struct.
    pub fn write(&self, number: usize) -> String {
        let (model, named) = (&self.models[number], &self.named[number]);
        let mut attributes = vec![format!("table = {:?}", model.table)];
        let mut links: Vec<(&usize, &Parent)> = named.parents.iter().collect();
        links.sort_by_key(|(position, _)| (!model.fields[**position].primary_key, **position));
        let parents: Vec<&str> =
            links.iter().map(|(_, parent)| self.named[parent.model].name.as_str()).collect();
        match parents[..] {
            [] => {}
            [parent] => attributes.push(format!("extends = {parent}")),
            _ => attributes.push(format!("extends({})", parents.join(", "))),
        }
        for together in &model.unique_together {
            let fields = together.iter().filter_map(|name| named.fields.get(&model.position(name)?));
            let fields: Vec<String> = fields.map(|name| names::written(name)).collect();
            // A link has no field to name.
            if !together
                .iter()
                .any(|name| model.position(name).is_some_and(|at| named.parents.contains_key(&at)))
            {
                attributes.push(format!("unique_together({})", fields.join(", ")));
            }
        }
        let mut source = format!(
            "#[derive(Model, Clone, Debug, PartialEq)]\n#[model({})]\npub struct {} {{\n",
            attributes.join(", "),
            named.name
        );
        for (position, parent) in links {
            if let Some(name) = named.reverse.get(position) {
                source.push_str(&format!("    #[model(related_name = {name:?})]\n"));
            }
            let (field, of) = (names::written(&parent.field), &self.named[parent.model].name);
            source.push_str(&format!("    pub {field}: {of},\n"));
        }
        for position in model.own().filter(|position| !named.parents.contains_key(position)) {
            source.push_str(&self.field(number, position));
        }
        for LeftOut { name, reason } in &model.left_out {
            source.push_str(&format!("    // The column {name:?} is left out: {reason}.\n"));
        }
        source + "}\n"
    }

    fn field(&self, number: usize, position: usize) -> String {
        let (model, named) = (&self.models[number], &self.named[number]);
        let field = &model.fields[position];
        let name = &named.fields[&position];
        let target = self.target(number, position);
        let mut attributes = Vec::new();
        let mut notes = Vec::new();
        if field.primary_key {
            attributes.push("primary_key".to_owned());
        } else if field.unique {
            attributes.push("unique".to_owned());
        }
        let column = if target.is_some() { format!("{name}_id") } else { name.clone() };
        if column != field.column {
            attributes.push(format!("db_column = {:?}", field.column));
        }
        if let (Some(key), Some(target)) = (&field.foreign_key, target) {
            attributes.push(format!("foreign_key = {}", self.named[target].name));
            let of = &self.models[target];
            let to_field =
                key.to_field.as_ref().and_then(|name| self.named[target].fields.get(&of.position(name)?));
            attributes.extend(to_field.map(|name| format!("to_field = {name:?}")));
            attributes.extend(named.reverse.get(&position).map(|name| format!("related_name = {name:?}")));
        } else {
            attributes.extend(limits(&field.data_type));
            if let Some(relation) = model.forward(position) {
                notes.push(format!("refers to {:?}", relation.model.table));
            }
        }
        if let Some(expression) = &field.generated {
            // SQLite does not report the expression; the table must not be created with another one.
            let expression = if expression.is_empty() { "unknown" } else { expression };
            attributes.push(format!("generated = {expression:?}"));
        }
        if let Some((least, greatest)) = field.range {
            notes.push(format!("{least} to {greatest}"));
        }
        if let Some(digits) = field.second_digits {
            notes.push(format!("{digits} digits of a second"));
        }
        if let DataType::Native(name) = &field.data_type {
            notes.push(format!("text of the type {name}"));
        }
        if let Some(choices) = &field.choices {
            let choices: Vec<String> = choices.iter().map(ToString::to_string).collect();
            notes.push(format!("one of {}", choices.join(", ")));
        }
        if let Some(members) = &field.limits.members {
            notes.push(format!("some of {}", members.join(", ")));
        }
        if let Some((_, most)) = field.limits.bytes {
            notes.push(format!("at most {most} bytes"));
        }
        let mut source = String::new();
        if !notes.is_empty() {
            source.push_str(&format!("    // {}\n", notes.join("; ")));
        }
        if !attributes.is_empty() {
            source.push_str(&format!("    #[model({})]\n", attributes.join(", ")));
        }
        let of = rust_type(&field.data_type);
        // A key is never NULL, but the database may still have to assign it.
        let is_alone = model.key().len() == 1;
        let is_optional = field.null && !field.primary_key || field.identity && field.primary_key && is_alone;
        let of = if is_optional { format!("Option<{of}>") } else { of };
        source + &format!("    pub {}: {of},\n", names::written(name))
    }
}

/// The struct's name for a table. A parent is named after its children's links, because the derive builds
/// link names from it.
fn struct_name(model: &ModelRef, models: &[ModelRef]) -> String {
    let links = models.iter().flat_map(|child| {
        let to = child.own().filter(|&position| {
            is_link(child, position)
                && child.forward(position).is_some_and(|to| to.model.table == model.table)
        });
        to.map(|position| child.fields[position].column.clone())
    });
    let of_link =
        links.into_iter().next().and_then(|column| column.strip_suffix("_ptr_id").map(str::to_owned));
    let of_table = names::structure(&model.name);
    match of_link {
        // Django's links have the model's name in lower case. If the table's own name also matches, its
        // capitalisation is better.
        Some(link) if of_table.to_lowercase() != link => names::structure(&link),
        _ => of_table,
    }
}

/// Whether a field of the model's own table links to a parent that it extends.
fn is_link(model: &ModelRef, position: usize) -> bool {
    let column = &model.fields[position].column;
    model.parents.iter().any(|parent| parent.column.as_ref() == Some(column))
}

fn limits(data_type: &DataType) -> Option<String> {
    match data_type {
        DataType::Text { max_length: Some(length) } => Some(format!("max_length = {length}")),
        DataType::Decimal { max_digits: Some(digits), decimal_places } => {
            Some(format!("max_digits = {digits}, decimal_places = {}", decimal_places.unwrap_or_default()))
        }
        DataType::Native(name) => Some(format!("db_type = {name:?}")),
        _ => None,
    }
}

fn rust_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Bool => "bool",
        DataType::SmallInt => "i16",
        DataType::Integer => "i32",
        DataType::BigInt => "i64",
        DataType::Real => "f32",
        DataType::Double => "f64",
        DataType::Text { .. } => "String",
        DataType::Bytes => "Vec<u8>",
        DataType::DateTime => "DateTime<Utc>",
        DataType::NaiveDateTime => "NaiveDateTime",
        DataType::Date => "NaiveDate",
        DataType::Time => "NaiveTime",
        DataType::Duration => "TimeDelta",
        DataType::Decimal { .. } => "Decimal",
        DataType::Uuid => "Uuid",
        DataType::Json => "serde_json::Value",
        DataType::Array(item) => return format!("Vec<{}>", rust_type(item)),
        _ => "String",
    }
    .to_owned()
}
