//! What people say to each other about a branch.
use super::{API, branch, order};
use crate::{
    branches::{edit, within},
    stories,
};
use serde_json::{Value, json};

stories! {
    async fn a_branch_is_talked_about(app) {
        let (clerk, viewer) = (app.program_of("clerk", "alpha").await, app.program_of("viewer", "alpha").await);
        let b = branch(&clerk, "Prices").await;
        let (at, page) = (format!("{API}/branches/{b}"), format!("/alpha/main/branches/{b}"));
        let mut actor = app.actor("lead", "alpha").await;
        let form = "form[action$='/comments']";
        assert_eq!(actor.submit(&page, form, &[("text", "  ")]).await.status.as_u16(), 422);
        actor.submit(&page, form, &[("text", "Why <so> low?\r\nReally")]).await.expect(303);
        clerk.post(&format!("{at}/comments"), &json!({"text": "They asked."})).await.expect(201);
        let long = "x".repeat(2001);
        let refused = actor.submit(&page, form, &[("text", long.as_str())]).await.expect(422);
        assert_eq!(refused.texts("textarea"), [long.as_str()], "what was typed is kept");
        let said = viewer.get(&at).await.expect(200).json();
        let texts: Vec<&Value> = said["comments"]["items"].as_array().unwrap().iter().map(|c| &c["text"]).collect();
        assert_eq!(texts.len(), 2);
        assert!(texts[0].as_str().unwrap().starts_with("Why <so> low?") && texts[1] == "They asked.");
        let seen = actor.get(&page).await.expect(200);
        assert!(seen.texts("#said li").join("|").contains("Why <so> low?"), "{:?}", seen.texts("#said li"));
        // one takes back one's own, an admin everybody's
        let id = |n: usize| said["comments"]["items"][n]["id"].as_str().unwrap().to_owned();
        let removal = |n: usize| format!("{at}/comments/{}/removal", id(n));
        clerk.post(&removal(0), &json!({})).await.expect(404);
        clerk.post(&removal(1), &json!({})).await.expect(204);
        clerk.post(&removal(1), &json!({})).await.expect(404);
        actor.submit(&page, "form[action$='/removal']", &[]).await.expect(303);
        let seen = actor.get(&page).await.expect(200).texts("#said li").join("|");
        assert_eq!(seen.matches("Taken back.").count(), 2, "{seen}");
        let late = json!({"text": "Late"});
        let id = clerk.post(&format!("{at}/comments"), &late).await.json()["id"].clone();
        let removal = format!("{at}/comments/{}/removal", id.as_str().unwrap());
        app.program("alpha").post(&removal, &json!({})).await.expect(204);
        // who only reads says nothing, and a page of it has no form for that
        viewer.post(&format!("{at}/comments"), &json!({"text": "x"})).await.expect(403);
        let mut viewer = app.actor("viewer", "alpha").await;
        assert!(viewer.get(&page).await.expect(200).texts(form).is_empty());
    }

    async fn who_does_not_see_a_branch_neither_hears_nor_talks(app) {
        let (clerk, lead) = (app.program_of("clerk", "alpha").await, app.program_of("lead", "alpha").await);
        let b = branch(&clerk, "Mine").await;
        let at = format!("{API}/branches/{b}/comments");
        lead.post(&at, &json!({"text": "Seen by all"})).await.expect(201);
        let hidden = json!({"visibility": "private"});
        clerk.post(&format!("{API}/branches/{b}/people"), &hidden).await.expect(200);
        clerk.post(&at, &json!({"text": "To myself"})).await.expect(201);
        let admin = app.program("beta");
        admin.post(&at.replace("alpha", "beta"), &json!({"text": "x"})).await.expect(404);
        lead.post(&at, &json!({"text": "x"})).await.expect(404);
    }

    async fn long_talk_comes_by_the_page_and_stays_when_the_branch_is_closed(app) {
        let clerk = app.program_of("clerk", "alpha").await;
        let url = order(&clerk).await;
        let b = branch(&clerk, "Long").await;
        edit(&clerk, &within(&url, &b), json!({"customer_po": "1"})).await;
        let at = format!("{API}/branches/{b}");
        clerk.post(&format!("{at}/discarding"), &json!({})).await.expect(200);
        for n in 0..53 {
            app.app.clock.advance(1);
            clerk.post(&format!("{at}/comments"), &json!({"text": format!("No. {n}")})).await.expect(201);
        }
        let mut actor = app.actor("clerk", "alpha").await;
        let page = actor.get(&format!("/alpha/main/branches/{b}")).await.expect(200);
        let last = page.texts("#said li p:last-child");
        assert_eq!((last.len(), last[0].as_str(), last[49].as_str()), (50, "No. 3", "No. 52"));
        let earlier = page.attrs("#said a", "href")[0].clone();
        let page = actor.get(earlier.split('#').next().unwrap()).await.expect(200);
        assert_eq!(page.texts("#said li p:last-child"), ["No. 0", "No. 1", "No. 2"]);
        assert_eq!(clerk.get(&at).await.json()["comments"]["next"], 50);
    }
}
