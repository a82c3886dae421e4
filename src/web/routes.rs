//! The table of routes: nothing answers that is not in it, and nothing is in it without an access class.
use super::{
    api, assets,
    guard::guard,
    handlers::{
        account, admin, auth, batches, branches, commits, dashboard, deleted, deletion, erasure,
        health, order_form, orders, origins, plans, records, restoration, search, settings,
    },
    layers::Route as Template,
};
use crate::{
    app::App,
    domain::{
        customer::Customer,
        order::{Command, Order},
        policy::Act,
        product::Product,
        tax::TaxCode,
    },
};
use axum::{
    Router,
    handler::Handler,
    http::Method,
    middleware::{from_fn_with_state, map_response},
    routing::{MethodFilter, MethodRouter, on},
};
use serde::Serialize;

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, and nobody is asked who they are: no session is looked up.
    Open,
    /// Anybody; the page knows who is signed in.
    Public,
    /// Anybody with a session.
    SignedIn,
    /// Platform admins.
    Platform,
    /// Members of the company in the path whose role includes the act.
    Member(Act),
    /// Tokens of members, likewise.
    Token(Act),
}

/// The worlds that a route can show.
#[derive(Clone, Copy, Debug)]
pub struct Shows {
    /// What was, by `?at=`.
    pub past: bool,
    /// Branches.
    pub branches: bool,
}

/// One route.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    /// Which worlds it can show; it refuses any other, lest one pass for another.
    pub shows: Shows,
    handler: MethodRouter<App>,
}

/// A route as `tributary routes --json` prints it.
#[derive(Debug, Serialize)]
pub struct Described {
    pub method: String,
    pub path: &'static str,
    pub access: &'static str,
    pub act: Option<&'static str>,
}

impl Route {
    pub fn describe(&self) -> Described {
        let (access, act) = match self.access {
            Access::Open => ("open", None),
            Access::Public => ("public", None),
            Access::SignedIn => ("signed_in", None),
            Access::Platform => ("platform", None),
            Access::Member(act) => ("member", Some(act.word())),
            Access::Token(act) => ("token", Some(act.word())),
        };
        Described { method: self.method.to_string(), path: self.path, access, act }
    }
}

fn get<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route {
        method: Method::GET,
        path,
        access,
        shows: Shows { past: false, branches: true },
        handler: on(MethodFilter::GET, handler),
    }
}
fn post<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route {
        method: Method::POST,
        path,
        access,
        shows: Shows { past: false, branches: true },
        handler: on(MethodFilter::POST, handler),
    }
}
fn patch<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route {
        method: Method::PATCH,
        path,
        access,
        shows: Shows { past: false, branches: true },
        handler: on(MethodFilter::PATCH, handler),
    }
}

/// It shows any world at any time.
fn dated(route: Route) -> Route {
    Route { shows: Shows { past: true, branches: true }, ..route }
}

/// What it shows or changes no branch has a copy of.
fn of_main(route: Route) -> Route {
    Route { shows: Shows { past: false, branches: false }, ..route }
}

/// Every route.
pub fn table() -> Vec<Route> {
    [platform(), company(), histories(), commands(), masters(), programs()]
        .into_iter()
        .flatten()
        .collect()
}

#[rustfmt::skip] // one line for each route
fn platform() -> Vec<Route> {
    use Access::{Open, Platform, Public, SignedIn};
    vec![
        get("/", Public, auth::start),
        get("/livez", Open, health::livez),
        get("/readyz", Open, health::readyz),
        get("/static/{file}", Open, assets::show),
        get("/login", Public, auth::new),
        post("/login", Public, auth::create),
        get("/setup", Public, auth::setup),
        post("/setup", Public, auth::set_up),
        post("/preferences/theme", Public, account::theme),
        post("/logout", SignedIn, auth::destroy),
        get("/account", SignedIn, account::show),
        post("/account", SignedIn, account::update),
        post("/account/password", SignedIn, account::password),
        get("/admin", Platform, admin::show),
        post("/admin/companies", Platform, admin::create_company),
        post("/admin/companies/{slug}/active", Platform, admin::company_active),
        post("/admin/users", Platform, admin::create_user),
        post("/admin/users/{id}/active", Platform, admin::user_active),
        post("/admin/passwords", Platform, admin::password),
    ]
}

