//! What people see of a value: labels for codes, masks for sensitive data.

use crate::base::json::Value;
use crate::base::text::{Lang, mask_code, mask_name};

use super::annotation::{Field, Mask};

impl Field {
    /// The value as a person reads it: the label of a code, 是/否 for true and false, lists joined, with the unit.
    pub fn display(&self, value: &Value, lang: Lang) -> String {
        let unit = self.unit.as_ref().map(|unit| format!(" {}", unit.get(lang))).unwrap_or_default();
        match value {
            Value::String(text) => {
                let choice = self.choices.iter().find(|choice| choice.value == *text);
                choice.map_or_else(|| format!("{text}{unit}"), |choice| lang.pick(&choice.zh, &choice.en).to_owned())
            }
            Value::Bool(true) => lang.pick("是", "Yes").to_owned(),
            Value::Bool(false) => lang.pick("否", "No").to_owned(),
            Value::Number(number) => format!("{number}{unit}"),
            Value::Array(items) => {
                let texts: Vec<_> = items.iter().map(|item| self.display(item, lang)).collect();
                texts.join(lang.pick("；", "; "))
            }
            Value::Null | Value::Object(_) => String::new(),
        }
    }

    /// As [`Field::display`], hidden as the field's mask says; fields without a mask are shown.
    pub fn masked(&self, value: &Value, lang: Lang) -> String {
        let text = self.display(value, lang);
        match self.mask {
            None => text,
            Some(Mask::Name) => mask_name(&text),
            Some(Mask::Code) => mask_code(&text),
            Some(Mask::Address) => mask_address(&text),
            Some(Mask::Date) => text.get(..4).map_or_else(|| "****".to_owned(), |year| format!("{year}-**-**")),
            Some(Mask::Full) => "****".to_owned(),
        }
    }
}

/// An address down to its county or district: `湖南省长沙市望城区****`.
fn mask_address(address: &str) -> String {
    let shown = address.char_indices().take(16).filter(|(_, c)| "省市区县州盟旗".contains(*c)).last();
    let end = shown.map_or(0, |(start, c)| start + c.len_utf8());
    format!("{}****", address.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;
    use super::*;
    use crate::base::json::json;

    fn field(kind: &str, name: &str) -> Field {
        Catalogue::embedded().unwrap().find(kind).unwrap().field(name).unwrap().clone()
    }

    #[test]
    fn codes_are_read_in_both_languages() {
        assert_eq!(field("idCard", "ethnicity").display(&json!("15"), Lang::Zh), "土家族");
        assert_eq!(field("idCard", "ethnicity").display(&json!("15"), Lang::En), "Tujia");
        assert_eq!(field("marriage", "certNo").display(&json!("J1"), Lang::En), "J1");
        assert_eq!(field("realEstate", "coOwnership").display(&json!("共同共有"), Lang::En), "Joint ownership");
        assert_eq!(field("landTransferContract", "paid").display(&json!(true), Lang::Zh), "是");
        assert_eq!(field("birth", "weight").display(&json!(3250), Lang::Zh), "3250 克");
        assert_eq!(field("delegation", "scope").display(&json!(["a", "b"]), Lang::Zh), "a；b");
    }

    #[test]
    fn sensitive_values_are_masked() {
        let masked = |kind, name, value: &str| field(kind, name).masked(&json!(value), Lang::Zh);
        assert_eq!(masked("idCard", "name", "欧阳明"), "欧阳*");
        assert_eq!(masked("idCard", "idNumber", "430112199003074016"), "430112********4016");
        assert_eq!(masked("idCard", "address", "湖南省长沙市望城区高塘岭街道演示路1号"), "湖南省长沙市望城区****");
        assert_eq!(masked("idCard", "address", "演示路1号"), "****");
        assert_eq!(masked("idCard", "birthDate", "1990-03-07"), "1990-**-**");
        assert_eq!(masked("disability", "category", "3"), "****");
        assert_eq!(masked("businessLicense", "name", "演示公司"), "演示公司");
    }

    #[test]
    fn every_sensitive_field_hides_something() {
        for kind in Catalogue::embedded().unwrap().types() {
            for field in kind.fields().iter().filter(|field| field.sensitive) {
                let shown = if field.mask == Some(Mask::Name) { "张三" } else { "430112199003074016" };
                assert_ne!(field.masked(&json!(shown), Lang::Zh), shown, "{} {}", kind.code(), field.name);
            }
        }
    }
}
