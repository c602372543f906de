//! What can be wrong with a row, told so that the person at the table can mend it.

use crate::base::text::{Label, Lang};
use crate::vc::schema::SchemaProblem;

use super::annotation::FieldFormat;

/// One way in which a cell is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A required value is missing.
    Missing,
    /// Not a value of the field's kind.
    Malformed,
    /// Not a day of the calendar.
    NotADate,
    /// Not a time.
    NotATime,
    /// Not a number.
    NotANumber,
    /// Not one of the list.
    NotListed,
    /// The check digit, or the code's form, is wrong.
    BadCode,
    /// More characters than allowed.
    TooManyCharacters,
    /// Not of the form that the field has.
    BadPattern,
    /// The number is too small or too large.
    OutOfRange,
    /// The type has no such column.
    UnknownColumn,
    /// Two columns give the same value.
    ColumnTwice,
    /// The type is not valid without end.
    NotPermanent,
    /// The last day is before the first.
    EndsBeforeBegin,
    /// Valid for longer than the type allows.
    TooLong,
    /// The licence number is neither given nor could it be made.
    NoNumber,
    /// Too few or too many holders.
    HolderCount,
    /// Another field says otherwise.
    Disagrees,
}

impl Fault {
    /// The frozen code.
    pub fn code(self) -> &'static str {
        self.texts().0
    }

    /// What is wrong and what to do, in one sentence.
    pub fn text(self, lang: Lang) -> &'static str {
        let (_, zh, en) = self.texts();
        lang.pick(zh, en)
    }

    fn texts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Missing => ("missing", "必填，请补充。", "is required. Fill it in."),
            Self::Malformed => ("malformed", "格式不正确，请核对。", "has the wrong form. Check it."),
            Self::NotADate => {
                ("not_a_date", "不是有效日期，请按 2026-03-01 填写。", "is not a date. Write it as 2026-03-01.")
            }
            Self::NotATime => (
                "not_a_time",
                "不是有效时间，请按 2026-03-01 08:30 填写。",
                "is not a time. Write it as 2026-03-01 08:30.",
            ),
            Self::NotANumber => ("not_a_number", "不是数字，请核对。", "is not a number. Check it."),
            Self::NotListed => {
                ("not_listed", "不在可选范围内，请核对。", "is not one of the allowed values. Check it.")
            }
            Self::BadCode => {
                ("bad_code", "号码有误（位数或校验位不正确），请核对。", "has a wrong length or check digit. Check it.")
            }
            Self::TooManyCharacters => ("too_many_characters", "字数超出上限，请缩短。", "is too long. Shorten it."),
            Self::BadPattern => {
                ("bad_pattern", "格式不符合编号规则，请核对。", "does not follow the numbering rule. Check it.")
            }
            Self::OutOfRange => ("out_of_range", "数值超出范围，请核对。", "is out of range. Check it."),
            Self::UnknownColumn => (
                "unknown_column",
                "该证照没有此栏，请删除或改名。",
                "is not a column of this type. Remove or rename it.",
            ),
            Self::ColumnTwice => ("column_twice", "此栏重复，请保留一栏。", "is given twice. Keep one column."),
            Self::NotPermanent => {
                ("not_permanent", "该证照不能长期有效，请填写截止日期。", "cannot be without end. Give a last day.")
            }
            Self::EndsBeforeBegin => {
                ("ends_before_begin", "截止日期早于起始日期，请核对。", "is before the first day. Check both dates.")
            }
            Self::TooLong => {
                ("validity_too_long", "有效期超过规定上限，请核对。", "is later than the rule allows. Check it.")
            }
            Self::NoNumber => ("no_number", "缺少证照编号，请填写。", "is missing and cannot be made. Fill it in."),
            Self::HolderCount => {
                ("holder_count", "持证人数不符合规定，请核对。", "has too few or too many holders. Check it.")
            }
            Self::Disagrees => {
                ("disagrees", "与身份号码不一致，请核对两处。", "does not agree with the identity number. Check both.")
            }
        }
    }

    /// The fault that breaking a schema means for a field of a format.
    pub fn of_problem(problem: &SchemaProblem, format: Option<FieldFormat>) -> Self {
        match problem.keyword.as_str() {
            "required" | "minLength" | "minItems" => Self::Missing,
            "additionalProperties" => Self::UnknownColumn,
            "enum" | "const" => Self::NotListed,
            "maxLength" | "maxItems" => Self::TooManyCharacters,
            "minimum" | "maximum" => Self::OutOfRange,
            "pattern" if format == Some(FieldFormat::Decimal) => Self::OutOfRange,
            "pattern" => Self::BadPattern,
            "format" => Self::BadCode,
            _ => Self::Malformed,
        }
    }
}

/// One thing that is wrong with a row; it does not say which row, so that the same answer serves every caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The column, as the type calls it.
    pub field: String,
    /// The frozen code.
    pub code: &'static str,
    /// The sentence in Chinese, beginning with the field's label.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

impl RowError {
    /// An error of a column that people know by a label.
    pub fn new(field: &str, label: &Label, fault: Fault) -> Self {
        Self {
            field: field.to_owned(),
            code: fault.code(),
            zh: format!("{}：{}", label.zh, fault.text(Lang::Zh)),
            en: format!("{} {}", label.en, fault.text(Lang::En)),
        }
    }
}