#[rustfmt::skip] // one line for each route
fn company() -> Vec<Route> {
    use Access::Member;
    vec![
        get("/{company}", Member(Act::ReadOrders), dashboard::enter),
        dated(get("/{company}/{world}", Member(Act::ReadOrders), dashboard::show)),
        dated(get("/{company}/{world}/orders", Member(Act::ReadOrders), orders::index)),
        post("/{company}/{world}/orders", Member(Act::WriteOrders), order_form::create),
        get("/{company}/{world}/orders/new", Member(Act::WriteOrders), order_form::new),
        dated(get("/{company}/{world}/orders/export.csv", Member(Act::Export), orders::export)),
        dated(get("/{company}/{world}/orders/{id}", Member(Act::ReadOrders), orders::show)),
        post("/{company}/{world}/orders/{id}", Member(Act::WriteOrders), order_form::update),
        get("/{company}/{world}/orders/{id}/edit", Member(Act::WriteOrders), order_form::edit),
        dated(get("/{company}/{world}/orders/{id}/history", Member(Act::ReadHistory), origins::show::<Order>)),
        dated(get("/{company}/{world}/orders/deleted", Member(Act::ReadHistory), deleted::index::<Order>)),
        get("/{company}/{world}/orders/{id}/restoration", Member(Act::WriteOrders), restoration::new::<Order>),
        post("/{company}/{world}/orders/{id}/restoration", Member(Act::WriteOrders), restoration::create::<Order>),
        post("/{company}/{world}/orders/{id}/deletion", Member(Act::WriteOrders), deletion::create::<Order>),
        of_main(get("/{company}/{world}/customers/{id}/erasure", Member(Act::ErasePerson), erasure::new)),
        of_main(post("/{company}/{world}/customers/{id}/erasure", Member(Act::ErasePerson), erasure::create)),
        dated(get("/{company}/{world}/search", Member(Act::ReadRecords), search::index)),
        get("/{company}/{world}/suggest/{kind}", Member(Act::ReadRecords), search::suggest),
        of_main(get("/{company}/{world}/settings", Member(Act::ReadOrders), settings::show)),
        of_main(post("/{company}/{world}/settings", Member(Act::WriteSettings), settings::update)),
        of_main(post("/{company}/{world}/members", Member(Act::ManageMembers), settings::put_member)),
    ]
}

#[rustfmt::skip] // one line for each route
fn histories() -> Vec<Route> {
    use Access::Member;
    vec![
        get("/{company}/{world}/commits", Member(Act::ReadHistory), commits::index),
        get("/{company}/{world}/commits/{seq}", Member(Act::ReadHistory), commits::show),
        post("/{company}/{world}/commits/{seq}/tags", Member(Act::OpenBranch), commits::name),
        get("/{company}/{world}/commits/{seq}/proof/{kind}/{id}", Member(Act::ReadHistory), commits::prove),
        of_main(get("/{company}/{world}/branches", Member(Act::ReadRecords), branches::index)),
        of_main(post("/{company}/{world}/branches", Member(Act::OpenBranch), branches::create)),
        of_main(get("/{company}/{world}/branches/new", Member(Act::OpenBranch), branches::new)),
        of_main(get("/{company}/{world}/branches/{slug}", Member(Act::ReadRecords), branches::show)),
        of_main(get("/{company}/{world}/branches/{slug}/plan", Member(Act::ReadHistory), plans::show)),
        of_main(post("/{company}/{world}/branches/{slug}/resolutions", Member(Act::OpenBranch), plans::decide)),
        of_main(post("/{company}/{world}/branches/{slug}/approval", Member(Act::ApproveBranch), plans::approve)),
        of_main(post("/{company}/{world}/branches/{slug}/withdrawal", Member(Act::ApproveBranch), plans::withdraw)),
        of_main(post("/{company}/{world}/branches/{slug}/merge", Member(Act::MergeBranch), plans::merge)),
        of_main(post("/{company}/{world}/branches/{slug}/sync", Member(Act::OpenBranch), plans::sync)),
        of_main(post("/{company}/{world}/branches/{slug}/undoing", Member(Act::OpenBranch), plans::undo_sync)),
        of_main(post("/{company}/{world}/branches/{slug}/people", Member(Act::OpenBranch), branches::people)),
        of_main(post("/{company}/{world}/branches/{slug}/reviewers", Member(Act::OpenBranch), branches::reviewers)),
        of_main(post("/{company}/{world}/branches/{slug}/comments", Member(Act::OpenBranch), branches::comment)),
        of_main(post("/{company}/{world}/branches/{slug}/comments/{id}/removal", Member(Act::OpenBranch), branches::take_back)),
        of_main(post("/{company}/{world}/branches/{slug}/discarding", Member(Act::OpenBranch), branches::discard)),
        of_main(post("/{company}/{world}/branches/{slug}/reopening", Member(Act::OpenBranch), branches::reopen)),
        of_main(get("/{company}/{world}/orders/batch", Member(Act::OpenBranch), batches::new::<Order>)),
        of_main(post("/{company}/{world}/orders/batch", Member(Act::OpenBranch), batches::create::<Order>)),
        of_main(get("/{company}/{world}/batches", Member(Act::ReadRecords), batches::index)),
        of_main(get("/{company}/{world}/batches/{id}", Member(Act::ReadRecords), batches::show)),
        of_main(get("/{company}/{world}/commits/{seq}/revert", Member(Act::ReadHistory), plans::show_revert)),
        of_main(post("/{company}/{world}/commits/{seq}/resolutions", Member(Act::OpenBranch), plans::decide_revert)),
        of_main(post("/{company}/{world}/commits/{seq}/revert", Member(Act::MergeBranch), plans::revert)),
    ]
}

