//! Erasure: what a law wants gone is taken out of stored bodies, and the history shows where.
use super::chain::{Hash, hex};
use crate::domain::field::{Field, Kind, Ty};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What stands where something cannot be empty.
pub const ERASED: &str = "(erased)";
/// What stands where a compaction took a body.
pub const COMPACTED: &str = "null";

/// Takes every personal value out of a body.
pub fn erase(fields: &'static [Field], body: &mut Value) {
    let Some(body) = body.as_object_mut() else { return };
    for f in fields {
        match f.ty {
            _ if f.personal => take(f, body),
            Ty::Object(inner) => {
                if let Some(value) = body.get_mut(f.name) {
                    erase(inner, value);
                }
            }
            Ty::Parts(_, inner) => {
                let parts = body.get_mut(f.name).and_then(Value::as_array_mut);
                parts.into_iter().flatten().for_each(|part| erase(inner, part));
            }
            _ => {}
        }
    }
}

fn take(f: &Field, body: &mut Map<String, Value>) {
    if f.required {
        body.insert(f.name.to_owned(), ERASED.into());
    } else {
        body.remove(f.name);
    }
}

/// The texts in a body that [`erase`] takes out.
pub fn personal<'a>(fields: &'static [Field], body: &'a Value) -> Vec<&'a str> {
    let mut out = vec![];
    for f in fields {
        match (f.ty, &body[f.name]) {
            (_, Value::String(text)) if f.personal => out.push(text.as_str()),
            (Ty::Map, Value::Object(values)) if f.personal => {
                out.extend(values.values().filter_map(Value::as_str));
            }
            (Ty::Object(inner), value) => out.extend(personal(inner, value)),
            (Ty::Parts(_, inner), Value::Array(parts)) => {
                out.extend(parts.iter().flat_map(|p| personal(inner, p)));
            }
            _ => {}
        }
    }
    out
}

/// A version whose body was replaced, and the hash of what stands there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stub {
    pub kind: Kind,
    pub branch: i64,
    pub id: Uuid,
    pub from_seq: i64,
    /// The revision of what stands there.
    pub rev: i64,
    pub hash: Hash,
}

/// What a commit says that erased, from versions and from messages of commits: with it nothing can be
/// erased behind its back, nor what stands in its place be changed.
pub fn sentence((number, basis): (&str, &str), stubs: &mut [Stub], messages: &[i64]) -> String {
    stubs.sort_unstable();
    let mut seal = Sha256::new();
    for s in stubs.iter() {
        seal.update(s.kind.word());
        seal.update(s.branch.to_be_bytes());
        seal.update(s.id);
        seal.update(s.from_seq.to_be_bytes());
        seal.update(s.rev.to_be_bytes());
        seal.update(s.hash);
    }
    for seq in messages {
        seal.update(seq.to_be_bytes());
    }
    let (versions, seal) = (stubs.len(), hex(&seal.finalize()[..16]));
    let messages = messages.len();
    format!(
        "Erased the personal data of customer {number} from {versions} versions and {messages} messages: {basis} (seal {seal})"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{customer::Customer, order::Order, product::Product, record::Record};
    use serde_json::json;

    #[test]
    fn what_is_personal_goes_and_the_rest_stays() {
        let mut body = json!({
            "id": "x", "number": "C-1", "name": "Ann", "email": "ann@example.com", "terms_days": 30,
            "addresses": [{"id": "a", "kind": "both", "name": "Ann", "line1": "Road 1", "postcode": "5003", "city": "Bergen", "region": "Vestland", "country": "NO"}],
            "contacts": [{"id": "c", "name": "Bo", "phone": "1", "role": "Buyer"}],
            "note": "Rings twice", "tags": ["vip"], "active": true, "custom": {"Dog": "Rex"},
        });
        let texts = personal(Customer::FIELDS, &body).into_iter().map(str::to_owned);
        let texts: Vec<String> = texts.collect();
        erase(Customer::FIELDS, &mut body);
        let left = json!({
            "id": "x", "number": "C-1", "name": ERASED, "terms_days": 30,
            "addresses": [{"id": "a", "kind": "both", "region": "Vestland", "country": "NO"}],
            "contacts": [{"id": "c", "name": ERASED, "role": "Buyer"}],
            "tags": ["vip"], "active": true,
        });
        assert_eq!(body, left);
        assert_eq!(texts.len(), 10);
        assert!(texts.iter().all(|t| !body.to_string().contains(&format!("\"{t}\""))));
        let mut order = json!({"customer_name": "Ann", "contact": "Bo", "billing": {"city": "Bergen", "country": "NO"}, "customer_note": "Hi", "lines": [{"id": "l", "qty": "2", "note": "For Ann"}]});
        assert_eq!(personal(Order::FIELDS, &order), ["Ann", "Bo", "Bergen", "Hi", "For Ann"]);
        erase(Order::FIELDS, &mut order);
        let left = json!({"customer_name": ERASED, "billing": {"country": "NO"}, "lines": [{"id": "l", "qty": "2"}]});
        assert_eq!(order, left);
        let of_a_thing = json!({"custom": {"Shelf": "7"}});
        assert!(personal(Product::FIELDS, &of_a_thing).is_empty());
    }

    #[test]
    fn the_sentence_tells_every_stub() {
        let stub = |n| Stub {
            kind: Kind::Order,
            branch: 0,
            id: Uuid::from_u128(n),
            from_seq: 3,
            rev: 1,
            hash: [0; 32],
        };
        let say = |stubs: &[Stub]| sentence(("C-1", "GDPR 17"), &mut stubs.to_vec(), &[4]);
        let one = say(&[stub(1), stub(2)]);
        assert!(
            one.starts_with(
                "Erased the personal data of customer C-1 from 2 versions and 1 messages: GDPR 17 (seal "
            ),
            "{one}"
        );
        assert_eq!(one, say(&[stub(2), stub(1)]));
        let other = Stub { hash: [1; 32], ..stub(2) };
        assert_ne!(one, say(&[stub(1), other]));
        assert_ne!(one, say(&[stub(1), Stub { branch: 1, ..stub(2) }]));
        assert_ne!(one, say(&[stub(1), Stub { from_seq: 4, ..stub(2) }]));
        assert_ne!(one, say(&[stub(1), Stub { rev: 2, ..stub(2) }]));
        let mut stubs = [stub(1), stub(2)];
        assert_ne!(one, sentence(("C-1", "GDPR 17"), &mut stubs, &[5]));
    }
}
