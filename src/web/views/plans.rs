//! A plan as people look at it: what would change, and what has to be decided first.
use super::{
    branches::brings,
    conflicts::{ConflictView, KindView, authors, card, kinds},
    fields::Showing,
    frames::{Frame, Word},
    history::{ChangeView, change},
    reviews::{CheckView, ReviewView},
    text::counted,
};
use crate::{
    domain::{
        check::Problems, history::merge::Notice, money::Currency, page::Count, policy::Act,
        text::grouped,
    },
    service::{
        error::Result,
        merge::{self, Denied, Effect, Job, Outline, Record, Told},
        references::{self, Titles, reference},
    },
    web::{
        extract::Visit,
        form::Form,
        paths,
        query::Query,
        view::{Shell, View},
    },
};
use askama::Template;

/// Records with conflicts on a page, and records that change.
const CONFLICTS: usize = 25;
const CHANGES: usize = 50;

/// What was typed for a conflict and is no value of it.
#[derive(Default)]
pub(in crate::web) struct Typed {
    pub id: String,
    pub path: String,
    pub value: String,
    pub why: String,
}

impl Typed {
    pub(in crate::web) fn again(form: &Form, problems: &Problems) -> Self {
        let why = ["value", "choice", "kind", "id"].iter().find_map(|at| problems.get(at));
        let text = |name: &str| form.text(name).to_owned();
        let why = why.unwrap_or_default().to_owned();
        Self { id: text("id"), path: text("path"), value: text("value"), why }
    }
}

/// The page, and the part of it that a decision changes.
#[derive(Template)]
#[template(path = "branches/plan.html", blocks = ["plan"])]
pub(in crate::web) struct PlanView {
    pub shell: Shell,
    pub of: Frame,
    pub name: String,
    pub counts: Vec<(String, &'static str)>,
    pub money: Vec<String>,
    pub denied: Vec<String>,
    pub open: usize,
    pub records: usize,
    /// `Merge 42 changed records`
    pub button: String,
    pub kinds: Vec<KindView>,
    pub conflicts: Vec<ConflictView>,
    pub more_conflicts: Option<String>,
    pub changes: Vec<RecordView>,
    pub more_changes: Option<String>,
    /// On a later page.
    pub later: bool,
    pub may_decide: bool,
    /// Where approvals are needed or given.
    pub review: Option<ReviewView>,
    pub checks: Vec<CheckView>,
    /// For a sync: `12 changes` of main that come along; empty if the branch has seen all of main.
    pub brings: Option<String>,
}
impl PlanView {
    /// It would change nothing at all.
    fn is_up_to_date(&self) -> bool {
        self.brings.as_ref().is_some_and(String::is_empty)
    }
    /// Where it stands, in a few words.
    fn status(&self) -> String {
        match self.open {
            0 if self.is_up_to_date() => "The branch has all of main already".into(),
            0 if self.records == 0 && self.brings.is_none() => "Nothing to do".into(),
            0 => self.waits().unwrap_or(self.of.ready()).into(),
            1 => "1 conflict left".into(),
            n => format!("{n} conflicts left"),
        }
    }
    /// What it waits for, if it does.
    fn waits(&self) -> Option<&'static str> {
        let lacks = self.review.as_ref().is_some_and(|r| !r.enough);
        let stopped = self.checks.iter().any(|c| c.stops);
        lacks.then_some("Waiting for approval").or(stopped.then_some("A check does not pass"))
    }
    /// Some of its records can be merged by themselves.
    fn may_pick(&self) -> bool {
        self.of.may && self.of.may_keep && self.records > 1
    }
}
impl View for PlanView {
    fn region(&self, target: &str) -> Option<askama::Result<String>> {
        (target == "plan").then(|| self.as_plan().render())
    }
}