macro_rules! command_routes {
    ($($word:literal, $command:expr;)+) => {
        vec![$(
            post(concat!("/{company}/{world}/orders/{id}/", $word), Access::Member($command.act()), |visit, path, form| orders::command(visit, path, ($command, form))),
            post(concat!("/api/v1/{company}/{world}/orders/{id}/", $word), Access::Token($command.act()), |visit, path, body| api::orders::command(visit, path, ($command, body))),
        )+]
    };
}

/// Each command of an order's life, under its word.
fn commands() -> Vec<Route> {
    command_routes! {
        "confirmation", Command::Confirm;
        "completion", Command::Complete;
        "reopening", Command::Reopen;
        "cancellation", Command::Cancel;
        "reinstatement", Command::Reinstate;
    }
}

macro_rules! master_routes {
    ($($kind:literal, $t:ty, $write:expr;)+) => {
        vec![$(
            dated(get(concat!("/{company}/{world}/", $kind), Access::Member(Act::ReadRecords), records::index::<$t>)),
            post(concat!("/{company}/{world}/", $kind), Access::Member($write), records::create::<$t>),
            get(concat!("/{company}/{world}/", $kind, "/new"), Access::Member($write), records::new::<$t>),
            dated(get(concat!("/{company}/{world}/", $kind, "/{id}"), Access::Member(Act::ReadRecords), records::show::<$t>)),
            post(concat!("/{company}/{world}/", $kind, "/{id}"), Access::Member($write), records::update::<$t>),
            get(concat!("/{company}/{world}/", $kind, "/{id}/edit"), Access::Member($write), records::edit::<$t>),
            dated(get(concat!("/{company}/{world}/", $kind, "/{id}/history"), Access::Member(Act::ReadHistory), origins::show::<$t>)),
            dated(get(concat!("/api/v1/{company}/{world}/", $kind, "/{id}/history"), Access::Token(Act::ReadHistory), api::origins::show::<$t>)),
            of_main(get(concat!("/{company}/{world}/", $kind, "/batch"), Access::Member(Act::OpenBranch), batches::new::<$t>)),
            of_main(post(concat!("/{company}/{world}/", $kind, "/batch"), Access::Member(Act::OpenBranch), batches::create::<$t>)),
            dated(get(concat!("/{company}/{world}/", $kind, "/deleted"), Access::Member(Act::ReadHistory), deleted::index::<$t>)),
            of_main(post(concat!("/api/v1/{company}/{world}/", $kind, "/batch"), Access::Token(Act::OpenBranch), api::batches::create::<$t>)),
            dated(get(concat!("/api/v1/{company}/{world}/", $kind, "/deleted"), Access::Token(Act::ReadHistory), api::deleted::index::<$t>)),
            get(concat!("/{company}/{world}/", $kind, "/{id}/restoration"), Access::Member($write), restoration::new::<$t>),
            post(concat!("/{company}/{world}/", $kind, "/{id}/restoration"), Access::Member($write), restoration::create::<$t>),
            post(concat!("/{company}/{world}/", $kind, "/{id}/deletion"), Access::Member($write), deletion::create::<$t>),
            post(concat!("/api/v1/{company}/{world}/", $kind, "/{id}/deletion"), Access::Token($write), api::records::delete::<$t>),
            post(concat!("/api/v1/{company}/{world}/", $kind, "/{id}/restoration"), Access::Token($write), api::records::restore::<$t>),
            dated(get(concat!("/api/v1/{company}/{world}/", $kind), Access::Token(Act::ReadRecords), api::masters::index::<$t>)),
            post(concat!("/api/v1/{company}/{world}/", $kind), Access::Token($write), api::records::create::<$t>),
            dated(get(concat!("/api/v1/{company}/{world}/", $kind, "/{id}"), Access::Token(Act::ReadRecords), api::records::show::<$t>)),
            patch(concat!("/api/v1/{company}/{world}/", $kind, "/{id}"), Access::Token($write), api::records::update::<$t>),
        )+]
    };
}

fn masters() -> Vec<Route> {
    master_routes! {
        "customers", Customer, Act::WriteRecords;
        "products", Product, Act::WriteRecords;
        "tax-codes", TaxCode, Act::WriteSettings;
    }
}

