//! The registry's vocabulary: every field of every record is declared once, and forms, the API,
//! diff, merge, history and import all read that declaration.
use super::policy::Act;
use crate::vocabulary;

vocabulary! {
    /// The kinds of versioned records. The stored word is also the resource's name in a hash leaf.
    Kind {
        Order = "order", "Order";
        Customer = "customer", "Customer";
        Product = "product", "Product";
        TaxCode = "tax_code", "Tax code";
    }
}

impl Kind {
    /// The resource in URLs.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Order => "orders",
            Self::Customer => "customers",
            Self::Product => "products",
            Self::TaxCode => "tax-codes",
        }
    }

    /// Several of them, as a title.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Order => "Orders",
            Self::Customer => "Customers",
            Self::Product => "Products",
            Self::TaxCode => "Tax codes",
        }
    }
}

/// What a field may hold; decides how input is read and how a value is shown.
#[derive(Clone, Copy, Debug)]
pub enum Ty {
    /// One line of text.
    Text(usize),
    /// Text of several lines.
    Note(usize),
    Email,
    /// A day, `2026-11-22`.
    Day,
    /// A moment, RFC 3339.
    Moment,
    /// ISO 3166 alpha-2, or a name that is not in the standard's list.
    Country,
    Currency,
    Price,
    Qty,
    Rate,
    /// A whole number from 0 to the given one.
    Whole(i64),
    Bool,
    /// One of a closed vocabulary: stored word and label.
    Word(&'static [(&'static str, &'static str)]),
    /// The id of another record of this company.
    Ref(Kind),
    /// A set of words.
    Tags,
    /// Values by names that the company chooses: an object of texts.
    Map,
    /// Fields that change as one: an address.
    Object(&'static [Field]),
    /// Owned parts with ids of their own, merged by id. The word names one of them.
    Parts(&'static str, &'static [Field]),
}

/// How two changes of one field come together (design: merge rules by class).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Two different values are a conflict.
    Scalar,
    /// Lines that only one side changed hold, if they lie apart; else a conflict.
    Text,
    /// What both sides added or took away holds.
    Counter,
    /// Additions and removals of both sides hold.
    Set,
    /// Each name by itself: two values for one are a conflict.
    Map,
    /// Merged by the ids of the parts.
    Parts,
    /// The smaller wins; order is not worth a conflict.
    Position,
    /// Never differs between versions of one record.
    Immutable,
    /// Set by the system in the same change, never merged by hand.
    System,
}

/// Which part of a record a state may freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Notes and tags: always free.
    Free,
    Dates,
    Address,
    Lines,
    /// Customer, currency, price mode.
    Party,
}

/// One declared field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    pub ty: Ty,
    pub class: Class,
    /// Fields of one group change and conflict as one; empty: alone.
    pub group: &'static str,
    pub lock: Lock,
    pub required: bool,
    /// It tells of a person, who may want it erased.
    pub personal: bool,
    /// The right that it takes to see it, beside that to read its record.
    pub seen_with: Option<Act>,
    /// The field beside whose value it is a random text; empty: none. What not everybody sees has one, or a
    /// hash of the body would let it be guessed.
    pub salts: &'static str,
    /// Whether people and programs may set it; otherwise only commands do.
    pub input: bool,
    pub hint: &'static str,
    /// For a state: whether one word leads to another by one command.
    pub moves: Option<fn(&str, &str) -> bool>,
}

impl Field {
    pub const fn new(name: &'static str, label: &'static str, ty: Ty) -> Self {
        let class = match ty {
            Ty::Tags => Class::Set,
            Ty::Map => Class::Map,
            Ty::Note(_) => Class::Text,
            Ty::Parts(..) => Class::Parts,
            _ => Class::Scalar,
        };
        let (lock, group) = (Lock::Free, "");
        let (required, personal, input) = (false, false, true);
        let (salts, hint) = ("", "");
        let (seen_with, moves) = (None, None);
        Self {
            name,
            label,
            ty,
            class,
            group,
            lock,
            required,
            personal,
            seen_with,
            salts,
            input,
            hint,
            moves,
        }
    }
    #[must_use]
    pub const fn moves(mut self, moves: fn(&str, &str) -> bool) -> Self {
        self.moves = Some(moves);
        self
    }
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
    #[must_use]
    pub const fn personal(mut self) -> Self {
        self.personal = true;
        self
    }
    /// Only who has this right sees it.
    #[must_use]
    pub const fn seen_with(mut self, act: Act) -> Self {
        self.seen_with = Some(act);
        self
    }
    /// A random text beside a field's value.
    #[must_use]
    pub const fn salts(mut self, of: &'static str) -> Self {
        self.salts = of;
        self.class(Class::System)
    }
    #[must_use]
    pub const fn group(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }
    #[must_use]
    pub const fn lock(mut self, lock: Lock) -> Self {
        self.lock = lock;
        self
    }
    #[must_use]
    pub const fn class(mut self, class: Class) -> Self {
        self.class = class;
        self.input = !matches!(class, Class::Immutable | Class::System);
        self
    }
    /// A position moves with its part and is written by people and programs alike.
    #[must_use]
    pub const fn position(mut self) -> Self {
        self.class = Class::Position;
        self
    }
    #[must_use]
    pub const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }
}

/// How a [`Ty::Map`] is written in a form.
pub const OWN_FIELDS: &str = "A line for each, such as: Colour: red";
/// The longest name and the longest value in a [`Ty::Map`].
pub const MAP_NAME: usize = 40;
pub const MAP_VALUE: usize = 400;

/// Finds a field by its name.
pub fn find(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    fields.iter().find(|f| f.name == name)
}

/// The fields of a postal address, which change as one.
pub const ADDRESS: &[Field] = &[
    Field::new("name", "Name", Ty::Text(120)).personal(),
    Field::new("line1", "Street", Ty::Text(160)).personal(),
    Field::new("line2", "More", Ty::Text(160)).personal(),
    Field::new("postcode", "Postcode", Ty::Text(20)).personal(),
    Field::new("city", "City", Ty::Text(120)).personal(),
    Field::new("region", "Region", Ty::Text(120)),
    Field::new("country", "Country", Ty::Country),
];
