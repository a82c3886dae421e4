//! One statement: a text with its values, run on whichever database the transaction is of.
use super::row::{Bind, Col, DbRow, FromDb};
use futures_util::{StreamExt, stream::BoxStream};
use sqlx::{
    Arguments, AssertSqlSafe, Error, Executor, Result, SqlSafeStr, SqlStr,
    error::BoxDynError,
    postgres::{PgArguments, PgConnection},
    sqlite::{SqliteArguments, SqliteConnection},
};

/// Which of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

enum Args {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

impl Args {
    fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(SqliteArguments::default()),
            Engine::Postgres => Self::Postgres(PgArguments::default()),
        }
    }
    fn add<'q, T: Bind<'q>>(&mut self, value: T) -> Result<(), BoxDynError> {
        match self {
            Self::Sqlite(a) => Arguments::add(a, value),
            Self::Postgres(a) => Arguments::add(a, value),
        }
    }
    fn len(&self) -> usize {
        match self {
            Self::Sqlite(a) => Arguments::len(a),
            Self::Postgres(a) => Arguments::len(a),
        }
    }
}

/// The connection of a transaction.
pub(super) enum On<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl On<'_> {
    fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }
}

/// A statement that is ready to run.
#[must_use = "a statement does nothing until it is run"]
pub struct Stmt<'c> {
    on: On<'c>,
    text: SqlStr,
    args: Args,
    failed: Option<BoxDynError>,
    cached: bool,
}

/// Runs `$body` with the sqlx query and the connection of whichever database it is.
macro_rules! on_engine {
    ($self:ident, |$query:ident, $conn:ident, $row:ident| $body:expr) => {{
        let Stmt { on, text, args, cached, .. } = $self.checked()?;
        match (on, args) {
            (On::Sqlite($conn), Args::Sqlite(args)) => {
                #[expect(clippy::disallowed_methods, reason = "the one place that runs statements")]
                let $query = sqlx::query_with(text, args).persistent(cached);
                let $row = DbRow::Sqlite;
                $body
            }
            (On::Postgres($conn), Args::Postgres(args)) => {
                #[expect(clippy::disallowed_methods, reason = "the one place that runs statements")]
                let $query = sqlx::query_with(text, args).persistent(cached);
                let $row = DbRow::Postgres;
                $body
            }
            _ => Err(Error::Protocol("values were bound for the other database".into())),
        }
    }};
}

impl<'c> Stmt<'c> {
    pub(super) fn new(on: On<'c>, text: &'static str) -> Self {
        let args = Args::new(on.engine());
        Self { on, text: text.into_sql_str(), args, failed: None, cached: true }
    }

    /// The next value; `$1` is the first.
    pub fn bind<'q, T: Bind<'q>>(mut self, value: T) -> Self {
        if let Err(e) = self.args.add(value) {
            self.failed.get_or_insert(e);
        }
        self
    }

    /// SQLite takes a missing value for NULL, so the placeholders are counted here.
    fn checked(self) -> Result<Self> {
        if let Some(e) = self.failed {
            return Err(Error::Encode(e));
        }
        let text = self.text.as_str();
        tracing::trace!(target: "tributary::sql", text);
        let wanted = placeholders(text);
        if wanted == self.args.len() {
            Ok(self)
        } else {
            let have = self.args.len();
            Err(Error::Protocol(format!("{wanted} placeholders, {have} values: {text}")))
        }
    }

    /// Rows affected.
    pub async fn run(self) -> Result<u64> {
        on_engine!(self, |query, conn, _row| Ok(conn.execute(query).await?.rows_affected()))
    }
    async fn rows(self) -> Result<Vec<DbRow>> {
        on_engine!(self, |query, conn, row| Ok(conn
            .fetch_all(query)
            .await?
            .into_iter()
            .map(row)
            .collect()))
    }
    async fn row(self) -> Result<Option<DbRow>> {
        on_engine!(self, |query, conn, row| Ok(conn.fetch_optional(query).await?.map(row)))
    }

    /// Every row.
    pub async fn all<T: FromDb>(self) -> Result<Vec<T>> {
        self.rows().await?.iter().map(T::from_db).collect()
    }
    /// The row, if there is one.
    pub async fn optional<T: FromDb>(self) -> Result<Option<T>> {
        self.row().await?.map(|r| T::from_db(&r)).transpose()
    }
    /// The one row.
    ///
    /// # Errors
    /// `RowNotFound` if there is none.
    pub async fn one<T: FromDb>(self) -> Result<T> {
        self.optional().await?.ok_or(Error::RowNotFound)
    }
    /// The first column of the one row.
    pub async fn value<T: Col>(self) -> Result<T> {
        Ok(self.one::<(T,)>().await?.0)
    }

