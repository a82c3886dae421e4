//! How the domain's types stand in columns, so that the domain knows nothing of databases.
use crate::domain::{
    batch::BatchState,
    branch::{BranchState, Visibility},
    ids::{CompanyId, CustomerId, OrderId, ProductId, TaxCodeId, TokenId, UserId},
    order::State,
    policy::Role,
    time::Ts,
};
use sqlx::{
    Decode, Encode, Postgres, Sqlite, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, PgValueRef, types::Oid},
    sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef},
};
use uuid::Uuid;

/// `$t` is stored as `$inner`: `$into` makes the one of the other, `$from` reads it back.
macro_rules! stored_as {
    ($($t:ty as $inner:ty: $into:expr, $from:expr;)+) => {$(
        impl Type<Sqlite> for $t {
            fn type_info() -> SqliteTypeInfo { <$inner as Type<Sqlite>>::type_info() }
            fn compatible(ty: &SqliteTypeInfo) -> bool { <$inner as Type<Sqlite>>::compatible(ty) }
        }
        impl Type<Postgres> for $t {
            fn type_info() -> PgTypeInfo { <$inner as Type<Postgres>>::type_info() }
            fn compatible(ty: &PgTypeInfo) -> bool { <$inner as Type<Postgres>>::compatible(ty) }
        }
        impl Encode<'_, Sqlite> for $t {
            fn encode_by_ref(&self, buf: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
                let into: fn(&$t) -> $inner = $into;
                Encode::<Sqlite>::encode(into(self), buf)
            }
        }
        impl Encode<'_, Postgres> for $t {
            fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let into: fn(&$t) -> $inner = $into;
                Encode::<Postgres>::encode(into(self), buf)
            }
        }
        impl<'r> Decode<'r, Sqlite> for $t {
            fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
                let from: fn($inner) -> Result<$t, BoxDynError> = $from;
                from(Decode::<Sqlite>::decode(value)?)
            }
        }
        impl<'r> Decode<'r, Postgres> for $t {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                let from: fn($inner) -> Result<$t, BoxDynError> = $from;
                from(Decode::<Postgres>::decode(value)?)
            }
        }
    )+};
}

stored_as! {
    CompanyId as Uuid: |v| v.0, |v| Ok(CompanyId(v));
    UserId as Uuid: |v| v.0, |v| Ok(UserId(v));
    TokenId as Uuid: |v| v.0, |v| Ok(TokenId(v));
    OrderId as Uuid: |v| v.0, |v| Ok(OrderId(v));
    CustomerId as Uuid: |v| v.0, |v| Ok(CustomerId(v));
    ProductId as Uuid: |v| v.0, |v| Ok(ProductId(v));
    TaxCodeId as Uuid: |v| v.0, |v| Ok(TaxCodeId(v));
    BranchState as String: |v| v.word().to_owned(), |v| Ok(v.parse::<BranchState>()?);
    BatchState as String: |v| v.word().to_owned(), |v| Ok(v.parse::<BatchState>()?);
    Visibility as String: |v| v.word().to_owned(), |v| Ok(v.parse::<Visibility>()?);
    State as String: |v| v.word().to_owned(), |v| Ok(v.parse::<State>()?);
    Role as String: |v| v.word().to_owned(), |v| Ok(v.parse::<Role>()?);
}

/// Microseconds between 1970, where we count from, and 2000, where PostgreSQL does.
const PG_EPOCH: i64 = 946_684_800_000_000;
const TIMESTAMPTZ: Oid = Oid(1184);

impl Type<Sqlite> for Ts {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info()
    }
    fn compatible(ty: &SqliteTypeInfo) -> bool {
        <i64 as Type<Sqlite>>::compatible(ty)
    }
}
impl Type<Postgres> for Ts {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMPTZ)
    }
}
impl Encode<'_, Sqlite> for Ts {
    fn encode_by_ref(&self, buf: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Sqlite>::encode(self.micros(), buf)
    }
}
impl Encode<'_, Postgres> for Ts {
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let us = self.micros().checked_sub(PG_EPOCH).ok_or("moment out of range")?;
        Encode::<Postgres>::encode(us, buf)
    }
}
impl<'r> Decode<'r, Sqlite> for Ts {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self::from_micros(Decode::<Sqlite>::decode(value)?))
    }
}
impl<'r> Decode<'r, Postgres> for Ts {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let us: i64 = Decode::<Postgres>::decode(value)?;
        Ok(Self::from_micros(us.checked_add(PG_EPOCH).ok_or("moment out of range")?))
    }
}
