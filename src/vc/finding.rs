//! Findings: one reason to say no, or why nothing could be said.
//!
//! A finding is a result, not an error. Its state is [`State::Invalid`] when the input was decided on and refused, and
//! [`State::Error`] when it could not be decided (a list was not reachable, a format is not supported); the two are
//! never confused. Codes are frozen: a code once published keeps its spelling and its meaning. New ones are added at the
//! end of the table.

use std::fmt;

use crate::base::text::Lang;

/// The checks of a verdict, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The input is a credential or presentation of a known format, and keeps its format's rules.
    Parse,
    /// Every signature verifies.
    Proof,
    /// The issuer is in the trust registry, for this type, at that time.
    Trust,
    /// The time of the check lies in the credential's validity.
    Validity,
    /// The credential is neither suspended nor revoked.
    Status,
    /// The content keeps the schema of its type.
    Schema,
    /// Who presents it is who it was issued to.
    Binding,
    /// The presentation is fresh, meant for this verifier, and not shown before.
    Freshness,
    /// The issuance is in the transparency log.
    Log,
}

impl Check {
    /// Every check, in order.
    pub const ALL: [Self; 9] = [
        Self::Parse,
        Self::Proof,
        Self::Trust,
        Self::Validity,
        Self::Status,
        Self::Schema,
        Self::Binding,
        Self::Freshness,
        Self::Log,
    ];

    /// The frozen name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Proof => "proof",
            Self::Trust => "trust",
            Self::Validity => "validity",
            Self::Status => "status",
            Self::Schema => "schema",
            Self::Binding => "binding",
            Self::Freshness => "freshness",
            Self::Log => "log",
        }
    }

    /// The check's title for people.
    pub fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::Parse => lang.pick("格式", "Format"),
            Self::Proof => lang.pick("签名", "Signature"),
            Self::Trust => lang.pick("发证机关", "Issuer"),
            Self::Validity => lang.pick("有效期", "Validity"),
            Self::Status => lang.pick("证照状态", "Status"),
            Self::Schema => lang.pick("内容规范", "Content"),
            Self::Binding => lang.pick("持证人", "Holder"),
            Self::Freshness => lang.pick("时效与防重放", "Freshness"),
            Self::Log => lang.pick("公开日志", "Public log"),
        }
    }
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Checked, and right.
    Valid,
    /// Checked, and wrong.
    Invalid,
    /// Could not be checked.
    Error,
    /// Does not apply, or was not asked for.
    Skipped,
}

impl State {
    /// The frozen name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Error => "error",
            Self::Skipped => "skipped",
        }
    }
}

/// One reason to say no, or why nothing could be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check that it belongs to.
    pub check: Check,
    /// [`State::Invalid`] or [`State::Error`].
    pub state: State,
    /// The frozen code.
    pub code: Code,
    /// Technical English for logs and developers, without personal data.
    pub detail: String,
}

impl Finding {
    /// Decided: wrong.
    pub fn invalid(check: Check, code: Code, detail: impl Into<String>) -> Self {
        Self { check, state: State::Invalid, code, detail: detail.into() }
    }

    /// Not decided.
    pub fn error(check: Check, code: Code, detail: impl Into<String>) -> Self {
        Self { check, state: State::Error, code, detail: detail.into() }
    }

