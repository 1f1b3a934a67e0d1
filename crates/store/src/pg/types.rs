//! Our four kinds of value as the types that a statement expects, and back.

use crate::{Column, Fault, Row, Value};
use std::error::Error;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

type Outcome = Result<IsNull, Box<dyn Error + Sync + Send>>;

/// One parameter.
#[derive(Debug)]
pub(super) struct Param<'a>(pub(super) &'a Value);

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Outcome {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(value) if *ty == Type::INT8 => value.to_sql(ty, out),
            Value::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Value::Int(value) if *ty == Type::INT2 => i16::try_from(*value)?.to_sql(ty, out),
            Value::Int(value) if *ty == Type::BOOL => (*value != 0).to_sql(ty, out),
            Value::Text(value) if <&str as ToSql>::accepts(ty) => value.as_str().to_sql(ty, out),
            Value::Bytes(value) if *ty == Type::BYTEA => value.as_slice().to_sql(ty, out),
            Value::Int(_) => Err(format!("an integer was given where {ty} is expected").into()),
            Value::Text(_) => Err(format!("a text was given where {ty} is expected").into()),
            Value::Bytes(_) => Err(format!("bytes were given where {ty} is expected").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// One column of a set, as an array.
#[derive(Debug)]
pub(super) struct ParamColumn<'a>(pub(super) &'a Column);

impl ToSql for ParamColumn<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Outcome {
        match self.0 {
            Column::Ints(values) if *ty == Type::INT8_ARRAY => values.to_sql(ty, out),
            Column::OptInts(values) if *ty == Type::INT8_ARRAY => values.to_sql(ty, out),
            Column::Texts(values) if *ty == Type::TEXT_ARRAY => values.to_sql(ty, out),
            Column::OptTexts(values) if *ty == Type::TEXT_ARRAY => values.to_sql(ty, out),
            Column::Ids(values) if *ty == Type::BYTEA_ARRAY => values.iter().map(|id| &id[..]).collect::<Vec<_>>().to_sql(ty, out),
            Column::OptBytes(values) if *ty == Type::BYTEA_ARRAY => values.to_sql(ty, out),
            Column::Ints(_) | Column::OptInts(_) => Err(format!("integers were given where {ty} is expected").into()),
            Column::Texts(_) | Column::OptTexts(_) => Err(format!("texts were given where {ty} is expected").into()),
            Column::Ids(_) | Column::OptBytes(_) => Err(format!("bytes were given where {ty} is expected").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Decodes a row by the types of its columns.
pub(super) fn row(row: &tokio_postgres::Row) -> Result<Row, Fault> {
    let cell = |i: usize| match *row.columns()[i].type_() {
        Type::INT8 => value::<i64>(row, i, Value::Int),
        Type::INT4 => value::<i32>(row, i, |int| Value::Int(int.into())),
        Type::INT2 => value::<i16>(row, i, |int| Value::Int(int.into())),
        Type::BOOL => value::<bool>(row, i, |flag| Value::Int(flag.into())),
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR => value::<String>(row, i, Value::Text),
        Type::BYTEA => value::<Vec<u8>>(row, i, Value::Bytes),
        _ => Err(Fault::Column("an integer, text or bytes (cast sums to bigint)")),
    };
    (0..row.len()).map(cell).collect::<Result<Vec<_>, _>>().map(Row)
}

fn value<'a, T: FromSql<'a>>(row: &'a tokio_postgres::Row, i: usize, some: impl FnOnce(T) -> Value) -> Result<Value, Fault> {
    Ok(row.try_get::<_, Option<T>>(i)?.map_or(Value::Null, some))
}
