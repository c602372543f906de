//! What may be published as a matter: the rules that the members of a matter keep among each other.
//!
//! Code structure, limits, visits, result names (as validators of the national exchange enforce them) and the
//! requirements: every licence named must exist, and the agency must be allowed to issue the result. All violations
//! are told at once, each with its rule, the field and a sentence in both languages. What it is not: a check of law —
//! whether a limit is the right one is the agency's word.

use std::collections::BTreeSet;

use super::agency::{Agencies, Agency};
use super::catalogue::{Catalogue, CredentialType};
use super::matter::{CaseType, HandlingForm, Material, Matter, Mode, Online, Requirement, ResultKind, Review};
use crate::base::id::TypeCode;
use crate::base::text::Label;

/// The longest 容缺 period of a matter that is decided at once, in working days: the law's correction clock.
const TOLERANCE_AT_ONCE: u16 = 5;
/// The type a commitment is signed as.
const COMMITMENT: &str = "creditCommitment";

/// What matters are checked against.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'a> {
    /// The agencies and what they may issue.
    pub agencies: &'a Agencies,
    /// Every credential type with the predicates its views offer.
    pub types: &'a Catalogue,
}

impl<'a> Vocabulary<'a> {
    fn find(&self, code: &TypeCode) -> Option<&'a CredentialType> {
        self.types.find(code.as_str()).map(AsRef::as_ref).filter(|found| found.code() == code.as_str())
    }
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's frozen name.
    pub rule: &'static str,
    /// The member at fault: `limits.promised`, `requirements[idCard]`.
    pub field: String,
    /// What is wrong, for the one who publishes.
    pub reason: Label,
}

/// Reads a matter and checks it; a text that is no matter breaks the rule `form`.
pub fn publish(json: &[u8], vocabulary: Vocabulary<'_>) -> Result<Matter, Vec<Violation>> {
    let matter: Matter = serde_json::from_slice(json).map_err(|error| {
        let mut report = Report::default();
        report.broken("form", "", &format!("不是事项数据：{error}"), &format!("not a matter: {error}"));
        report.0
    })?;
    let violations = check(&matter, vocabulary);
    if violations.is_empty() { Ok(matter) } else { Err(violations) }
}

/// Every rule the matter breaks; none when it may be published.
pub fn check(matter: &Matter, vocabulary: Vocabulary<'_>) -> Vec<Violation> {
    let mut report = Report::default();
    check_names(matter, &mut report);
    match vocabulary.agencies.find(&matter.agency) {
        Some(agency) => {
            check_codes(matter, agency, &mut report);
            check_results(matter, agency, vocabulary, &mut report);
        }
        None => report.broken("agency", "agency", "没有这个部门", "there is no such agency"),
    }
    check_limits(matter, &mut report);
    check_handling(matter, &mut report);
    check_result_kind(matter, &mut report);
    check_mode(matter, &mut report);
    check_requirements(matter, vocabulary, &mut report);
    report.0
}

#[derive(Default)]
struct Report(Vec<Violation>);

impl Report {
    fn broken(&mut self, rule: &'static str, field: &str, zh: &str, en: &str) {
        self.0.push(Violation { rule, field: field.to_owned(), reason: Label::new(zh, en) });
    }

    fn unless(&mut self, kept: bool, rule: &'static str, field: &str, zh: &str, en: &str) {
        if !kept {
            self.broken(rule, field, zh, en);
        }
    }
}

fn spelled(label: &Label) -> bool {
    let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= 200;
    fits(&label.zh) && fits(&label.en)
}

fn check_names(matter: &Matter, report: &mut Report) {
    let (zh, en) = ("中英文名称各须1至200字", "a name has 1 to 200 characters in each language");
    report.unless(spelled(&matter.name), "name", "name", zh, en);
    report.unless(spelled(&matter.result_name), "name", "resultName", zh, en);
}