    /// Rows as they come, so that memory stays flat.
    pub fn stream(self) -> Result<BoxStream<'c, Result<DbRow>>> {
        on_engine!(self, |query, conn, row| Ok(conn.fetch(query).map(move |r| r.map(row)).boxed()))
    }
}

/// `?` each, or the highest `$n`.
fn placeholders(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut marks, mut highest, mut i) = (0, 0, 0);
    while i < bytes.len() {
        if bytes[i] == b'?' {
            marks += 1;
        } else if bytes[i] == b'$' {
            let digits = bytes[i + 1..].iter().take_while(|b| b.is_ascii_digit());
            let n = digits.fold(0_usize, |n, d| n * 10 + usize::from(d - b'0'));
            highest = highest.max(n);
        }
        i += 1;
    }
    marks.max(highest)
}

/// SQL put together at run time: text is only ever `&'static str`, data only ever binds.
pub struct Builder {
    text: String,
    args: Args,
    failed: Option<BoxDynError>,
    cached: bool,
}

impl Builder {
    /// For statements that are made before their transaction is at hand; else [`super::Tx::builder`].
    pub fn new(engine: Engine) -> Self {
        Self { text: String::new(), args: Args::new(engine), failed: None, cached: true }
    }

    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Not kept as a prepared statement: PostgreSQL then plans it on the values that it has.
    pub fn planned_anew(&mut self) -> &mut Self {
        self.cached = false;
        self
    }

    /// A placeholder with its value. SQLite looks each `$n` up by name in a list, which is
    /// quadratic for long lists; a bare `?` has no name.
    pub fn bind<'q, T: Bind<'q>>(&mut self, value: T) -> &mut Self {
        if let Err(e) = self.args.add(value) {
            self.failed.get_or_insert(e);
        }
        match &self.args {
            Args::Sqlite(_) => self.text.push('?'),
            Args::Postgres(_) => {
                let n = self.args.len().to_string();
                self.text.push('$');
                self.text.push_str(&n);
            }
        }
        self
    }

    /// `(v1, v2, …)`; `(NULL)`, which matches nothing, for an empty list. Padded with its last
    /// value to a power of two, so that the statement cache holds a handful of texts.
    pub fn list<'q, T: Bind<'q> + Clone>(&mut self, values: &[T]) -> &mut Self {
        let Some(last) = values.last() else {
            return self.push("(NULL)");
        };
        let n = values.len().next_power_of_two();
        self.cached &= n <= 64;
        for i in 0..n {
            self.push(if i == 0 { "(" } else { "," });
            self.bind(values.get(i).unwrap_or(last).clone());
        }
        self.push(")")
    }

    /// `VALUES (…), (…)`: `columns` binds one row.
    pub fn values<T>(
        &mut self,
        rows: impl IntoIterator<Item = T>,
        mut columns: impl FnMut(&mut Tuple<'_>, T),
    ) -> &mut Self {
        self.push("VALUES ");
        for (i, row) in rows.into_iter().enumerate() {
            if i > 0 {
                self.push(",");
            }
            self.tuple(|tuple| columns(tuple, row));
        }
        self
    }

    /// `(v1, v2, …)` of different kinds.
    pub fn tuple(&mut self, columns: impl FnOnce(&mut Tuple<'_>)) -> &mut Self {
        self.push("(");
        columns(&mut Tuple { sql: self, first: true });
        self.push(")")
    }

    pub(super) fn on(self, on: On<'_>) -> Stmt<'_> {
        let Self { text, args, failed, cached } = self;
        Stmt { on, text: AssertSqlSafe(text).into_sql_str(), args, failed, cached }
    }
}

/// One row of [`Builder::values`].
pub struct Tuple<'a> {
    sql: &'a mut Builder,
    first: bool,
}

impl Tuple<'_> {
    pub fn bind<'q, T: Bind<'q>>(&mut self, value: T) -> &mut Self {
        if !std::mem::take(&mut self.first) {
            self.sql.push(",");
        }
        self.sql.bind(value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::placeholders;

    #[test]
    fn placeholders_are_counted() {
        assert_eq!(placeholders("SELECT $1, $2 WHERE a = $1"), 2);
        assert_eq!(placeholders("SELECT ? WHERE a = ?"), 2);
        assert_eq!(placeholders("SELECT 1"), 0);
    }
}