#[rustfmt::skip] // one line for each route
fn programs() -> Vec<Route> {
    use Access::{Open, Token};
    vec![
        get("/api/v1/openapi.json", Open, api::openapi::show),
        dated(get("/api/v1/{company}/{world}/orders", Token(Act::ReadOrders), api::orders::index)),
        post("/api/v1/{company}/{world}/orders", Token(Act::WriteOrders), api::records::create::<Order>),
        dated(get("/api/v1/{company}/{world}/orders/{id}", Token(Act::ReadOrders), api::records::show::<Order>)),
        patch("/api/v1/{company}/{world}/orders/{id}", Token(Act::WriteOrders), api::records::update::<Order>),
        dated(get("/api/v1/{company}/{world}/orders/{id}/history", Token(Act::ReadHistory), api::origins::show::<Order>)),
        dated(get("/api/v1/{company}/{world}/orders/deleted", Token(Act::ReadHistory), api::deleted::index::<Order>)),
        post("/api/v1/{company}/{world}/orders/{id}/restoration", Token(Act::WriteOrders), api::records::restore::<Order>),
        post("/api/v1/{company}/{world}/orders/{id}/deletion", Token(Act::WriteOrders), api::records::delete::<Order>),
        of_main(post("/api/v1/{company}/{world}/customers/{id}/erasure", Token(Act::ErasePerson), api::erasure::create)),
        of_main(get("/api/v1/{company}/{world}/batches", Token(Act::ReadRecords), api::batches::index)),
        of_main(post("/api/v1/{company}/{world}/orders/batch", Token(Act::OpenBranch), api::batches::create::<Order>)),
        of_main(get("/api/v1/{company}/{world}/batches/{id}", Token(Act::ReadRecords), api::batches::show)),
        of_main(get("/api/v1/{company}/{world}/branches", Token(Act::ReadRecords), api::branches::index)),
        of_main(post("/api/v1/{company}/{world}/branches", Token(Act::OpenBranch), api::branches::create)),
        of_main(get("/api/v1/{company}/{world}/branches/{slug}", Token(Act::ReadRecords), api::branches::show)),
        of_main(get("/api/v1/{company}/{world}/branches/{slug}/plan", Token(Act::ReadHistory), api::branches::plan)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/resolutions", Token(Act::OpenBranch), api::branches::resolve)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/approval", Token(Act::ApproveBranch), api::branches::approve)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/withdrawal", Token(Act::ApproveBranch), api::branches::withdraw)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/merge", Token(Act::MergeBranch), api::branches::merge)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/sync", Token(Act::OpenBranch), api::branches::sync)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/undoing", Token(Act::OpenBranch), api::branches::undo_sync)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/people", Token(Act::OpenBranch), api::branches::people)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/reviewers", Token(Act::OpenBranch), api::branches::reviewers)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/comments", Token(Act::OpenBranch), api::branches::comment)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/comments/{id}/removal", Token(Act::OpenBranch), api::branches::take_back)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/discarding", Token(Act::OpenBranch), api::branches::discard)),
        of_main(post("/api/v1/{company}/{world}/branches/{slug}/reopening", Token(Act::OpenBranch), api::branches::reopen)),
        of_main(get("/api/v1/{company}/{world}/commits/{seq}/revert", Token(Act::ReadHistory), api::branches::revert_plan)),
        of_main(post("/api/v1/{company}/{world}/commits/{seq}/resolutions", Token(Act::OpenBranch), api::branches::resolve_revert)),
        of_main(post("/api/v1/{company}/{world}/commits/{seq}/revert", Token(Act::MergeBranch), api::branches::revert)),
        of_main(get("/api/v1/{company}/{world}/events", Token(Act::ReadHistory), api::events::index)),
        get("/api/v1/{company}/{world}/commits", Token(Act::ReadHistory), api::commits::index),
        get("/api/v1/{company}/{world}/commits/{seq}", Token(Act::ReadHistory), api::commits::show),
        post("/api/v1/{company}/{world}/commits/{seq}/tags", Token(Act::OpenBranch), api::commits::name),
        get("/api/v1/{company}/{world}/commits/{seq}/proof/{kind}/{id}", Token(Act::ReadHistory), commits::prove),
    ]
}

/// The table as a router: each handler behind the guard of its access class.
pub fn router(app: &App) -> Router {
    let mut router = Router::new();
    for route in table() {
        let template = route.path;
        let named = map_response(move |mut response: axum::response::Response| async move {
            response.extensions_mut().insert(Template(template));
            response
        });
        let guarded = from_fn_with_state((app.clone(), route.access, route.shows), guard);
        router = router.route(route.path, route.handler.layer(guarded).layer(named));
    }
    router.with_state(app.clone())
}
