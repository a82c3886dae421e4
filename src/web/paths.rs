//! Every URL that is made rather than written in a template.
use crate::domain::field::Kind;
use std::fmt::Display;

/// The sign-in page, with the way back.
pub fn login_and_back(next: &str) -> String {
    if next == "/" {
        return "/login".into();
    }
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("/login?next={next}")
}

/// Where to go after signing in: a path of this site, nothing else.
pub fn safe_next(next: &str) -> Option<&str> {
    let plain = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    let clean =
        !next.chars().any(char::is_control) && !next.to_ascii_lowercase().starts_with("/%2f");
    (plain && clean && next.len() < 2000).then_some(next)
}

/// A company's dashboard.
pub fn home(slug: &str) -> String {
    format!("/{slug}/main")
}

/// A record's page.
pub fn record(base: &str, kind: Kind, id: impl Display) -> String {
    format!("{base}/{}/{id}", kind.slug())
}

/// A kind's list.
pub fn list(base: &str, kind: Kind) -> String {
    format!("{base}/{}", kind.slug())
}

/// A branch's own page, from where main begins.
pub fn branch(main: &str, slug: &str) -> String {
    format!("{main}/branches/{slug}")
}

/// The same page of a company in another world.
pub fn in_world(path: &str, slug: &str) -> Option<String> {
    let (company, rest) = path.strip_prefix('/')?.split_once('/')?;
    let (_, page) = rest.split_once('/')?;
    Some(format!("/{company}/{slug}/{page}"))
}

/// Where everything that a list shows is changed at once.
pub fn batch_of(base: &str, kind: Kind) -> String {
    format!("{base}/{}/batch", kind.slug())
}

/// A batch's page, from where main begins.
pub fn batch(main: &str, id: impl Display) -> String {
    format!("{main}/batches/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        assert_eq!(safe_next("/acme/main/orders?q=a"), Some("/acme/main/orders?q=a"));
        for bad in [
            "//evil",
            "/\\evil",
            "https:evil",
            "javascript:x",
            "evil",
            "",
            "/a\r\nb",
            "/%2f/evil",
            "/%2F%2Fevil",
            "/\tx",
        ] {
            assert_eq!(safe_next(bad), None, "{bad:?}");
        }
    }
}
