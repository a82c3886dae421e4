//! What is bound and what is read, the same on both databases.
use sqlx::{
    Decode, Encode, Postgres, Row, Sqlite, Type, TypeInfo, ValueRef, postgres::PgRow,
    sqlite::SqliteRow,
};

/// A value that may be bound on either database.
pub trait Bind<'q>:
    Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres>
{
}
impl<'q, T> Bind<'q> for T where
    T: Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres>
{
}

/// A column that may be read from either database.
pub trait Col:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}
impl<T> Col for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

/// A row of either database.
pub enum DbRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl DbRow {
    /// By position.
    pub fn get<T: Col>(&self, i: usize) -> sqlx::Result<T> {
        match self {
            Self::Sqlite(r) => r.try_get(i),
            Self::Postgres(r) => r.try_get(i),
        }
    }
    /// What a column holds, by the name of its type on this database; none beyond the last column.
    pub fn kind(&self, i: usize) -> Option<Held> {
        let (null, name) = match self {
            Self::Sqlite(r) => told(&r.try_get_raw(i).ok()?),
            Self::Postgres(r) => told(&r.try_get_raw(i).ok()?),
        };
        Some(match name.as_str() {
            _ if null => Held::Nothing,
            "TEXT" => Held::Text,
            "BOOL" => Held::Bool,
            "BLOB" | "UUID" => Held::Id,
            "TIMESTAMPTZ" => Held::At,
            _ => Held::Int,
        })
    }
    /// By name.
    pub fn col<T: Col>(&self, name: &str) -> sqlx::Result<T> {
        match self {
            Self::Sqlite(r) => r.try_get(name),
            Self::Postgres(r) => r.try_get(name),
        }
    }
}

fn told<'r, V: ValueRef<'r>>(value: &V) -> (bool, String) {
    (value.is_null(), value.type_info().name().to_owned())
}

/// What a column of a row holds. SQLite keeps booleans and moments as whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Nothing,
    Text,
    Int,
    Bool,
    Id,
    At,
}

/// What a whole row reads into: structs by `from_row!`, tuples by position.
pub trait FromDb: Sized {
    fn from_db(row: &DbRow) -> sqlx::Result<Self>;
}

/// `from_row!(Thing { id, name })`: each field from the column of its name.
#[macro_export]
macro_rules! from_row {
    ($t:ty { $($f:ident),+ $(,)? }) => {
        impl $crate::store::db::FromDb for $t {
            fn from_db(row: &$crate::store::db::DbRow) -> sqlx::Result<Self> {
                Ok(Self { $($f: row.col(stringify!($f))?),+ })
            }
        }
    };
}

macro_rules! tuples {
    ($($($t:ident $i:tt),+;)+) => {$(
        impl<$($t: Col),+> FromDb for ($($t,)+) {
            fn from_db(row: &DbRow) -> sqlx::Result<Self> {
                Ok(($(row.get::<$t>($i)?,)+))
            }
        }
    )+};
}
tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
}
