//! Claims of a view between JSON and CBOR: numbered fields, short texts.
//!
//! A text takes the shortest of three forms: UTF-8 as CBOR text; [`pack`] as bytes; or, as bytes behind 0xFF (which no
//! packed text begins with), GB 18030, where a Chinese character takes two bytes instead of three.

use encoding_rs::GB18030;

use super::pack::{pack, unpack};
use crate::base::json::{Map, Number, Value};
use crate::vc::cbor::Cbor;
use crate::vc::finding::{Check, Code, Finding};

/// The claims as a map; a claim that `fields` names gets its position as key.
pub(super) fn to_cbor(claims: &Map, fields: &[&str]) -> Result<Cbor, Finding> {
    let entry = |(name, value): (&String, &Value)| {
        let position = fields.iter().position(|field| field == name).and_then(|at| i64::try_from(at).ok());
        let key = position.map_or_else(|| name.as_str().into(), Cbor::from);
        Ok((key, value_to_cbor(value)?))
    };
    claims.iter().map(entry).collect::<Result<_, Finding>>().map(Cbor::Map)
}

/// The claims of a map, with the names that `fields` gives to positions.
///
/// A position that the type does not have, and a name for what has a position, are malformed: a claim has one key.
pub(super) fn from_cbor(claims: &[(Cbor, Cbor)], fields: &[&str]) -> Result<Map, Finding> {
    let mut map = Map::new();
    for (key, value) in claims {
        let name = match key {
            Cbor::Int(position) => usize::try_from(*position).ok().and_then(|at| fields.get(at).copied()),
            Cbor::Text(name) => Some(name.as_str()).filter(|name| !fields.contains(name)),
            Cbor::Bytes(_)
            | Cbor::Array(_)
            | Cbor::Map(_)
            | Cbor::Tag(..)
            | Cbor::Bool(_)
            | Cbor::Null
            | Cbor::Float(_) => None,
        };
        let name = name.ok_or_else(|| malformed("a claim that the type does not have"))?;
        map.insert(name.to_owned(), value_from_cbor(value)?);
    }
    Ok(map)
}

fn value_to_cbor(value: &Value) -> Result<Cbor, Finding> {
    Ok(match value {
        Value::Null => Cbor::Null,
        Value::Bool(value) => Cbor::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(integer), _, _) => integer.into(),
            (None, Some(integer), _) => Cbor::Int(integer.into()),
            (None, None, Some(float)) => Cbor::Float(float),
            (None, None, None) => return Err(malformed("a number outside the doubles")),
        },
        Value::String(text) => text_to_cbor(text),
        Value::Array(items) => Cbor::Array(items.iter().map(value_to_cbor).collect::<Result<_, _>>()?),
        Value::Object(members) => {
            let entry = |(name, value): (&String, &Value)| Ok((name.as_str().into(), value_to_cbor(value)?));
            Cbor::Map(members.iter().map(entry).collect::<Result<_, Finding>>()?)
        }
    })
}

/// What a text in GB 18030 begins with.
const GB18030_MARK: u8 = 0xFF;

fn text_to_cbor(text: &str) -> Cbor {
    if let Some(packed) = pack(text) {
        return Cbor::Bytes(packed);
    }
    let (encoded, _, unmappable) = GB18030.encode(text);
    let bytes = [&[GB18030_MARK][..], &encoded].concat();
    let exact = !unmappable && shortened(&bytes).as_deref() == Some(text);
    if exact && bytes.len() < text.len() { Cbor::Bytes(bytes) } else { text.into() }
}

/// The text of a byte string; `None` when it is neither packed nor GB 18030.
fn shortened(bytes: &[u8]) -> Option<String> {
    match bytes.split_first() {
        Some((&GB18030_MARK, encoded)) => {
            GB18030.decode_without_bom_handling_and_without_replacement(encoded).map(std::borrow::Cow::into_owned)
        }
        _ => unpack(bytes),
    }
}

