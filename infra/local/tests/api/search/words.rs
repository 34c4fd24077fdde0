//! Words: where they stand, their endings and beginnings.

use serde_json::json;

use super::{START, found, names, offer, titles};
use crate::support::{body, cloud_at, provider};

#[tokio::test]
async fn words_are_found_whatever_their_endings_case_and_accents() {
    let cloud = cloud_at(START).await;
    let one = provider(&cloud, "Provider One").await;
    let name = json!({ "first_name": "Renée", "last_name": "Łukasik" });
    body(one.patch_over("/v1/me", &name).await.unwrap(), 200);
    offer(&one, json!({ "title": "Deep tissue massage", "description": "Oils are included." })).await;
    offer(
        &one,
        json!({ "title": "Уборка квартир", "description": "Ещё и окна моем.", "category": "cleaning" }),
    )
    .await;
    let (english, russian) = (vec!["Deep tissue massage".to_owned()], vec!["Уборка квартир".to_owned()]);
    for query in
        ["massage", "MASSAGES", "massaging deep", "deep mas", "oil tissue", "m%C3%A1ssage", "includes deep"]
    {
        assert_eq!(titles(&cloud, &format!("q={query}")).await, english, "{query}");
    }
    for query in ["уборка", "Уборки", "уборку квартиры", "квартира убор", "еще окно", "ЕЩЁ"]
    {
        assert_eq!(titles(&cloud, &format!("q={query}")).await, russian, "{query}");
    }
    // All words must be there, and only the last one may be a beginning.
    for query in ["massage уборка", "mas deep", "tissues paper", "кварт уборка", "cat"] {
        assert_eq!(titles(&cloud, &format!("q={query}")).await, [""; 0], "{query}");
    }
    for query in ["renee", "RENÉE luk", "lukasik massage"] {
        assert!(titles(&cloud, &format!("q={query}")).await.contains(&english[0]), "{query}");
        assert_eq!(names(&cloud, &format!("q={query}")).await, ["Renée Łukasik"], "{query}");
    }
}

#[tokio::test]
async fn the_title_counts_most_and_the_whole_word_before_its_stem() {
    let cloud = cloud_at(START).await;
    let sam = provider(&cloud, "Sam Garden").await;
    let kim = provider(&cloud, "Kim Other").await;
    offer(&kim, json!({ "title": "Anything else", "description": "Any garden, large or small." })).await;
    offer(&sam, json!({ "title": "Repairs" })).await;
    offer(&kim, json!({ "title": "Gardenia care" })).await;
    offer(&kim, json!({ "title": "Gardens" })).await;
    offer(&kim, json!({ "title": "Your garden" })).await;
    let order = ["Your garden", "Gardens", "Gardenia care", "Repairs", "Anything else"];
    assert_eq!(titles(&cloud, "q=garden").await, order);
    assert_eq!(titles(&cloud, "q=garden&sort=relevance&limit=2").await, order[..2]);
    let page = found(&cloud, "q=garden&limit=1").await;
    assert_eq!(page["items"][0]["provider"]["name"], "Kim Other");
    // With the name of its provider, whoever that is.
    assert_eq!(titles(&cloud, "q=sam garden").await, ["Repairs"]);
    assert_eq!(names(&cloud, "q=garden").await, ["Kim Other", "Sam Garden"]);
}
