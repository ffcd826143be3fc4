//! What several operations of a document refer to: schemas of the structs that serde reads and writes, and headers.

use super::headers::Header;
use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform as _},
};
use serde_json::{Map, Value, json};

/// The components of a document, gathered while its operations are told.
pub(super) struct Components {
    read: SchemaGenerator,
    written: SchemaGenerator,
    parameters: Map<String, Value>,
    headers: Map<String, Value>,
}

impl Default for Components {
    fn default() -> Self {
        // The dialect of `OpenAPI` 3.1 is that of JSON Schema 2020-12.
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        Self {
            read: settings.clone().for_deserialize().into_generator(),
            written: settings.for_serialize().with_transform(RecursiveTransform(never_null)).into_generator(),
            parameters: Map::new(),
            headers: Map::new(),
        }
    }
}

impl Components {
    /// The schema of what a request says.
    pub(super) fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().to_value()
    }

    /// The schema of what an answer says.
    pub(super) fn written<T: JsonSchema>(&mut self) -> Value {
        let mut schema = self.written.subschema_for::<T>();
        RecursiveTransform(never_null).transform(&mut schema);
        schema.to_value()
    }

    /// A struct's members, each with its schema; for what stands behind the `?`.
    pub(super) fn members<T: JsonSchema>(&mut self) -> Vec<(String, Value)> {
        let mut schema = T::json_schema(&mut self.read);
        RecursiveTransform(never_null).transform(&mut schema);
        let members = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        members.into_iter().collect()
    }

    /// A header of requests.
    pub(super) fn parameter(&mut self, header: &Header) -> Value {
        self.parameters.entry(header.name).or_insert_with(|| header.as_parameter());
        json!({ "$ref": format!("#/components/parameters/{}", header.name) })
    }

    /// A header of answers.
    pub(super) fn header(&mut self, header: &Header) -> Value {
        self.headers.entry(header.name).or_insert_with(|| header.as_header());
        json!({ "$ref": format!("#/components/headers/{}", header.name) })
    }

    /// The names under which a struct is read in one way and written in another.
    #[cfg(test)]
    pub(super) fn torn(&mut self) -> Vec<String> {
        let read = self.read.take_definitions(true);
        let mut written = self.written.take_definitions(true);
        written.retain(|name, schema| read.get(name).is_some_and(|read| read != schema));
        written.into_iter().map(|(name, _)| name).collect()
    }

    /// All that was gathered.
    pub(super) fn json(mut self) -> Map<String, Value> {
        let mut schemas = self.written.take_definitions(true);
        schemas.extend(self.read.take_definitions(true));
        let Self { parameters, headers, .. } = self;
        [("schemas", schemas), ("parameters", parameters), ("headers", headers)]
            .into_iter()
            .map(|(name, all)| (name.to_owned(), Value::Object(all)))
            .collect()
    }
}

/// A member that may be left out is left out and never `null`: that is what `skip_serializing_if` does in every answer.
pub(in crate::http) fn never_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    let required = object.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(members) = object.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (_, member) in members.iter_mut().filter(|(name, _)| !required.contains(&json!(name))) {
        let Some(member) = member.as_object_mut() else { continue };
        if member.get("default") == Some(&Value::Null) {
            member.remove("default");
        }
        if let Some(kinds) = member.get_mut("type")
            && let Some([only, null]) = kinds.as_array().map(Vec::as_slice)
            && null == "null"
        {
            *kinds = only.clone();
        }
        if let Some([only, null]) = member.get("anyOf").and_then(Value::as_array).map(Vec::as_slice)
            && *null == json!({ "type": "null" })
            && let Some(only) = only.as_object().cloned()
        {
            member.remove("anyOf");
            member.extend(only);
        }
    }
}
