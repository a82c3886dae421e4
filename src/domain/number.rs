//! Exact decimal numbers kept as scaled integers: no float anywhere.
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Reads a plain decimal (`-1234.5`, blanks around it allowed) as an integer of `places` decimals.
///
/// # Errors
/// Says in words for people what is wrong: not a number, too many decimals, or out of `limit`.
pub fn parse_scaled(text: &str, places: u32, limit: i64) -> Result<i64, String> {
    let text = text.trim().replace('\u{2212}', "-");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.as_str()),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !plain(whole) || !plain(part) {
        return Err("Write a number such as 12 or 12.50".into());
    }
    let part = part.trim_end_matches('0');
    if part.len() > places as usize {
        return Err(match places {
            0 => "Write a whole number".into(),
            1 => "At most 1 decimal".into(),
            n => format!("At most {n} decimals"),
        });
    }
    let scaled = format!("{whole}{part:0<width$}", width = places as usize);
    match scaled.parse::<i64>() {
        Ok(n) if n <= limit => Ok(if negative { -n } else { n }),
        _ => Err("This number is too large".into()),
    }
}

/// The shortest text of a scaled integer: `25500` with 4 places is `2.55`.
pub fn print_scaled(value: i64, places: u32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = places as usize + 1);
    let (whole, part) = digits.split_at(digits.len() - places as usize);
    match part.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    }
}

macro_rules! scaled {
    ($($(#[$doc:meta])* $name:ident { places: $places:literal, limit: $limit:literal })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// Decimal places of one unit of the integer.
            pub const PLACES: u32 = $places;
            /// The largest magnitude that input may have.
            pub const LIMIT: i64 = $limit;
        }
        impl FromStr for $name {
            type Err = String;
            fn from_str(s: &str) -> Result<Self, String> {
                parse_scaled(s, $places, $limit).map(Self)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&print_scaled(self.0, $places))
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

scaled! {
    /// An amount per unit in 10^-6 of the currency's major unit; |amount| at most 10^9 major units.
    UnitPrice { places: 6, limit: 1_000_000_000_000_000 }
    /// A quantity in 10^-4 of the line's unit; at most 10^8 units.
    Qty { places: 4, limit: 1_000_000_000_000 }
}

/// A rate in parts per million: 19 % is 190,000. Written in percent, with up to 4 decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub i64);

impl Rate {
    /// A whole: 100 %.
    pub const ONE: i64 = 1_000_000;
}
impl FromStr for Rate {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let text = s.trim();
        let n = parse_scaled(text.strip_suffix('%').unwrap_or(text), 4, Self::ONE)
            .map_err(|e| if e.contains("large") { "At most 100 %".into() } else { e })?;
        if n < 0 { Err("A rate cannot be negative".into()) } else { Ok(Self(n)) }
    }
}
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print_scaled(self.0, 4))
    }
}
impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for bad in ["", "-", ".", "1e3", "NaN", "1,5", "0x1", "1.2.3", "١", "12345678901234567890"]
        {
            assert!(bad.parse::<UnitPrice>().is_err(), "{bad}");
        }
        assert_eq!("1.2345678".parse::<UnitPrice>().unwrap_err(), "At most 6 decimals");
        assert_eq!("100000001".parse::<Qty>().unwrap_err(), "This number is too large");
        assert_eq!("100.1".parse::<Rate>().unwrap_err(), "At most 100 %");
    }

    #[test]
    fn one_value_has_one_text() {
        assert_eq!(" 10.00 ".parse::<UnitPrice>().unwrap().to_string(), "10");
        assert_eq!("-0".parse::<Qty>().unwrap().to_string(), "0");
        assert_eq!(".5".parse::<Qty>().unwrap().to_string(), "0.5");
        assert_eq!("19 %".parse::<Rate>().unwrap().0, 190_000);
    }

    proptest! {
        #[test]
        fn text_and_back(n in -1_000_000_000_000_i64..=1_000_000_000_000) {
            prop_assert_eq!(Qty(n).to_string().parse::<Qty>().unwrap(), Qty(n));
            prop_assert_eq!(UnitPrice(n).to_string().parse::<UnitPrice>().unwrap(), UnitPrice(n));
        }
    }
}