/// The page of a plan that takes a while to be made.
#[derive(Template)]
#[template(path = "branches/waiting.html")]
pub(in crate::web) struct Waiting {
    pub shell: Shell,
    pub of: Frame,
    /// It is being done, not just looked at.
    pub acting: bool,
}
impl View for Waiting {}
impl Waiting {
    pub(in crate::web) fn of(visit: &Visit, job: &Job, acting: bool) -> Self {
        let mut of = Frame::of(visit, job);
        if acting {
            of.url = PlanView::acting(visit, job);
        }
        Self { shell: Shell::of(visit, of.heading.clone(), "branches"), of, acting }
    }
}

/// A record that would change.
pub(in crate::web) struct RecordView {
    /// Its name among those that are chosen.
    pub key: String,
    pub kind: &'static str,
    pub title: String,
    pub href: String,
    pub effect: &'static str,
    pub class: &'static str,
    pub changes: Vec<ChangeView>,
    pub notices: Vec<String>,
}

impl PlanView {
    /// The address of a job's plan.
    pub(in crate::web) fn url(visit: &Visit, job: &Job) -> String {
        match job {
            Job::Merge(b, only) => {
                let page = format!("{}/plan", paths::branch(&visit.main(), &b.slug));
                if only.is_all() { page } else { format!("{page}?only={}", only.text()) }
            }
            Job::Sync(b) => format!("{}/plan?for=sync", paths::branch(&visit.main(), &b.slug)),
            Job::Revert(seq) => format!("{}/commits/{seq}/revert", visit.main()),
        }
    }

    /// Its address while it is being done, which leads on when it is.
    pub(in crate::web) fn acting(visit: &Visit, job: &Job) -> String {
        let url = Self::url(visit, job);
        format!("{url}{}acting=true", if url.contains('?') { "&" } else { "?" })
    }

    pub(in crate::web) async fn of(visit: &Visit, plan: &Outline, typed: Typed) -> Result<Self> {
        let query = Query::of(&visit.uri);
        let from = |name: &str| query.get(name).parse().unwrap_or(0);
        let told = async |which, page| plan.told(&visit.ctx, which, page).await;
        let (clashing, all_clashing) =
            told(Told::Conflicts, (from("conflicts"), CONFLICTS)).await?;
        let (changing, all_changing) = told(Told::Changes, (from("changes"), CHANGES)).await?;
        let titles = titles(visit, clashing.iter().chain(&changing)).await?;
        let zone = visit.ctx.company.zone();
        let showing = Showing { zone: &zone, titles: &titles };
        let who = authors(visit, &clashing).await?;
        let (base, word) = (within(visit, &plan.job), Word::of(&plan.job));
        let each = clashing.iter().flat_map(|r| r.conflicts.iter().map(move |c| (r, c)));
        let main = visit.main();
        let card = |(n, (r, c))| {
            card((visit, (&base, &main)), (n, r, c), (&showing, &who), (&word, &typed))
        };
        let conflicts: Vec<ConflictView> = each.enumerate().map(card).collect();
        // what it deletes is on main still
        let place = |r: &Record| if r.effect == Effect::Deleted { &main } else { &base };
        let changes = changing.iter().map(|r| shown(place(r), r, &showing)).collect();
        let more = |name: &str, from: usize, page: usize, all: usize| {
            let (url, next) = (Self::url(visit, &plan.job), from + page);
            let sign = if url.contains('?') { '&' } else { '?' };
            (next < all).then(|| format!("{url}{sign}{name}={next}"))
        };
        let more_conflicts = more("conflicts", from("conflicts"), CONFLICTS, all_clashing);
        let more_changes = more("changes", from("changes"), CHANGES, all_changing);
        let later = from("conflicts") + from("changes") > 0;
        let review = merge::review(&visit.ctx, plan).await?;
        let review = review.map(|r| ReviewView::of(visit, plan, &r));
        let out =
            Self { more_conflicts, more_changes, later, review, ..Self::counted(visit, plan) };
        Ok(Self { conflicts, changes, brings: brings(visit, &plan.job).await?, ..out })
    }

