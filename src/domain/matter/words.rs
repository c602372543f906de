//! The code lists of matters: GB/T 39046-2020 Annex A and the words of the exchange tables, with their names.

use serde::{Deserialize, Serialize};

use crate::base::text::Lang;

/// A closed list whose words have a spelling in files and a name in both languages.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $code:literal, $zh:literal, $en:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(
                #[doc = concat!($zh, ", ", $en, ".")]
                $(#[$word_doc])*
                #[serde(rename = $code)]
                $word,
            )+
        }

        impl $name {
            /// All words, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$word),+];

            /// The spelling in files.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $code,)+
                }
            }

            /// The name for people.
            pub fn name(self, lang: Lang) -> &'static str {
                match self {
                    $(Self::$word => lang.pick($zh, $en),)+
                }
            }
        }
    };
}

words! {
    /// The kind of administrative act, 事项类型 (A.1); the code stands in the basic code.
    MatterType {
        Power = "00", "行政权力事项", "administrative power";
        Licence = "01", "行政许可", "administrative licence";
        Punishment = "02", "行政处罚", "administrative punishment";
        Coercion = "03", "行政强制", "administrative coercion";
        Levy = "04", "行政征收", "administrative levy";
        Grant = "05", "行政给付", "administrative grant";
        Inspection = "06", "行政检查", "administrative inspection";
        Confirmation = "07", "行政确认", "administrative confirmation";
        Reward = "08", "行政奖励", "administrative reward";
        Adjudication = "09", "行政裁决", "administrative adjudication";
        Other = "10", "其他类别事项", "other matter";
        PublicService = "20", "公共服务事项", "public service";
    }
}

words! {
    /// Decided at once or by a promised day, 办件类型 (A.6).
    CaseType {
        Instant = "instant", "即办件", "decided at once";
        Promised = "promised", "承诺件", "decided by a promised day";
    }
}

words! {
    /// How a matter is examined, 审查类型.
    Review {
        Immediate = "immediate", "即审即办", "examined and decided at once";
        Standard = "standard", "前审后批", "examined, then decided";
    }
}

words! {
    /// The mode of handling.
    Mode {
        Standard = "standard", "普通", "standard";
        Tolerant = "tolerant", "容缺受理", "accepted with materials to follow";
        Commitment = "commitment", "告知承诺", "on commitment";
        Seconds = "seconds", "秒办", "decided in seconds by rule";
    }
}

words! {
    /// Who may apply, 服务对象 (A.4).
    Applicant {
        Person = "person", "自然人", "natural person";
        Enterprise = "enterprise", "企业法人", "enterprise";
        Institution = "institution", "事业法人", "public institution";
        SocialOrganisation = "socialOrganisation", "社会组织法人", "social organisation";
        Government = "government", "行政机关", "government body";
        Other = "other", "其他组织", "other organisation";
    }
}

words! {
    /// Ways to apply, 办理形式 (A.5).
    HandlingForm {
        Window = "window", "窗口办理", "at a window";
        Computer = "computer", "电脑端网上办理", "online by computer";
        Mobile = "mobile", "移动端网上申请", "online by phone";
        Express = "express", "快递申请", "by express mail";
        Other = "other", "其他", "otherwise";
    }
}

words! {
    /// How far a matter goes online, 网上办理深度.
    Online {
        None = "none", "不支持网办", "not online";
        Consultation = "consultation", "互联网咨询", "consultation online";
        Collection = "collection", "互联网收件", "materials taken in online";
        PreExamination = "preExamination", "互联网预审", "pre-examined online";
        Whole = "whole", "全程网办", "online from end to end";
    }
}

words! {
    /// Where else a matter may be applied for, 通办范围.
    Scope {
        Nation = "nation", "全国通办", "in the whole country";
        Provinces = "provinces", "跨省通办", "across provinces";
        Prefectures = "prefectures", "跨市通办", "across prefectures";
        Counties = "counties", "跨县通办", "across counties";
    }
}

words! {
    /// How a granted matter ends, 审批结果类型.
    ResultKind {
        Certificate = "certificate", "出证办结", "with a licence";
        Document = "document", "出文办结", "with a document";
        Approval = "approval", "审批办结", "with an approval";
        Other = "other", "其他", "otherwise";
    }
}

words! {
    /// Suspensions, 特别程序.
    SpecialKind {
        Expert = "EXPERT", "专家评审", "expert review";
        Notice = "NOTICE", "公示公告", "public notice";
        Hearing = "HEARING", "听证", "hearing";
        Supplement = "SUPPLEMENT", "补齐补正", "supplement of materials";
        Modify = "MODIFY", "限期修改", "modification in time";
        Inspect = "INSPECT", "检验检测检疫鉴定", "inspection, testing, quarantine or appraisal";
        Tender = "TENDER", "招标拍卖", "tender or auction";
    }
}

words! {
    /// What the days of a limit count.
    Unit {
        WorkingDays = "workingDays", "工作日", "working days";
        NaturalDays = "naturalDays", "自然日", "natural days";
    }
}

words! {
    /// Whose licence a requirement asks for.
    Whose {
        /// The applicant, a person or an enterprise.
        Applicant = "applicant", "申请人", "applicant";
        /// One from each of the two.
        Both = "both", "双方", "both parties";
        /// One from each parent.
        Parents = "parents", "父母", "parents";
        Guardian = "guardian", "监护人", "guardian";
        Buyer = "buyer", "买方", "buyer";
        Seller = "seller", "卖方", "seller";
        Developer = "developer", "开发商", "developer";
        Bank = "bank", "银行", "bank";
        LegalRepresentative = "legalRepresentative", "法定代表人", "legal representative";
        Agent = "agent", "经办人", "agent";
    }
}

impl Default for Whose {
    /// Where nothing is said, the applicant's own.
    fn default() -> Self {
        Self::Applicant
    }
}

impl Whose {
    /// Whether it is the applicant's own licence.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the serialiser calls it by reference")]
    pub(super) fn is_applicant(&self) -> bool {
        *self == Self::Applicant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_by_the_spelling_it_prints() {
        for &word in MatterType::ALL {
            let json = format!("{:?}", word.as_str());
            assert_eq!(serde_json::from_str::<MatterType>(&json).unwrap(), word);
        }
        for &word in Whose::ALL {
            assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
        }
        assert_eq!(Whose::ALL.len(), 10);
    }

    #[test]
    fn words_have_a_name_in_both_languages() {
        assert_eq!(MatterType::Licence.name(Lang::Zh), "行政许可");
        assert_eq!(Whose::LegalRepresentative.name(Lang::En), "legal representative");
        assert_eq!(Whose::default(), Whose::Applicant);
    }
}
