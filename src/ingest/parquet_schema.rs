//! As what type each column of a Parquet file is read.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::basic::Type as PhysicalType;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

use super::wanted::Wanted;

/// The file's schema with wanted columns of text declared as bytes, of which the decoder checks
/// nothing.
pub(super) fn text_as_bytes(
    metadata: &ArrowReaderMetadata,
    wanted: &Wanted,
) -> parquet::errors::Result<SchemaDescriptor> {
    let root = metadata.parquet_schema().root_schema();
    let fields = root.get_fields().iter().zip(metadata.schema().fields());
    let fields = fields.map(|(field, arrow)| bytes_within(field, arrow, "", wanted));
    let fields = fields.collect::<Result<_, _>>()?;
    let root = Type::group_type_builder(root.name()).with_fields(fields).build()?;
    Ok(SchemaDescriptor::new(Arc::new(root)))
}

/// A field, with wanted text in it declared as bytes.
fn bytes_within(
    field: &TypePtr,
    arrow: &Field,
    above: &str,
    wanted: &Wanted,
) -> parquet::errors::Result<TypePtr> {
    let path = format!("{above}{}", arrow.name());
    let repetition = field.get_basic_info().repetition();
    match arrow.data_type() {
        DataType::Utf8 if wanted.names.contains(&path) => {
            let bytes = Type::primitive_type_builder(field.name(), PhysicalType::BYTE_ARRAY)
                .with_repetition(repetition);
            bytes.build().map(Arc::new)
        }
        DataType::Struct(inner) => {
            let within = format!("{path}.");
            let fields = field.get_fields().iter().zip(inner);
            let fields = fields.map(|(field, arrow)| bytes_within(field, arrow, &within, wanted));
            let group = Type::group_type_builder(field.name()).with_repetition(repetition);
            group.with_fields(fields.collect::<Result<_, _>>()?).build().map(Arc::new)
        }
        _ => Ok(Arc::clone(field)),
    }
}

/// The types to read: bytes as views, those of keys as dictionaries, INT96 as microseconds.
pub(super) fn as_read(metadata: &ArrowReaderMetadata, wanted: &Wanted) -> Schema {
    let schema = metadata.schema();
    let descriptor = metadata.parquet_schema();
    let fields = schema.fields().iter().enumerate().map(|(root, field)| {
        let place = wanted.names.iter().position(|name| name == field.name());
        let is_key = place.is_some_and(|place| wanted.keys.contains(&Some(place)));
        let is_int96 = (0..descriptor.num_columns())
            .find(|leaf| descriptor.get_column_root_idx(*leaf) == root)
            .is_some_and(|leaf| descriptor.column(leaf).physical_type() == PhysicalType::INT96);
        let data_type = match field.data_type() {
            DataType::Binary if is_key => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Binary))
            }
            DataType::Binary if place.is_some() => DataType::BinaryView,
            DataType::Timestamp(_, zone) if is_int96 => {
                DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
            }
            other => other.clone(),
        };
        Field::new(field.name(), data_type, field.is_nullable())
    });
    Schema::new(fields.collect::<Vec<_>>())
}