fn check_codes(matter: &Matter, agency: &Agency, report: &mut Report) {
    let (code, basic) = (&matter.code, &matter.basic_code);
    report.unless(
        code.body() == agency.uscc.as_str(),
        "codeBody",
        "code",
        "实施编码前18位须为实施主体的统一社会信用代码",
        "the implementation code must begin with the agency's USCC",
    );
    report.unless(
        code.basic() == basic.as_str(),
        "codeBasic",
        "basicCode",
        "实施编码后12位须与基本编码一致",
        "the implementation code must end in the basic code",
    );
    report.unless(
        basic.matter_type() == matter.matter_type.as_str(),
        "codeType",
        "matterType",
        "基本编码第3至4位须为事项类型代码",
        "digits 3 and 4 of the basic code must be the matter type",
    );
    report.unless(
        basic.department() == agency.department,
        "codeDepartment",
        "basicCode",
        "基本编码第5至6位须为主管部门代码",
        "digits 5 and 6 of the basic code must be the competent department",
    );
}

fn check_results(matter: &Matter, agency: &Agency, vocabulary: Vocabulary<'_>, report: &mut Report) {
    report.unless(
        !matter.results.is_empty() && distinct(&matter.results),
        "results",
        "results",
        "须至少有一个且不重复的结果证照类型",
        "at least one result credential type is needed, none twice",
    );
    for result in &matter.results {
        let field = format!("results[{result}]");
        if vocabulary.find(result).is_none() {
            report.broken("typeKnown", &field, "没有这个证照类型", "there is no such credential type");
        } else if !agency.may_issue(result) {
            report.broken(
                "resultIssuer",
                &field,
                "本部门无权颁发该类证照",
                "the agency may not issue credentials of this type",
            );
        }
    }
}

fn check_limits(matter: &Matter, report: &mut Report) {
    let promised = matter.limits.promised;
    let at_once = (promised == 0, matter.case_type == CaseType::Instant, matter.review == Review::Immediate);
    report.unless(
        at_once == (true, true, true) || at_once == (false, false, false),
        "instant",
        "limits.promised",
        "承诺时限为0、即办件、即审即办三者须同时成立",
        "a promise of 0 days, an instant case and immediate review go together",
    );
    report.unless(
        matter.limits.statutory.is_none_or(|statutory| promised <= statutory),
        "promisedLimit",
        "limits.promised",
        "承诺时限不得超过法定时限",
        "the promised limit may not exceed the statutory one",
    );
    for procedure in &matter.special {
        report.unless(
            procedure.days > 0 && spelled(&procedure.name),
            "special",
            "special",
            "特别程序须写明名称和时限",
            "a special procedure needs a name and a limit",
        );
    }
}

fn check_handling(matter: &Matter, report: &mut Report) {
    let online = matter.online != Online::None;
    report.unless(
        !matter.applicants.is_empty() && distinct(&matter.applicants),
        "applicants",
        "applicants",
        "须至少有一类且不重复的服务对象",
        "at least one kind of applicant is needed, none twice",
    );
    report.unless(
        !matter.forms.is_empty() && distinct(&matter.forms),
        "forms",
        "forms",
        "须至少有一种且不重复的办理形式",
        "at least one way to apply is needed, none twice",
    );
    report.unless(
        (matter.visits == 0) == matter.visit_reason.is_none() && matter.visit_reason.as_ref().is_none_or(spelled),
        "visitReason",
        "visitReason",
        "到现场次数不为0须说明原因，为0则不填",
        "visits need a reason, and no visits none",
    );
    report.unless(
        matter.visits != 0 || online || matter.forms.contains(&HandlingForm::Express),
        "express",
        "forms",
        "不到现场且不网办的，办理形式须含快递申请",
        "without visits and not online, express mail must be a way to apply",
    );
    report.unless(
        matter.online != Online::Whole || matter.visits == 0,
        "wholeOnline",
        "visits",
        "全程网办的，到现场次数须为0",
        "a matter online from end to end has no visits",
    );
    let web = matter.forms.iter().any(|form| matches!(form, HandlingForm::Computer | HandlingForm::Mobile));
    report.unless(
        web || matches!(matter.online, Online::None | Online::Consultation),
        "onlineForm",
        "forms",
        "网办事项的办理形式须含电脑端或移动端",
        "an online matter must be open to computer or phone",
    );
}

/// The result kind that the name's ending asks for; `None` where any is right.
fn kind_by_name(name: &str) -> Option<ResultKind> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&["批复", "批文"]) {
        Some(ResultKind::Approval)
    } else if ends(&["证", "证书"]) {
        Some(ResultKind::Certificate)
    } else if ends(&["文"]) {
        Some(ResultKind::Document)
    } else {
        None
    }
}

