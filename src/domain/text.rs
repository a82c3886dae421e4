//! Text as people type it: made canonical once, folded for search and uniqueness.
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// NFC, line ends as `\n`, outer blanks removed. `lines` keeps line breaks, else they become blanks.
pub fn clean(raw: &str, lines: bool) -> String {
    let text: String = raw.replace("\r\n", "\n").nfc().collect();
    let text = if lines { text } else { text.replace(['\n', '\t'], " ") };
    text.trim().to_owned()
}

/// A character that no record may hold: controls (NUL above all) and the marks that turn the
/// direction of text around, which make one thing look like another.
pub fn forbidden(c: char) -> bool {
    let control = c.is_control() && c != '\n' && c != '\t';
    let bidi = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    control || bidi || c == '\u{FEFF}'
}

/// Without case and accents: the key by which text is found, sorted and kept unique, the same on
/// both databases because it is made here.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.trim().to_ascii_lowercase();
    }
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// A name as URLs write it: letters, digits and hyphens, beginning with a letter, or else with a word.
pub fn slug(name: &str, word: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let plain: String = fold(name).chars().map(fit).collect();
    let parts: Vec<&str> = plain.split('-').filter(|p| !p.is_empty()).collect();
    let mut slug: String = parts.join("-").chars().take(40).collect();
    if !slug.starts_with(|c: char| c.is_ascii_lowercase()) {
        slug = format!("{word}-{slug}");
    }
    slug.trim_end_matches('-').to_owned()
}

/// The folded words of a text: runs of letters and digits.
pub fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The first letters of the first two words, for a badge.
pub fn initials(name: &str) -> String {
    let firsts = name.split_whitespace().filter_map(|w| w.chars().next());
    firsts.take(2).flat_map(char::to_uppercase).collect()
}

/// Digits in groups of three: `24,564`.
pub fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_forgets_case_accents_and_form() {
        assert_eq!(fold(" Straßenbäckerei KÜHN "), "straßenbackerei kuhn");
        assert_eq!(fold("e\u{301}"), fold("É"));
        assert_eq!(fold(" SKU-0001\t"), "sku-0001");
        assert_eq!(words("SO-2026/00042, 85123a"), ["so", "2026", "00042", "85123a"]);
    }

    #[test]
    fn odd_characters_are_found() {
        assert!("a\0b".chars().any(forbidden));
        assert!("a\u{202E}b".chars().any(forbidden));
        assert!(!"a\nb\u{1F600}é".chars().any(forbidden));
    }
}