    /// The same finding as one of another check: what is wrong with a holder's token is a matter of binding.
    #[must_use]
    pub fn under(self, check: Check) -> Self {
        Self { check, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {} ({})", self.check.name(), self.state.name(), self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Finding {}

/// Problem types of VC Data Model 2.0 section "Problem Details", also used by Data Integrity 1.0.
pub mod problem_types {
    /// Parsing failed.
    pub const PARSING: &str = "https://www.w3.org/TR/vc-data-model#PARSING_ERROR";
    /// A signature did not verify.
    pub const CRYPTOGRAPHIC: &str = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR";
    /// A value is malformed.
    pub const MALFORMED: &str = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR";
    /// A value is outside its range.
    pub const RANGE: &str = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR";
    /// A proof could not be verified.
    pub const PROOF_VERIFICATION: &str = "https://w3id.org/security#PROOF_VERIFICATION_ERROR";
    /// A proof could not be transformed.
    pub const PROOF_TRANSFORMATION: &str = "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR";
    /// The domain is not the expected one.
    pub const INVALID_DOMAIN: &str = "https://w3id.org/security#INVALID_DOMAIN_ERROR";
    /// The challenge is not the expected one.
    pub const INVALID_CHALLENGE: &str = "https://w3id.org/security#INVALID_CHALLENGE_ERROR";
    /// The verification method is not right (Controlled Identifiers 1.0 section 3.5).
    pub const INVALID_METHOD: &str = "https://w3id.org/security#INVALID_VERIFICATION_METHOD";
    /// The verification method is not related to its document by the purpose.
    pub const INVALID_RELATIONSHIP: &str = "https://w3id.org/security#INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD";
    /// The status list could not be had.
    pub const STATUS_RETRIEVAL: &str = "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR";
    /// The status list or its entry is not right.
    pub const STATUS_VERIFICATION: &str = "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR";
    /// The status list is shorter than the minimum.
    pub const STATUS_LENGTH: &str = "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR";
}

macro_rules! codes {
    ($($variant:ident, $name:literal, $zh:literal, $en:literal, $problem:expr;)+) => {
        /// The frozen codes of findings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $en] $variant,)+
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The frozen spelling.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it means and what to do next, in Chinese.
            pub fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)+ }
            }

            /// What it means and what to do next, in English.
            pub fn en(self) -> &'static str {
                match self { $(Self::$variant => $en,)+ }
            }

            /// The problem type of the specification that the code belongs to.
            pub fn problem_type(self) -> Option<&'static str> {
                match self { $(Self::$variant => $problem,)+ }
            }
        }
    };
}

use problem_types as p;