fn check_result_kind(matter: &Matter, report: &mut Report) {
    let wanted = kind_by_name(&matter.result_name.zh);
    report.unless(
        wanted.is_none_or(|kind| kind == matter.result_kind),
        "resultKind",
        "resultKind",
        "结果名称以“证/证书”结尾为出证办结，“文”为出文办结，“批复/批文”为审批办结",
        "a result named 证/证书 ends with a licence, 文 with a document, 批复/批文 with an approval",
    );
}

fn check_mode(matter: &Matter, report: &mut Report) {
    let any = |test: fn(&Requirement) -> bool| matter.requirements.iter().any(test);
    let kept = match matter.mode {
        Mode::Standard => true,
        Mode::Tolerant => any(Requirement::is_tolerable),
        Mode::Commitment => any(|one| one.replaceable || one.types().iter().any(|t| t.as_str() == COMMITMENT)),
        Mode::Seconds => matter.case_type == CaseType::Instant && !any(|one| matches!(one.material, Material::Form(_))),
    };
    report.unless(
        kept,
        "mode",
        "mode",
        "容缺须有可容缺材料，告知承诺须有承诺书或可替代材料，秒办须即办且无表单",
        "tolerance needs a material that may follow, commitment one that it replaces, seconds an instant case without forms",
    );
}

fn check_requirements(matter: &Matter, vocabulary: Vocabulary<'_>, report: &mut Report) {
    let requirements = &matter.requirements;
    report.unless(
        requirements.iter().any(|one| !one.is_tolerable()),
        "mainMaterial",
        "requirements",
        "须至少有一项不可容缺的主要材料",
        "at least one material must be there at acceptance",
    );
    let ids: Vec<_> = requirements.iter().map(|one| &one.id).collect();
    let well_formed = |id: &str| !id.is_empty() && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    report.unless(
        distinct(&ids) && ids.iter().all(|id| well_formed(id)),
        "requirementId",
        "requirements",
        "材料标识须唯一，仅含字母、数字和连字符",
        "requirement identifiers are unique, of letters, digits and hyphens",
    );
    for requirement in requirements {
        check_requirement(requirement, matter.limits.promised, vocabulary, report);
    }
}

fn check_requirement(requirement: &Requirement, promised: u16, vocabulary: Vocabulary<'_>, report: &mut Report) {
    let field = format!("requirements[{}]", requirement.id);
    let types = requirement.types();
    report.unless(
        types.iter().all(|one| vocabulary.find(one).is_some()),
        "typeKnown",
        &field,
        "没有这个证照类型",
        "there is no such credential type",
    );
    let named = match &requirement.material {
        Material::Credential(_) => true,
        Material::AnyOf(types) => types.len() >= 2 && distinct(types),
        Material::Form(name) => spelled(name),
    };
    report.unless(
        named && requirement.label.as_ref().is_none_or(spelled),
        "material",
        &field,
        "“之一”须有两个以上不同证照类型，表单和别名须有中英文名称",
        "any-of needs two or more different types; forms and labels need a name in both languages",
    );
    let offers = |predicate: &String| {
        let offered = |kind: &CredentialType| {
            let mut predicates = kind.views().iter().flat_map(|view| &view.predicates);
            predicates.any(|offered| offered.predicate == *predicate)
        };
        !types.is_empty() && types.iter().all(|one| vocabulary.find(one).is_none_or(offered))
    };
    report.unless(
        requirement.predicate.as_ref().is_none_or(offers),
        "predicate",
        &field,
        "证照类型未提供该核验条件",
        "the credential type offers no such predicate",
    );
    let longest = if promised == 0 { TOLERANCE_AT_ONCE } else { promised };
    report.unless(
        requirement.tolerable_days.is_none_or(|days| (1..=longest).contains(&days)),
        "tolerance",
        &field,
        "容缺补齐期限须为1个工作日以上且不超过承诺时限（即办件不超过5个工作日）",
        "a missing material may follow within 1 working day or more, at most the promised limit (5 for instant cases)",
    );
}

fn distinct<T: Ord>(items: &[T]) -> bool {
    items.iter().collect::<BTreeSet<_>>().len() == items.len()
}

#[cfg(test)]
mod tests;
