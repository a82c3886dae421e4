//! What is bound and what is read, the same on both databases.
use sqlx::{Decode, Encode, Postgres, Row, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

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
    /// By name.
    pub fn col<T: Col>(&self, name: &str) -> sqlx::Result<T> {
        match self {
            Self::Sqlite(r) => r.try_get(name),
            Self::Postgres(r) => r.try_get(name),
        }
    }
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
