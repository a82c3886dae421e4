//! Money: integers of the currency's minor unit, shown with its sign.
use super::{
    number::{parse_scaled, print_scaled},
    text::grouped,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::str::FromStr;

/// The largest magnitude of a document's total, in minor units.
pub const MAX_MINOR: i64 = 1_000_000_000_000_000;

/// An ISO 4217 currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimals of the minor unit: JPY 0, EUR 2, KWD 3.
    pub fn exponent(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(2))
    }

    /// `£1,234.50`, with a true minus; a currency without a sign of its own shows its code.
    pub fn show(self, minor: i64) -> String {
        let plain = self.plain(minor.saturating_abs());
        let (whole, part) = plain.split_once('.').map_or((plain.as_str(), ""), |(w, p)| (w, p));
        let grouped = grouped(whole);
        let sign = if minor < 0 { "\u{2212}" } else { "" };
        let dot = if part.is_empty() { "" } else { "." };
        match self.code() {
            "GBP" => format!("{sign}£{grouped}{dot}{part}"),
            "EUR" => format!("{sign}€{grouped}{dot}{part}"),
            "USD" => format!("{sign}${grouped}{dot}{part}"),
            code => format!("{sign}{code}\u{a0}{grouped}{dot}{part}"),
        }
    }

    /// `1234.50`: for files and fields.
    pub fn plain(self, minor: i64) -> String {
        let places = self.exponent();
        let text = print_scaled(minor, places);
        if places == 0 {
            return text;
        }
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        format!("{whole}.{part:0<width$}", width = places as usize)
    }

    /// Reads an amount in major units.
    ///
    /// # Errors
    /// Says what is wrong with the number.
    pub fn parse(self, text: &str) -> Result<i64, String> {
        parse_scaled(text, self.exponent(), MAX_MINOR)
    }
}

impl FromStr for Currency {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        iso_currency::Currency::from_code(&s.trim().to_ascii_uppercase())
            // what has no minor unit is no money: metals, tests, no currency at all
            .filter(|c| c.exponent().is_some())
            .map(Self)
            .ok_or_else(|| "Write a currency code such as GBP or EUR".into())
    }
}
impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        // what is kept is read, whatever may be written today
        let known = iso_currency::Currency::from_code(&text).map(Self);
        known.ok_or_else(|| serde::de::Error::custom("no currency of ISO 4217"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_in_their_currency() {
        let of = |code: &str| code.parse::<Currency>().unwrap();
        assert_eq!(of("GBP").show(974_774_793), "£9,747,747.93");
        assert_eq!(of("GBP").show(-5), "\u{2212}£0.05");
        assert_eq!(of("jpy").show(1234), "JPY\u{a0}1,234");
        assert_eq!(of("KWD").plain(1), "0.001");
        for none in ["XYZ", "XXX", "XAU"] {
            assert!(none.parse::<Currency>().is_err(), "{none}");
        }
    }
}
