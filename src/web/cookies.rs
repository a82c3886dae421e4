//! The small cookies beside the session: the theme, and what to say on the next page.
use axum::http::{HeaderMap, HeaderValue, header};

/// What was just done, told once on the page that follows. A closed list: nothing typed comes back.
const DONE: &[(&str, &str)] = &[
    ("saved", "Saved"),
    ("merged", "Saved. Someone else changed other fields meanwhile; both changes hold"),
    ("unchanged", "Nothing was different, so nothing was saved"),
    ("created", "Created"),
    ("confirmation", "Confirmed"),
    ("completion", "Completed"),
    ("reopening", "Reopened"),
    ("cancellation", "Cancelled"),
    ("deleted", "Deleted"),
    ("erased", "Erased. The change log says when and why"),
    ("reinstatement", "Reinstated as a draft"),
    ("branch-opened", "Opened. What you change here stays here until it is merged"),
    ("branch-merged", "Merged into main"),
    ("part-merged", "Merged into main. The rest stays in the branch"),
    ("branch-seen", "Saved who sees this branch"),
    ("branch-reviewers", "Saved who is asked to review this branch"),
    ("named", "Named"),
    ("branch-approved", "Approved"),
    ("taken-back", "Taken back. That you said something stays"),
    ("approval-withdrawn", "Your approval is taken back"),
    ("branch-synced", "Brought up to date with main"),
    ("sync-undone", "The branch is what it was before it was brought up to date"),
    ("branch-discarded", "Put away. It can be reopened from here"),
    ("nothing-to-do", "There was nothing to do"),
    ("reverted", "Taken back. What others changed since stays"),
    ("decided", "Decided"),
    ("signed-out", "Signed out"),
    ("password", "Your password is changed. Sign in with the new one"),
];

/// The value of a cookie.
pub fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, v)| v)
}

/// `light`, `dark`, or nothing for what the system says.
pub fn theme(headers: &HeaderMap) -> &'static str {
    match get(headers, "theme") {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "",
    }
}

/// The sentence for what was just done.
pub fn done(headers: &HeaderMap) -> Option<&'static str> {
    let word = get(headers, "done")?;
    DONE.iter().find(|(w, _)| *w == word).map(|(_, text)| *text)
}

/// Says it on the next page.
pub fn say(word: &str) -> HeaderValue {
    let known = DONE.iter().find(|(w, _)| *w == word).map_or("", |(w, _)| w);
    value(&format!("done={known}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"))
}

/// Has been said.
pub fn said() -> HeaderValue {
    HeaderValue::from_static("done=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
}

/// Keeps a theme for a year.
pub fn keep_theme(theme: &str) -> HeaderValue {
    let theme = if matches!(theme, "light" | "dark") { theme } else { "system" };
    value(&format!("theme={theme}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"))
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