    /// Without records.
    fn counted(visit: &Visit, plan: &Outline) -> Self {
        let (of, s, word) = (Frame::of(visit, &plan.job), &plan.summary, Word::of(&plan.job));
        let base = within(visit, &plan.job);
        let counts = [(s.created, "created"), (s.changed, "changed"), (s.deleted, "deleted")];
        let button = match plan.job {
            Job::Sync(_) => "Bring in main".to_owned(),
            _ => format!("{} {}", of.word.verb, counted(whole(s.records()), "changed record")),
        };
        Self {
            shell: Shell::of(visit, of.heading.clone(), "branches"),
            of,
            name: plan.name.clone(),
            counts: counts.into_iter().map(|(n, word)| (grouped(&n.to_string()), word)).collect(),
            money: s.money.iter().map(|(code, sum)| money(code, *sum)).collect(),
            denied: denied(plan),
            open: s.conflicts,
            records: s.records(),
            button,
            kinds: kinds(&plan.open, &word),
            conflicts: vec![],
            more_conflicts: None,
            changes: vec![],
            more_changes: None,
            later: false,
            may_decide: visit.ctx.scope.may(Act::OpenBranch),
            review: None,
            checks: plan.verdicts.iter().map(|v| CheckView::of(&base, v)).collect(),
            brings: None,
        }
    }
}

fn whole(n: usize) -> Count {
    Count::Exactly(i64::try_from(n).unwrap_or(i64::MAX))
}

fn denied(plan: &Outline) -> Vec<String> {
    // a sync takes in what others were allowed to do
    let asked = !matches!(plan.job, Job::Sync(_));
    plan.denied.iter().filter(|_| asked).take(5).map(Denied::told).collect()
}

/// `+£1,234.00`
fn money(code: &str, sum: i64) -> String {
    let text = code.parse::<Currency>().map_or_else(|_| sum.to_string(), |c| c.show(sum));
    if sum > 0 { format!("+{text}") } else { text }
}

/// Where the records of the job are looked at: in the branch, or on main.
fn within(visit: &Visit, job: &Job) -> String {
    match job.branch() {
        Some(b) => format!("/{}/{}", visit.ctx.company.slug, b.slug),
        None => visit.main(),
    }
}

async fn titles(visit: &Visit, records: impl Iterator<Item = &Record>) -> Result<Titles> {
    let mut wanted = vec![];
    for r in records {
        let values = r.changes.iter().flat_map(|c| [(c.ty, &c.before), (c.ty, &c.after)]);
        wanted.extend(values.filter_map(|(ty, v)| reference(ty, v)));
        let fields = r.conflicts.iter().flat_map(|(c, _)| &c.fields);
        let values = fields.flat_map(|f| [&f.base, &f.ours, &f.theirs].map(|v| (f.ty, v)));
        wanted.extend(values.filter_map(|(ty, v)| reference(ty, v)));
    }
    references::titles(&visit.ctx, wanted).await
}

fn shown(base: &str, r: &Record, showing: &Showing<'_>) -> RecordView {
    let (effect, class) = match r.effect {
        Effect::Created => ("created", "is-good"),
        Effect::Deleted => ("deleted", "is-bad"),
        Effect::Changed => ("changed", ""),
        Effect::Nothing => ("stays", ""),
    };
    RecordView {
        key: format!("{}:{}", r.kind.word(), r.id),
        kind: r.kind.label(),
        title: r.title.clone(),
        href: paths::record(base, r.kind, r.id),
        effect,
        class,
        changes: r.changes.iter().map(|c| change(c, showing)).collect(),
        notices: r.notices.iter().map(notice).collect(),
    }
}

fn notice(notice: &Notice) -> String {
    match notice {
        Notice::Moved { .. } => "Both sides moved a line; the upper place holds.".into(),
        Notice::Texts { .. } => "A text was merged from both sides: have a look.".into(),
        Notice::NumberStays { .. } => "Its number stays used: no other order gets it.".into(),
        Notice::InputMoved { .. } => {
            "List prices changed on main since: prices stay unless you choose the new ones.".into()
        }
        Notice::FieldGone { label, .. } => format!(
            "\u{201c}{label}\u{201d} is kept no more since an upgrade: what was written there does not come along."
        ),
    }
}
