//! Why the city did not do what it was asked: one kind for each answer that a caller can act on.

use std::fmt;

use super::ports::{Contested, StoreError};
use crate::base::error::ParseError;
use crate::base::text::{Label, Lang};
use crate::vc::finding::{Finding, State};

/// What kind of refusal or failure it is. The interfaces turn each kind into one status code and one problem type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is not well-formed.
    Malformed,
    /// The request is well-formed, and its content breaks a rule of the type or matter.
    Refused,
    /// No such thing.
    NotFound,
    /// It cannot be asked in this way: the address has other methods.
    WrongMethod,
    /// The caller did not say who it is, or nobody knows it.
    Unauthenticated,
    /// The caller may not do this.
    NotAllowed,
    /// It does not fit the present state: already done, changed meanwhile, same key with another body.
    Conflict,
    /// It was used before.
    AlreadyUsed,
    /// It was presented, and does not verify.
    NotVerified,
    /// It is too large.
    TooLarge,
    /// Too many requests.
    RateLimited,
    /// Cannot be done right now; nothing was done.
    Unavailable,
    /// There is too little free space; nothing was done.
    Full,
    /// It may have been done: ask again with the same request id.
    Unknown,
    /// A defect or damage; the detail is for the log only.
    Internal,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Malformed,
        Self::Refused,
        Self::NotFound,
        Self::WrongMethod,
        Self::Unauthenticated,
        Self::NotAllowed,
        Self::Conflict,
        Self::AlreadyUsed,
        Self::NotVerified,
        Self::TooLarge,
        Self::RateLimited,
        Self::Unavailable,
        Self::Full,
        Self::Unknown,
        Self::Internal,
    ];

    /// The frozen code, last part of the problem type.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Refused => "refused",
            Self::NotFound => "not-found",
            Self::WrongMethod => "wrong-method",
            Self::Unauthenticated => "unauthenticated",
            Self::NotAllowed => "not-allowed",
            Self::Conflict => "conflict",
            Self::AlreadyUsed => "already-used",
            Self::NotVerified => "not-verified",
            Self::TooLarge => "too-large",
            Self::RateLimited => "rate-limited",
            Self::Unavailable => "unavailable",
            Self::Full => "full",
            Self::Unknown => "unknown-outcome",
            Self::Internal => "internal",
        }
    }

    /// What it means and what to do next.
    pub fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::Malformed => {
                lang.pick("请求格式有误，请检查后重发。", "The request is malformed. Check it and send it again.")
            }
            Self::Refused => lang.pick(
                "内容不符合规定，请按提示修改后重发。",
                "The content breaks a rule. Change what is named and send it again.",
            ),
            Self::NotFound => lang.pick("没有找到。请核对编号。", "Not found. Check the number."),
            Self::WrongMethod => lang.pick(
                "这个地址不支持该请求方法，请按接口说明调用。",
                "This address does not take that method. See the description of the interface.",
            ),
            Self::Unauthenticated => {
                lang.pick("请先登录或提供有效的访问令牌。", "Sign in, or send a valid access token.")
            }
            Self::NotAllowed => lang.pick("没有权限。请联系管理员。", "Not allowed. Ask the administrator."),
            Self::Conflict => {
                lang.pick("与现有状态不符，请刷新后重试。", "It does not fit the present state. Reload and try again.")
            }
            Self::AlreadyUsed => lang.pick("已经使用过，请重新获取。", "It was used before. Get a new one."),
            Self::NotVerified => {
                lang.pick("核验未通过，请按提示处理。", "Not accepted. See the checks for what to do.")
            }
            Self::TooLarge => lang.pick("内容过大，请分开提交。", "Too large. Send it in parts."),
            Self::RateLimited => lang.pick("请求过于频繁，请稍后再试。", "Too many requests. Try again later."),
            Self::Unavailable => lang.pick(
                "系统繁忙，未作任何更改，请稍后重试。",
                "The system is busy and nothing was changed. Try again later.",
            ),
            Self::Full => lang.pick(
                "存储空间不足，未作任何更改，请联系运维人员。",
                "Storage is full and nothing was changed. Call the operator.",
            ),
            Self::Unknown => lang.pick(
                "结果未知，请用同一请求编号再次提交。",
                "The outcome is not known. Send the same request id again.",
            ),
            Self::Internal => lang.pick("系统出错，请联系运维人员。", "Something went wrong. Call the operator."),
        }
    }
}