fn value_from_cbor(value: &Cbor) -> Result<Value, Finding> {
    Ok(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(value) => Value::Bool(*value),
        Cbor::Int(value) => {
            let number = i64::try_from(*value).map(Number::from).or_else(|_| u64::try_from(*value).map(Number::from));
            Value::Number(number.map_err(|_| malformed("an integer beyond 64 bits"))?)
        }
        Cbor::Float(value) => {
            Number::from_f64(*value).map(Value::Number).ok_or_else(|| malformed("a float that is not finite"))?
        }
        Cbor::Text(text) => Value::String(text.clone()),
        Cbor::Bytes(bytes) => {
            Value::String(shortened(bytes).ok_or_else(|| malformed("a text that is packed wrongly"))?)
        }
        Cbor::Array(items) => Value::Array(items.iter().map(value_from_cbor).collect::<Result<_, _>>()?),
        Cbor::Map(entries) => {
            let entry = |(name, value): &(Cbor, Cbor)| {
                let name = name.as_text().ok_or_else(|| malformed("a member without a name"))?;
                Ok((name.to_owned(), value_from_cbor(value)?))
            };
            Value::Object(entries.iter().map(entry).collect::<Result<_, Finding>>()?)
        }
        Cbor::Tag(..) => return Err(malformed("a tagged value in the claims")),
    })
}

fn malformed(detail: &'static str) -> Finding {
    Finding::invalid(Check::Parse, Code::CodeMalformed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;

    const FIELDS: [&str; 3] = ["name", "idNumber", "birthDate"];

    fn entries(map: &Cbor) -> &[(Cbor, Cbor)] {
        if let Cbor::Map(entries) = map { entries } else { panic!("a map") }
    }

    #[test]
    fn claims_come_back_as_they_were() {
        let claims = json!({
            "name": "张三", "idNumber": "430112199003074016", "birthDate": "1990-03-07", "ageOver18": true, "fee": 12.5,
            "count": -3, "large": u64::MAX, "nothing": null, "list": [1, "ABCDE", {"a": "b"}], "short": "A", "empty": "",
        });
        let claims = claims.as_object().unwrap();
        let cbor = to_cbor(claims, &FIELDS).unwrap();
        let read = Cbor::decode(&cbor.encode()).unwrap();
        assert_eq!(&from_cbor(entries(&read), &FIELDS).unwrap(), claims);
        assert_eq!(cbor.at(0), Some(&Cbor::Bytes(vec![0xFF, 0xD5, 0xC5, 0xC8, 0xFD])));
        assert!(matches!(cbor.at(1), Some(Cbor::Bytes(packed)) if packed.len() == 12));
        assert_eq!(cbor.named("ageOver18"), Some(&Cbor::Bool(true)));
    }

    #[test]
    fn texts_take_their_shortest_form_and_come_back_exactly() {
        let long = |form: &Cbor| matches!(form, Cbor::Text(_));
        let rare = "\u{e5e5}\u{fffd}\u{10ffff}\u{20000}";
        for (text, as_text) in [
            ("望城区", false),
            ("Zhang San", true),
            ("é", true),
            ("阿不都热依木·买买提", false),
            (rare, true),
            ("", true),
            ("\u{feff}望城", true),
        ] {
            let form = text_to_cbor(text);
            assert_eq!(long(&form), as_text, "{text}");
            assert_eq!(value_from_cbor(&form).unwrap(), json!(text));
        }
        assert_eq!(value_from_cbor(&Cbor::Bytes(vec![0xFF, 0xD5])).unwrap_err().code, Code::CodeMalformed);
    }

    #[test]
    fn a_claim_has_one_key() {
        for wrong in [
            (Cbor::Int(3), Cbor::Null),
            (Cbor::Int(-1), Cbor::Null),
            ("name".into(), Cbor::Null),
            (0.into(), Cbor::Tag(0, Box::new(Cbor::Null))),
            (0.into(), Cbor::Bytes(vec![1])),
        ] {
            assert_eq!(
                from_cbor(std::slice::from_ref(&wrong), &FIELDS).unwrap_err().code,
                Code::CodeMalformed,
                "{wrong:?}"
            );
        }
    }
}
