//! Reviews: what a company wants approved is approved by others, and is what is merged.
use super::{
    API, branch, command, decide, line, made, made_in, merge, open_conflicts, order, plan,
};
use crate::{
    branches::{all, edit, get, within},
    harness::{Program, TestApp},
    stories,
};
use serde_json::{Value, json};

/// The company wants so many approvals.
pub(super) async fn policy(app: &TestApp, fields: &[(&str, &str)]) {
    let mut admin = app.actor("admin", "alpha").await;
    admin.submit("/alpha/main/settings", "form[action$='/settings']", fields).await.expect(303);
}

/// Gives a member of the company another role.
async fn role(app: &TestApp, login: &str, role: &str) {
    let mut admin = app.actor("admin", "alpha").await;
    let fields = [("email", login), ("role", role), ("active", "true")];
    admin.post("/alpha/main/members", &fields).await.expect(303);
}

async fn approve(api: &Program, b: &str, plan: &Value) -> u16 {
    let body = json!({ "plan": plan["plan"] });
    api.post(&format!("{API}/branches/{b}/approval"), &body).await.status.as_u16()
}

/// A branch of the clerk with a change of an order, in a company that wants one approval.
async fn proposed(app: &TestApp) -> (Program, Program, String, String) {
    policy(app, &[("approvals", "1")]).await;
    let (admin, clerk) = (app.program("alpha"), app.program_of("clerk", "alpha").await);
    let url = order(&admin).await;
    let b = branch(&clerk, "Try").await;
    edit(&clerk, &within(&url, &b), json!({"customer_po": "PO-1"})).await;
    (clerk, app.program_of("lead", "alpha").await, url, b)
}

async fn press(api: &Program, b: &str) -> (u16, Value) {
    let agreed = plan(api, b).await["plan"].clone();
    let said = api.post(&format!("{API}/branches/{b}/merge"), &json!({ "plan": agreed })).await;
    (said.status.as_u16(), said.json())
}

