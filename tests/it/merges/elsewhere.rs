//! Who works in one world is told what the others make of a record.
use super::{API, branch, command, line, made, made_in, merge, order, sync, sync_but};
use crate::{
    branches::{edit, get, within},
    stories,
};
use serde_json::json;

stories! {
    async fn a_code_that_main_has_given_meanwhile_is_told_on_a_branch(app) {
        let (api, mut clerk) = (app.program("alpha"), app.actor("clerk", "alpha").await);
        let (b, body) = (branch(&api, "Autumn").await, json!({"sku": "A-1", "name": "New"}));
        let own = made_in(&api, (&b, "products"), body.clone()).await;
        let told = |page: crate::harness::Answer| page.attrs("#code-taken a", "href");
        assert!(told(clerk.get(&own).await.expect(200)).is_empty());
        let other = made(&api, "products", body).await;
        let page = clerk.get(&own).await.expect(200);
        assert!(page.texts("#code-taken")[0].contains("another product with this SKU"), "{}", page.body);
        assert_eq!(told(page), [other.as_str()]);
        // it may be saved all the same, and main has nothing to tell
        edit(&api, &own, json!({"name": "Newer"})).await;
        assert!(told(clerk.get(&other).await.expect(200)).is_empty());
        // nor once this one has another code
        sync_but(&api, &b, "A-2").await;
        assert!(told(clerk.get(&own).await.expect(200)).is_empty());
    }

    async fn c05_what_is_in_a_branch_alone_is_told_to_those_who_see_the_branch(app) {
        let (lead, clerk) = (app.program_of("lead", "alpha").await, app.program_of("clerk", "alpha").await);
        let open = branch(&lead, "Autumn").await;
        let own = lead.post(&format!("{API}/branches"), &json!({"name": "Own"})).await.expect(201).json();
        let own = own["slug"].as_str().unwrap();
        let body = |sku: &str| json!({"sku": sku, "name": "New"});
        let seen = made_in(&lead, (&open, "products"), body("A-1")).await;
        let hidden = made_in(&lead, (own, "products"), body("A-2")).await;
        let on_main = |url: &str, b: &str| url.replace(&format!("/{b}/"), "/main/");
        let (seen, hidden) = (on_main(&seen, &open), on_main(&hidden, own));
        // a person gets the way there, a program the branch's name
        let mut person = app.actor("clerk", "alpha").await;
        let page = person.get(&seen).await.expect(404);
        assert!(page.body.contains("not on main, but in the branch “Autumn”"), "{}", page.body);
        let there = page.attrs("main a, section a", "href").into_iter().find(|h| h.contains(&open)).unwrap();
        person.get(&there).await.expect(200);
        assert_eq!(clerk.get(&format!("/api/v1{seen}")).await.expect(404).json()["branches"], json!([open]));
        // of one that is another's, nothing: it is as unknown as any
        let page = person.get(&hidden).await.expect(404);
        assert!(!page.body.contains("branch"), "{}", page.body);
        assert!(clerk.get(&format!("/api/v1{hidden}")).await.expect(404).json().get("branches").is_none());
        assert_eq!(lead.get(&format!("/api/v1{hidden}")).await.expect(404).json()["branches"], json!([own]));
        // what was made and deleted there is nowhere
        lead.post(&format!("/api/v1{}/deletion", within(&seen, &open)), &json!({})).await.expect(204);
        assert!(clerk.get(&format!("/api/v1{seen}")).await.expect(404).json().get("branches").is_none());
    }

    async fn c85_open_branches_that_change_a_record_are_told_unless_they_are_hidden(app) {
        let lead = app.program_of("lead", "alpha").await;
        let url = order(&lead).await;
        let body = |name: &str, visibility: &str| json!({"name": name, "visibility": visibility});
        let mut slugs = vec![];
        for (name, visibility) in [("Changes it", "company"), ("Mine alone", "private"), ("Leaves it", "company"), ("Deletes it", "company")] {
            let made = lead.post(&format!("{API}/branches"), &body(name, visibility)).await.expect(201).json();
            slugs.push(made["slug"].as_str().unwrap().to_owned());
        }
        for b in &slugs[..2] {
            edit(&lead, &within(&url, b), json!({"contact": "Ann"})).await;
        }
        // what was set back is no change
        for contact in [json!("Ann"), json!(null)] {
            edit(&lead, &within(&url, &slugs[2]), json!({"contact": contact})).await;
        }
        lead.post(&format!("/api/v1{}/deletion", within(&url, &slugs[3])), &json!({})).await.expect(204);
        let (mut clerk, mut own) = (app.actor("clerk", "alpha").await, app.actor("lead", "alpha").await);
        let told = |page: crate::harness::Answer| { let mut all = page.texts("#in-branches a"); all.sort(); all };
        assert_eq!(told(clerk.get(&url).await.expect(200)), ["Changes it", "Deletes it, deleted"]);
        assert_eq!(told(own.get(&url).await.expect(200)), ["Changes it", "Deletes it, deleted", "Mine alone"]);
        for href in clerk.get(&url).await.attrs("#in-branches a", "href") {
            clerk.get(&href).await.expect(200);
        }
        // not on a page of the past, and not once a branch is closed
        let at = get(&lead, &url).await["version"].clone();
        assert!(told(clerk.get(&format!("{url}?at={at}")).await.expect(200)).is_empty());
        lead.post(&format!("{API}/branches/{}/discarding", slugs[0]), &json!({})).await.expect(200);
        assert_eq!(told(clerk.get(&url).await.expect(200)), ["Deletes it, deleted"]);
    }

    async fn what_main_changed_since_is_told_on_a_branchs_page(app) {
        let api = app.program("alpha");
        let (url, other) = (order(&api).await, order(&api).await);
        let b = branch(&api, "Try").await;
        let mut clerk = app.actor("clerk", "alpha").await;
        let (there, untouched) = (within(&url, &b), within(&other, &b));
        edit(&api, &there, json!({"warehouse": "W2"})).await;
        assert!(clerk.get(&there).await.expect(200).texts("#main-since").is_empty());
        // main's value stands beside the branch's, whether the branch changed the record or not
        edit(&api, &url, json!({"contact": "Bob"})).await;
        line(&api, &other, (0, json!({"qty": "7"}))).await;
        for (page, says) in [(&there, "Contact Bob"), (&untouched, "quantity 5 7")] {
            let told = clerk.get(page).await.expect(200);
            let text = told.texts("#main-since li").join(" ");
            assert!(text.contains(says), "{text}");
            for href in told.attrs("#main-since a", "href") {
                clerk.get(&href).await.expect(200);
            }
        }
        // the branch's own page counts what both changed, and says of when its main is
        let page = format!("/alpha/main/branches/{b}");
        assert!(clerk.get(&page).await.expect(200).body.contains("2 behind main · 1 record changed on both sides"));
        let told = api.get(&format!("/api/v1{page}")).await.expect(200).json();
        assert_eq!((&told["changed_on_both"], told["base_at"].is_string()), (&json!(1), true));
        // the state is told too, and a deletion
        command(&api, &url, "confirmation").await;
        assert!(clerk.get(&there).await.expect(200).texts("#main-since li").join(" ").contains("State"));
        api.post(&format!("/api/v1{other}/deletion"), &json!({})).await.expect(204);
        assert!(clerk.get(&untouched).await.expect(200).texts("#main-since").join(" ").contains("deleted it"));
        // brought up to date there is nothing to tell, nor once the branch itself is on main
        sync(&api, &b).await.unwrap();
        assert!(clerk.get(&there).await.expect(200).texts("#main-since").is_empty());
        merge(&api, &b).await.unwrap();
        assert!(clerk.get(&there).await.expect(200).texts("#main-since").is_empty());
    }

    async fn pages_of_a_branch_lead_to_what_is_there(app) {
        let api = app.program("alpha");
        let url = made(&api, "products", json!({"sku": "L-1", "name": "A"})).await;
        edit(&api, &url, json!({"name": "B"})).await;
        let b = branch(&api, "new").await;
        assert_eq!(b, "branch-new", "the page on which branches are opened is not one of them");
        let mut actor = app.actor("lead", "alpha").await;
        // what a record was before the branch is on main
        let history = actor.get(&within(&url, &b)).await.expect(200);
        let then: Vec<String> = history.attrs("a", "href").into_iter().filter(|h| h.contains("?at=") && h.contains("/products/")).collect();
        assert!(then.len() >= 2, "{then:?}");
        for link in &then {
            actor.get(link).await.expect(200);
        }
        // and so is what the branch deletes
        let now = get(&api, &within(&url, &b)).await["version"].clone();
        api.post(&format!("/api/v1{}/deletion", within(&url, &b)), &json!({"version": now})).await.expect(204);
        let plan = actor.get(&format!("/alpha/main/branches/{b}/plan")).await.expect(200);
        let link = plan.attrs("#plan td a", "href").into_iter().next().unwrap();
        actor.get(&link).await.expect(200);
    }
}