/// Why the city did not do what it was asked.
#[derive(Clone, Debug)]
pub struct Error {
    /// What kind it is.
    pub kind: ErrorKind,
    /// Technical English for developers and the log; no personal data.
    pub detail: String,
    /// What exactly is wrong, for people, where the kind's own sentence is not enough.
    pub message: Option<Label>,
    /// Single reasons: fields of a row, checks of a verdict.
    pub reasons: Vec<Reason>,
    hint: Option<Box<Hint>>,
}

/// What a program may want to know beyond the kind.
#[derive(Clone, Copy, Debug, Default)]
struct Hint {
    code: Option<&'static str>,
    retry: Option<u32>,
}

/// One reason among several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The field or check; empty for the whole.
    pub field: String,
    /// Frozen machine-readable code.
    pub code: String,
    /// For people.
    pub message: Label,
}

impl Error {
    /// An error of a kind with its technical detail.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), message: None, reasons: Vec::new(), hint: None }
    }

    /// With a sentence for people.
    #[must_use]
    pub fn says(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.message = Some(Label::new(zh, en));
        self
    }

    /// With single reasons.
    #[must_use]
    pub fn because(mut self, reasons: Vec<Reason>) -> Self {
        self.reasons = reasons;
        self
    }

    /// With a code for programs.
    #[must_use]
    pub fn coded(mut self, code: &'static str) -> Self {
        self.hint.get_or_insert_default().code = Some(code);
        self
    }

    /// With the seconds after which asking again makes sense.
    #[must_use]
    pub fn after(mut self, seconds: u32) -> Self {
        self.hint.get_or_insert_default().retry = Some(seconds);
        self
    }

    /// A frozen code where a program must tell this from others of its kind.
    pub fn code(&self) -> Option<&'static str> {
        self.hint.as_ref()?.code
    }

    /// Seconds after which asking again makes sense, where that is known.
    pub fn retry(&self) -> Option<u32> {
        self.hint.as_ref()?.retry
    }

    /// A malformed request.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, detail)
    }

    /// Something that is not there.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, detail)
    }

    /// A record that cannot be read: damage.
    pub fn corrupt(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, detail)
    }

    /// The sentence for people.
    pub fn sentence(&self, lang: Lang) -> &str {
        self.message.as_ref().map_or_else(|| self.kind.title(lang), |message| message.get(lang))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.detail)
    }
}

impl std::error::Error for Error {}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Self::new(ErrorKind::Malformed, error.to_string())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Duplicate { .. } | StoreError::Conflict(_) => ErrorKind::Conflict,
            StoreError::NotFound { .. } => ErrorKind::NotFound,
            StoreError::Retry | StoreError::ReadOnly | StoreError::Held(_) => ErrorKind::Unavailable,
            StoreError::Unknown => ErrorKind::Unknown,
            StoreError::Full => ErrorKind::Full,
            StoreError::Refused(_) | StoreError::Corrupt(_) => ErrorKind::Internal,
        };
        let text = error.to_string();
        let told = Self::new(kind, text);
        if error != StoreError::Conflict(Contested::Request) {
            return told;
        }
        told.says(
            "同一请求编号已用于其他内容，请换一个编号。",
            "This request id was used for other content. Use another id.",
        )
    }
}

impl From<Finding> for Error {
    fn from(finding: Finding) -> Self {
        let kind = match finding.state {
            State::Error => ErrorKind::Unavailable,
            State::Valid | State::Invalid | State::Skipped => ErrorKind::Refused,
        };
        Self::new(kind, finding.to_string()).says(finding.code.zh(), finding.code.en())
    }
}

/// A reason that was given: 1 to 400 characters.
pub(super) fn given_reason(reason: &str) -> Result<String, Error> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 400 {
        return Err(Error::new(ErrorKind::Refused, "reason of 1 to 400 characters")
            .says("请填写原因（400 字以内）。", "Give a reason of at most 400 characters."));
    }
    Ok(reason.to_owned())
}