stories! {
    async fn c82_who_made_it_does_not_approve_it(app) {
        let (clerk, lead, url, b) = proposed(app).await;
        let (status, said) = press(&lead, &b).await;
        assert_eq!(status, 409);
        assert!(said["detail"].as_str().unwrap().contains("needs 1"), "{said}");
        let seen = plan(&lead, &b).await;
        assert_eq!(approve(&clerk, &b, &seen).await, 403, "a clerk does not approve");
        // who works on the branch too has made it
        edit(&lead, &within(&url, &b), json!({"warehouse": "W"})).await;
        let seen = plan(&lead, &b).await;
        assert_eq!(approve(&lead, &b, &seen).await, 409);
        assert_eq!(approve(&app.program("alpha"), &b, &seen).await, 204);
        assert_eq!(plan(&lead, &b).await["review"]["had"], 1);
        assert_eq!(press(&lead, &b).await.0, 200);
        // a company may let them
        policy(app, &[("own_approval", "true")]).await;
        let c = branch(&lead, "Mine").await;
        edit(&lead, &within(&url, &c), json!({"warehouse": "X"})).await;
        let seen = plan(&lead, &c).await;
        assert_eq!(approve(&lead, &c, &seen).await, 204);
        assert!(merge(&lead, &c).await.is_some());
    }

    async fn c80_an_approval_is_of_what_was_seen(app) {
        let (clerk, lead, url, b) = proposed(app).await;
        let seen = plan(&lead, &b).await;
        edit(&clerk, &within(&url, &b), json!({"customer_po": "PO-2"})).await;
        assert_eq!(approve(&lead, &b, &seen).await, 409, "a stale plan is not approved");
        let seen = plan(&lead, &b).await;
        assert_eq!(approve(&lead, &b, &seen).await, 204);
        let other = order(&clerk).await;
        edit(&clerk, &within(&url, &b), json!({"customer_po": "PO-3"})).await;
        let review = plan(&lead, &b).await["review"].clone();
        assert_eq!((&review["had"], &review["approvals"][0]["changed_since"]), (&json!(0), &json!(1)));
        assert_eq!(press(&lead, &b).await.0, 409);
        // back to what was approved, it counts again; what main does elsewhere is no matter
        edit(&clerk, &within(&url, &b), json!({"customer_po": "PO-1"})).await;
        edit(&clerk, &within(&url, &b), json!({"customer_po": "PO-2"})).await;
        edit(&clerk, &other, json!({"customer_po": "else"})).await;
        edit(&clerk, &url, json!({"internal_note": "on main"})).await;
        assert_eq!(plan(&lead, &b).await["review"]["had"], 1);
        // taken back, it does not
        lead.post(&format!("{API}/branches/{b}/withdrawal"), &json!({})).await.expect(204);
        assert_eq!(press(&lead, &b).await.0, 409);
        approve(&lead, &b, &plan(&lead, &b).await).await;
        assert_eq!(press(&lead, &b).await.0, 200);
    }

    async fn c81_another_total_is_another_thing(app) {
        let (_, lead, url, b) = proposed(app).await;
        approve(&lead, &b, &plan(&lead, &b).await).await;
        assert_eq!(plan(&lead, &b).await["review"]["had"], 1);
        line(&lead, &url, (1, json!({"unit_price": "7"}))).await;
        let review = plan(&lead, &b).await["review"].clone();
        assert_eq!(review["had"], 0);
        assert_eq!(review["approvals"][0]["void"], "the branch does something else now");
    }

    async fn the_total_of_an_order_that_is_left_as_it_is_does_not_count(app) {
        let (clerk, lead, _, b) = proposed(app).await;
        let other = order(&clerk).await;
        super::sync(&clerk, &b).await;
        edit(&clerk, &within(&other, &b), json!({"customer_po": "theirs"})).await;
        edit(&clerk, &other, json!({"customer_po": "ours"})).await;
        let conflict = open_conflicts(&lead, &b).await.remove(0);
        decide(&lead, &b, &conflict, "ours", "").await;
        assert_eq!(approve(&lead, &b, &plan(&lead, &b).await).await, 204);
        line(&lead, &other, (1, json!({"unit_price": "7"}))).await;
        assert_eq!(plan(&lead, &b).await["review"]["had"], 1);
    }

    async fn a_kind_of_record_can_need_approvals_of_its_own(app) {
        policy(app, &[("approvals_products", "2"), ("approvals_orders", "0")]).await;
        let (api, lead) = (app.program_of("clerk", "alpha").await, app.program_of("lead", "alpha").await);
        let (one, product) = (order(&api).await, made(&lead, "products", json!({"sku": "K-1", "name": "Kind"})).await);
        let b = branch(&api, "Try").await;
        edit(&api, &within(&one, &b), json!({"customer_po": "1"})).await;
        assert_eq!(plan(&lead, &b).await["review"], Value::Null);
        edit(&lead, &within(&product, &b), json!({"name": "Another"})).await;
        assert_eq!(plan(&lead, &b).await["review"]["needed"], 2);
        assert_eq!(press(&lead, &b).await.0, 409);
        // a part without products needs none
        let part = format!("{API}/branches/{b}/plan?only=order:{}", one.rsplit('/').next().unwrap());
        assert_eq!(lead.get(&part).await.expect(200).json()["review"], Value::Null);
        let mut admin = app.actor("admin", "alpha").await;
        let page = admin.get("/alpha/main/settings").await.expect(200);
        let typed = ["products", "orders", "customers"].map(|kind| page.attrs(&format!("#approvals_{kind}"), "value").remove(0));
        assert_eq!(typed, ["2", "", ""]);
        policy(app, &[("own_approval", "true")]).await;
        for reviewer in [&lead, &app.program("alpha")] {
            let seen = plan(reviewer, &b).await;
            assert_eq!(approve(reviewer, &b, &seen).await, 204);
        }
        assert_eq!(press(&lead, &b).await.0, 200);
    }

    async fn what_a_part_brings_back_needs_the_approvals_of_its_kind(app) {
        let api = app.program("alpha");
        made(&api, "customers", json!({"number": "C-X", "name": "Gone", "currency": "GBP"})).await;
        let b = branch(&api, "Try").await;
        let draft = json!({"customer": "C-X", "lines": [{"sku": "SKU-00001", "qty": "1"}]});
        let order = made_in(&api, (&b, "orders"), draft).await;
        let gone = all(&api, "main", "customers?q=C-X").await.remove(0);
        let at = format!("{API}/customers/{}/deletion", gone["id"].as_str().unwrap());
        api.post(&at, &json!({"version": gone["version"]})).await.expect(204);
        let conflict = open_conflicts(&api, &b).await.remove(0);
        decide(&api, &b, &conflict, "theirs", "").await;
        policy(app, &[("approvals_customers", "1")]).await;
        let part = format!("{API}/branches/{b}/plan?only=order:{}", order.rsplit('/').next().unwrap());
        for of in [format!("{API}/branches/{b}/plan"), part] {
            let seen = api.get(&of).await.expect(200).json();
            assert_eq!((&seen["review"]["needed"], &seen["conflicts"]), (&json!(1), &json!(0)), "{seen}");
        }
    }

    async fn large_merges_need_more_and_approvals_end(app) {
        policy(app, &[("large_records", "2"), ("large_approvals", "2")]).await;
        let (api, lead) = (app.program_of("clerk", "alpha").await, app.program_of("lead", "alpha").await);
        let (one, two) = (order(&api).await, order(&api).await);
        let b = branch(&api, "Try").await;
        edit(&api, &within(&one, &b), json!({"customer_po": "1"})).await;
        assert_eq!(plan(&lead, &b).await["review"], Value::Null);
        edit(&api, &within(&two, &b), json!({"customer_po": "2"})).await;
        assert_eq!(plan(&lead, &b).await["review"]["needed"], 2);
        for reviewer in [&lead, &app.program("alpha")] {
            let seen = plan(reviewer, &b).await;
            assert_eq!(approve(reviewer, &b, &seen).await, 204);
        }
        app.app.clock.advance(31 * 86_400);
        assert_eq!(plan(&lead, &b).await["review"]["had"], 0, "a month is too long");
        assert_eq!(press(&lead, &b).await.0, 409);
    }

    async fn ups_and_downs_of_totals_both_count(app) {
        policy(app, &[("large_sum", "50"), ("large_approvals", "1")]).await;
        let (api, lead) = (app.program_of("clerk", "alpha").await, app.program_of("lead", "alpha").await);
        let (one, two) = (order(&api).await, order(&api).await);
        for url in [&one, &two] {
            line(&api, url, (0, json!({"unit_price": "100", "qty": "1"}))).await;
        }
        let b = branch(&api, "Swap").await;
        line(&api, &within(&one, &b), (0, json!({"unit_price": "150"}))).await;
        line(&api, &within(&two, &b), (0, json!({"unit_price": "50"}))).await;
        let seen = plan(&lead, &b).await;
        assert_eq!((&seen["money"], &seen["review"]["needed"]), (&json!({}), &json!(1)));
    }

    async fn who_takes_a_merge_back_has_not_made_the_branch(app) {
        let (_, lead, _, b) = proposed(app).await;
        assert_eq!(approve(&lead, &b, &plan(&lead, &b).await).await, 204);
        let seq = merge(&lead, &b).await.unwrap();
        super::revert(&lead, seq).await.unwrap();
        assert_eq!(approve(&lead, &b, &plan(&lead, &b).await).await, 204);
    }

    async fn the_page_leads_through_a_review(app) {
        let (_, _, url, b) = proposed(app).await;
        let mut lead = app.actor("lead", "alpha").await;
        let at = format!("/alpha/main/branches/{b}/plan");
        let page = lead.get(&at).await.expect(200);
        assert!(page.body.contains("0 of 1 approval") && page.body.contains("Waiting for approval"));
        assert!(!page.body.contains(&format!("/branches/{b}/merge\"")));
        lead.submit(&at, "form[action$='/approval']", &[]).await.expect(303);
        let page = lead.get(&at).await.expect(200);
        assert!(page.body.contains("1 of 1 approval"), "{}", page.body);
        lead.submit(&at, "form[action$='/merge']", &[]).await.expect(303);
        assert_eq!(get(&app.program("alpha"), &url).await["customer_po"], "PO-1");
        command(&app.program("alpha"), &url, "confirmation").await;
    }

    async fn somebody_is_asked_for_a_review_and_answers(app) {
        let (clerk, lead) = (app.program_of("clerk", "alpha").await, app.program_of("lead", "alpha").await);
        let url = order(&app.program("alpha")).await;
        let b = branch(&clerk, "Try").await;
        clerk.post(&format!("{API}/branches/{b}/people"), &json!({"visibility": "private"})).await.expect(200);
        edit(&clerk, &within(&url, &b), json!({"customer_po": "PO-1"})).await;
        let (at, page) = (format!("{API}/branches/{b}"), format!("/alpha/main/branches/{b}"));
        let (mut owner, mut asked) = (app.actor("clerk", "alpha").await, app.actor("lead", "alpha").await);
        lead.get(&at).await.expect(404);
        // of those who may approve, by name; who opened it is not among them
        let choices = owner.get(&page).await.expect(200);
        let ids = choices.attrs("#reviewer option", "value");
        let names = choices.texts("#reviewer option");
        assert!(!names.iter().any(|n| n.contains("Clerk")), "{names:?}");
        let at_lead = names.iter().position(|n| n.contains("Lead")).unwrap();
        let form = "#reviewers form:last-child";
        owner.submit(&page, form, &[("reviewer", ids[at_lead].as_str())]).await.expect(303);
        // who is asked sees it, on the first page and in a list of their own
        let list = format!("{API}/branches?state=review");
        assert_eq!(lead.get(&list).await.expect(200).json()["items"][0]["slug"], json!(b));
        assert_eq!(clerk.get(&list).await.expect(200).json()["items"], json!([]));
        let home = asked.get("/alpha/main").await.expect(200).texts("main a.notice").join("|");
        assert!(home.contains("waits for your review"), "{home}");
        assert_eq!(asked.get("/alpha/main/branches?state=review").await.expect(200).texts("a.row-a"), ["Try"]);
        // the company needs no approval, but one can be given
        let seen = plan(&lead, &b).await;
        assert_eq!(seen["review"]["waiting"][0]["user"], json!(ids[at_lead]));
        assert!(asked.get(&format!("{page}/plan")).await.expect(200).texts("section").join("|").contains("Asked"));
        app.app.clock.advance(1);
        assert_eq!(approve(&lead, &b, &seen).await, 204);
        assert_eq!(lead.get(&list).await.json()["items"], json!([]));
        assert!(asked.get("/alpha/main").await.expect(200).texts("main a.notice").is_empty());
        assert_eq!(clerk.get(&at).await.json()["reviewers"][0]["answered"], true);
        // as it is then: changed since, it waits again, and can be approved once more on the page
        app.app.clock.advance(1);
        edit(&clerk, &within(&url, &b), json!({"warehouse": "W"})).await;
        assert_eq!(lead.get(&list).await.json()["items"][0]["slug"], json!(b));
        plan(&lead, &b).await;
        app.app.clock.advance(1);
        asked.submit(&format!("{page}/plan"), "form[action$='/approval']", &[]).await.expect(303);
        assert_eq!(lead.get(&list).await.json()["items"], json!([]));
        // asked again though the approval counts, it can be given again
        app.app.clock.advance(1);
        clerk.post(&format!("{at}/reviewers"), &json!({"reviewer": ids[at_lead]})).await.expect(200);
        asked.submit(&format!("{page}/plan"), "form[action$='/approval']", &[]).await.expect(303);
        // until they take themselves off, and see it no more
        app.app.clock.advance(1);
        edit(&clerk, &within(&url, &b), json!({"warehouse": "X"})).await;
        asked.submit(&page, "#reviewers li form", &[("dismiss", ids[at_lead].as_str())]).await.expect(303);
        lead.get(&at).await.expect(404);
        assert!(asked.get("/alpha/main").await.expect(200).texts("main a.notice").is_empty());
        merge(&app.program("alpha"), &b).await.unwrap();
    }

    async fn who_is_asked_and_may_not_approve_any_more_is_not_waited_for(app) {
        let (clerk, lead) = (app.program_of("clerk", "alpha").await, app.program_of("lead", "alpha").await);
        let url = order(&app.program("alpha")).await;
        let b = branch(&clerk, "Try").await;
        edit(&clerk, &within(&url, &b), json!({"customer_po": "PO-1"})).await;
        let (at, page) = (format!("{API}/branches/{b}"), format!("/alpha/main/branches/{b}"));
        let mine = branch(&lead, "Mine").await;
        let me = lead.get(&format!("{API}/branches/{mine}")).await.json()["owner"].clone();
        clerk.post(&format!("{at}/reviewers"), &json!({"reviewer": me})).await.expect(200);
        let mut actor = app.actor("lead", "alpha").await;
        // the first page leads there from a branch too, and says nothing of it in the past
        let home = format!("/alpha/{mine}");
        let link = actor.get(&home).await.expect(200).attrs("main a.notice", "href");
        actor.get(&link[0]).await.expect(200);
        assert!(actor.get("/alpha/main?at=2").await.expect(200).texts("main a.notice").is_empty());
        role(app, "lead@alpha.example.com", "clerk").await;
        assert!(actor.get("/alpha/main").await.expect(200).texts("main a.notice").is_empty());
        assert_eq!(lead.get(&format!("{API}/branches?state=review")).await.json()["items"], json!([]));
        let told = actor.get(&page).await.expect(200).texts("#reviewers li").join("|");
        assert!(told.contains("may not approve any more"), "{told}");
        assert!(plan(&clerk, &b).await["review"]["waiting"].as_array().is_none_or(Vec::is_empty));
        actor.submit(&page, "#reviewers li form", &[("dismiss", me.as_str().unwrap())]).await.expect(303);
    }

    async fn who_merely_sees_a_private_branch_asks_those_who_do_too(app) {
        let (clerk, lead) = (app.program_of("clerk", "alpha").await, app.program_of("lead", "alpha").await);
        let mine = branch(&lead, "Mine").await;
        let me = lead.get(&format!("{API}/branches/{mine}")).await.json()["owner"].clone();
        let b = branch(&clerk, "Private").await;
        let at = format!("{API}/branches/{b}");
        clerk.post(&format!("{at}/people"), &json!({"visibility": "private"})).await.expect(200);
        clerk.post(&format!("{at}/people"), &json!({"user": me})).await.expect(200);
        // a second one, by the id that the form has once they are one
        role(app, "viewer@alpha.example.com", "lead").await;
        let mut actor = app.actor("clerk", "alpha").await;
        let form = actor.get(&format!("/alpha/main/branches/{b}")).await.expect(200);
        let (ids, names) = (form.attrs("#reviewer option", "value"), form.texts("#reviewer option"));
        let other = &ids[names.iter().position(|n| n.contains("Viewer")).unwrap()];
        lead.post(&format!("{at}/reviewers"), &json!({"reviewer": other})).await.expect(422);
        clerk.post(&format!("{at}/reviewers"), &json!({"reviewer": other})).await.expect(200);
        lead.post(&format!("{at}/reviewers"), &json!({"reviewer": me})).await.expect(200);
    }

    async fn who_is_asked_can_approve_and_who_asks_may(app) {
        let (clerk, lead) = (app.program_of("clerk", "alpha").await, app.program_of("lead", "alpha").await);
        let url = order(&app.program("alpha")).await;
        let b = branch(&lead, "Try").await;
        edit(&lead, &within(&url, &b), json!({"customer_po": "PO-1"})).await;
        let at = format!("{API}/branches/{b}/reviewers");
        let me = lead.get(&format!("{API}/branches/{b}")).await.json()["owner"].clone();
        for nobody in [json!({"reviewer": me}), json!({"reviewer": uuid::Uuid::nil()}), json!({"reviewer": "x"}), json!({})] {
            let said = lead.post(&at, &nobody).await.expect(422).json();
            assert!(said["fields"].to_string().contains("reviewer"), "{said}");
        }
        // another's branch is no clerk's to ask for, and another company's is not there
        clerk.post(&at, &json!({"reviewer": me})).await.expect(409);
        app.program("beta").post(&at.replace("alpha", "beta"), &json!({"reviewer": me})).await.expect(404);
        // what is closed is not asked for
        lead.post(&format!("{API}/branches/{b}/discarding"), &json!({})).await.expect(200);
        lead.post(&at, &json!({"reviewer": me})).await.expect(409);
        let mut actor = app.actor("lead", "alpha").await;
        assert!(actor.get(&format!("/alpha/main/branches/{b}")).await.expect(200).texts("#reviewer").is_empty());
    }
}