codes! {
    // Parsing
    NotACredential, "not_a_credential", "内容不是证照或出示件。请检查后重新扫描或上传。", "This is not a credential or a presentation. Check it and scan or upload it again.", Some(p::PARSING);
    JsonMalformed, "json_malformed", "内容不是规范的 JSON，无法读取。请向持证人重新索取原件。", "The content is not well-formed JSON. Ask the holder for the original file.", Some(p::PARSING);
    TooLarge, "too_large", "内容过大，无法核验。请只提交一份证照或出示件。", "The content is too large. Submit one credential or presentation only.", Some(p::PARSING);
    ModelViolation, "model_violation", "证照格式不符合可验证凭证标准，不能使用。请向发证机关反映。", "The credential breaks the data model standard and cannot be used. Tell the issuing agency.", Some(p::MALFORMED);
    FormatUnsupported, "format_unsupported", "暂不支持这种证照格式。请改用其他出示方式。", "This format is not supported. Ask for another way of presenting.", Some(p::PARSING);
    ContextUnknown, "context_unknown", "证照引用了未收录的词汇表，无法核验签名。", "The credential names a context that is not bundled here, so its proof cannot be checked.", Some(p::PROOF_TRANSFORMATION);
    RelatedResourceMismatch, "related_resource_mismatch", "证照引用的资源与其摘要不符，不能使用。", "A related resource does not match its digest.", Some(p::CRYPTOGRAPHIC);
    // Proof
    ProofInvalid, "proof_invalid", "内容与签名不一致，可能被改动。请让持证人重新出示。", "The content does not match its signature. Ask the holder to present it again.", Some(p::PROOF_VERIFICATION);
    ProofMissing, "proof_missing", "证照没有签名，不能作为办事依据。", "The credential is not signed and cannot be relied on.", Some(p::PROOF_VERIFICATION);
    ProofMalformed, "proof_malformed", "签名格式有误，无法核验。请让持证人重新出示。", "The proof is malformed. Ask the holder to present it again.", Some(p::PROOF_VERIFICATION);
    ProofUnsupported, "proof_unsupported", "暂不支持这种签名方式。请改用其他出示方式。", "This cryptosuite or algorithm is not supported. Ask for another way of presenting.", Some(p::PROOF_VERIFICATION);
    ProofPurpose, "proof_purpose", "签名用途不符，不能使用。", "The proof was made for another purpose.", Some(p::PROOF_VERIFICATION);
    ProofExpired, "proof_expired", "签名已过期。请让持证人重新出示。", "The proof has expired. Ask the holder to present it again.", Some(p::PROOF_VERIFICATION);
    KeyUnknown, "key_unknown", "找不到签名所用的公钥，暂时无法核验。请稍后重试。", "The key of the signature cannot be found right now. Try again later.", Some(p::INVALID_METHOD);
    KeyMalformed, "key_malformed", "签名公钥格式有误，不能使用。", "The key of the signature is malformed.", Some(p::INVALID_METHOD);
    KeyNotAuthorized, "key_not_authorized", "该公钥无权用于此类签名。", "The key is not authorized for this kind of signature.", Some(p::INVALID_RELATIONSHIP);
    TooMuchWork, "too_much_work", "内容过于复杂，已停止核验。", "The content takes too much work to check; it was stopped.", Some(p::PROOF_TRANSFORMATION);
    DisclosureInvalid, "disclosure_invalid", "选择性披露的内容有误，不能使用。请让持证人重新出示。", "The disclosed claims do not fit the credential. Ask the holder to present it again.", Some(p::CRYPTOGRAPHIC);
    // Trust
    IssuerUnknown, "issuer_unknown", "发证机关不在信任名录中，不能作为办事依据。", "The issuer is not in the trust registry.", None;
    IssuerNotAllowed, "issuer_not_allowed", "该机关无权签发此类证照。", "This agency may not issue this type.", None;
    KeyCompromised, "key_compromised", "签发密钥已被宣布失密，此后签发的证照无效。请到发证机关换发。", "The issuing key was declared compromised before this was signed. Ask the agency to issue it again.", None;
    KeyNotValidThen, "key_not_valid_then", "签发时该密钥不在有效期内，不能作为办事依据。", "The issuing key was not valid when this was signed.", None;
    RegistryExpired, "registry_expired", "信任名录已过期，暂时无法核验。请联网更新后重试。", "The trust registry has expired. Update it and try again.", None;
    RegistryInvalid, "registry_invalid", "信任名录的签名有误，暂时无法核验。请联系运维人员。", "The trust registry's own signature is wrong. Call the operator.", None;
    // Validity
    NotYetValid, "not_yet_valid", "证照尚未生效，生效后方可使用。", "The credential is not valid yet.", Some(p::RANGE);
    Expired, "expired", "证照已到期。可当场办理换发。", "The credential has expired. It can be renewed.", Some(p::RANGE);
    // Status
    Suspended, "suspended", "证照已暂扣，解除前不能使用。", "Suspended until lifted.", None;
    Revoked, "revoked", "证照已注销。", "Revoked.", None;
    StatusUnreachable, "status_unreachable", "暂时取不到证照状态名单。联网后重试。", "The status list cannot be reached. Retry when online.", Some(p::STATUS_RETRIEVAL);
    StatusStale, "status_stale", "状态名单过旧，超过该证照允许的时限。联网后重试。", "The status list is older than this type allows. Retry when online.", Some(p::STATUS_RETRIEVAL);
    StatusInvalid, "status_invalid", "证照状态名单有误，暂时无法核验。", "The status list or its entry is not right.", Some(p::STATUS_VERIFICATION);
    StatusLength, "status_length", "证照状态名单长度不足，暂时无法核验。", "The status list is shorter than the standard requires.", Some(p::STATUS_LENGTH);
    // Schema
    SchemaViolation, "schema_violation", "证照内容不符合该类证照的规范，不能使用。请向发证机关反映。", "The content breaks the schema of its type. Tell the issuing agency.", None;
    SchemaUnknown, "schema_unknown", "未收录该类证照的规范，无法核对内容。", "The schema of this type is not known here.", None;
    // Binding
    BindingInvalid, "binding_invalid", "出示人的签名有误，不能证明是持证人本人。请让持证人重新出示。", "The holder's proof is wrong. Ask the holder to present it again.", Some(p::CRYPTOGRAPHIC);
    BindingMissing, "binding_missing", "没有持证人的签名：证照真实，但不能证明出示人就是持证人。请改用亮证码。", "There is no holder proof: the licence exists, the bearer is not proved. Ask for a show code.", None;
    NotTheHolder, "not_the_holder", "证照不属于本次申请人，不能用于此事项。", "This licence does not belong to the applicant.", None;
    // Freshness
    CodeExpired, "code_expired", "亮证码已过期，请让对方刷新后再扫。", "The code has expired; ask for a fresh one.", None;
    Replayed, "replayed", "此码已核验过一次。请让对方刷新后再扫。", "This code was already used. Ask for a fresh one.", None;
    ClockAhead, "clock_ahead", "手机时间比实际时间快，请开启自动设置时间后重新出示。", "The phone's clock is ahead; switch on automatic time and present again.", None;
    AudienceMismatch, "audience_mismatch", "此出示件是给另一单位的，不能在此使用。请重新出示。", "This was presented to someone else. Ask the holder to present it again.", Some(p::INVALID_DOMAIN);
    NonceMismatch, "nonce_mismatch", "出示件与本次请求不符。请重新发起请求。", "This does not answer the present request. Start a new request.", Some(p::INVALID_CHALLENGE);
    ReplayUnknown, "replay_unknown", "暂时无法确认此码是否用过。请稍后重试。", "Whether this code was used cannot be told right now. Try again.", None;
    // Log
    LogUnproven, "log_unproven", "未附公开日志证明。", "No proof of inclusion in the log was given.", None;
    // Appended codes follow in order of addition.
    JwtMalformed, "jwt_malformed", "令牌格式有误，无法读取。请让持证人重新出示。", "The token is not well-formed. Ask the holder to present it again.", Some(p::PARSING);
    JwtTypeWrong, "jwt_type_wrong", "这是另一种用途的令牌，不能在此使用。", "The token is of another kind and cannot be used here.", Some(p::MALFORMED);
    AlgorithmRefused, "algorithm_refused", "签名算法不可接受，不能使用。", "The signature algorithm is not acceptable.", Some(p::CRYPTOGRAPHIC);
    SdJwtMalformed, "sd_jwt_malformed", "选择性披露证照的格式有误，无法读取。请让持证人重新出示。", "The SD-JWT is not well-formed. Ask the holder to present it again.", Some(p::PARSING);
    ClaimMalformed, "claim_malformed", "证照中的必要字段缺失或有误，不能使用。请向发证机关反映。", "A claim that the format needs is missing or malformed. Tell the issuing agency.", Some(p::MALFORMED);
    ClaimConcealed, "claim_concealed", "必须公开的字段被隐藏，不能使用。请向发证机关反映。", "A claim that must stay in the open is concealed. Tell the issuing agency.", Some(p::MALFORMED);
    ClaimUnknown, "claim_unknown", "证照中没有所要的字段。请核对所需内容。", "The credential has no such claim. Check what is asked for.", None;
    StatusRange, "status_range", "证照在状态名单中的位置超出范围，不能使用。请向发证机关反映。", "The credential's place lies outside its status list. Tell the issuing agency.", Some(p::RANGE);
    CodeMalformed, "code_malformed", "亮证码或印刷码内容有误，无法读取。请让对方刷新后再扫。", "The code's content is malformed. Ask for a fresh one.", Some(p::PARSING);
    NotAskedFor, "not_asked_for", "该事项不需要这类证照。请核对所选事项。", "The matter does not ask for this type. Check the matter that was chosen.", None;
    AlreadyMet, "already_met", "该材料已经核验，无需再次出示。", "This requirement is met already; it need not be shown again.", None;
    StatusAbsent, "status_absent", "该证照不设状态名单。", "The credential has no status list.", None;
    ConditionNotMet, "condition_not_met", "所出示的内容不能证明符合该材料的条件。请核对条件，或出示所需字段。", "What was shown does not prove the condition that is asked for. Check it, or show the field that is needed.", None;
    NotRequested, "not_requested", "出示了未请求的内容，未予采用。请按请求重新出示。", "Something was presented that was not asked for. Answer the request as it is.", None;
    RequestUnmet, "request_unmet", "出示的证照不齐。请按请求补齐后重新出示。", "Not everything that was asked for was presented. Present all of it.", None;
    ClaimsMissing, "claims_missing", "所需字段没有出示。请按请求重新出示。", "A field that was asked for was not disclosed. Present it again with that field.", None;
    ValueMismatch, "value_mismatch", "证照内容与所要求的值不符。请核对是否选对证照。", "A field has another value than the one asked for. Check that it is the right licence.", None;
    ApplicantUnnamed, "applicant_unnamed", "出示的内容没有姓名和号码，无法建立办件。请改为出示身份证件的基本信息。", "What was shown does not name its holder. Ask for the identity document with name and number.", None;
    LogProofInvalid, "log_proof_invalid", "公开日志证明有误，不能说明签发已公开登记。请重新索取证明。", "The proof of inclusion in the log is wrong. Ask for a new one.", None;
    LogProofOther, "log_proof_other", "公开日志证明属于另一份证照。请提交这份证照的证明。", "The proof of inclusion is of another credential. Give the one of this credential.", None;
    LogUnknown, "log_unknown", "没有该公开日志的公钥，无法核对。请取得日志公钥后重试。", "The key of this log is not known here. Name it and try again.", None;
    LogQuorum, "log_quorum", "公开日志的见证签名不足。请索取更新的证明后重试。", "Too few witnesses have cosigned the log. Ask for a newer proof and try again.", None;
    LogFork, "log_fork", "公开日志与先前留存的检查点矛盾，可能有两份账。请立即报告审计人员。", "The log contradicts the checkpoint that is held: there may be two histories. Tell the auditor at once.", None;
    RegistryRolledBack, "registry_rolled_back", "该城市公布的信任名录比已收到的旧，暂时无法核验。请联系运维人员核实。", "The other city publishes an older trust registry than it did before. Call the operator.", None;
    RegistryForked, "registry_forked", "该城市公布的信任名录前后矛盾，暂时不予采信。请联系运维人员核实。", "The other city publishes two different trust registries. Call the operator.", None;
    RegistryStale, "registry_stale", "该城市的信任名录太久没有更新，暂时无法核验。请联网更新后重试。", "The other city's trust registry was not updated for too long. Update it and try again.", None;
    TypeNotRecognised, "type_not_recognised", "本市未承认该市签发的此类证照，不能在此使用。请改用本市证照或纸质材料。", "This city does not accept licences of this type from the other city. Use a local licence or paper.", None;
    AgencyNotRecognised, "agency_not_recognised", "本市未承认该市这一机关签发的证照，不能在此使用。请改用本市证照或纸质材料。", "This city does not accept licences of this agency of the other city. Use a local licence or paper.", None;
    RootCompromised, "root_compromised", "该城市的根密钥已失密并更换。请通过电话等其他渠道核对新指纹，确认后再采信。", "The city's root key was compromised and replaced. Compare the fingerprint of the new one over another channel before relying on it.", None;
    LogKeyCompromised, "log_key_compromised", "签署这份公开日志证明的密钥已失密，仅凭它无法判断。请索取由新密钥签署的证明。", "The key that signed this proof of the log was compromised. Ask for a proof that is signed by the new one.", None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_speak_both_languages() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.zh().ends_with('。'), "{}", code.as_str());
            assert!(code.en().ends_with('.') && code.en().is_ascii(), "{}", code.as_str());
        }
    }

    #[test]
    fn checks_are_shown_in_order() {
        assert!(Check::ALL.is_sorted());
        assert_eq!(
            Check::ALL.map(Check::name).join(" "),
            "parse proof trust validity status schema binding freshness log"
        );
    }
}
