//! Answering a request: verified, matched against what was asked, ticked off, remembered, in one change.
//!
//! An answer that is none (no JSON, another state, not decryptable) changes nothing and can be sent again. One that was
//! looked at consumes the request, accepted or not: nonce and state are good once, and the window sees the verdict. A
//! crash before the commit leaves the request open; after it everything is remembered.

use super::ask::named;
use super::evaluate::{asked_for, check_one, check_whole, read};
use super::object::{KEY_ID, require_open};
use super::wants::{Offered, offered};
use super::{Session, State, Told};
use crate::base::json::{Value, json};
use crate::base::text::Label;
use crate::crypto::digest::sha256;
use crate::domain::application::present::Taken;
use crate::domain::application::record::Application;
use crate::domain::change::Change;
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::StoreError;
use crate::domain::presentation::{not_verified, remember};
use crate::domain::usage::record::Signed;
use crate::domain::usage::write::{Context, Seen};
use crate::domain::usage::{Mode as How, Place};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::verify::{Binding, Evidence, Format, Outcome, Policy, Report, Verdict};
use crate::wire::oid4vp::request::Mode;
use crate::wire::oid4vp::response::{Answer, Content, Response, VpToken};

/// What the wallet is told.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Where it leads its user, with the response code (section 8.2).
    pub redirect_uri: Option<String>,
    /// The records of the use (用证记录), as JWTs.
    pub uses: Vec<String>,
}

/// One presentation, verified for the query that it answers.
struct Presented<'a> {
    offered: Offered<'a>,
    outcome: Outcome,
    received: Vec<u8>,
}

impl City {
    /// Takes a wallet's answer. What was presented and does not verify is `not-verified`, or `unavailable` where it could
    /// not be decided; the request is consumed all the same.
    pub fn answer_request(&self, id: &str, body: &[u8]) -> Result<Answered, Error> {
        let response = Response::parse(body).map_err(|error| Error::malformed(error.to_string()))?;
        for _ in 0..4 {
            let session = self.request(id)?;
            require_open(&session, self.now())?;
            let answer = read_answer(&session, &response)?;
            check_state(&session, &answer)?;
            let done = match &answer.content {
                Content::Error { code, description } => self.decline(session, code, description.as_deref())?,
                Content::Token(token) => self.take(session, token)?,
            };
            if let Some(done) = done {
                return done;
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the request or its application was changed again and again"))
    }

    fn decline(
        &self,
        mut session: Session,
        code: &str,
        description: Option<&str>,
    ) -> Result<Option<Result<Answered, Error>>, Error> {
        let label = match code {
            "access_denied" => {
                Label::new("对方未同意，或没有所需的证照。", "The holder did not agree, or has no such licence.")
            }
            _ => Label::new(
                "对方的卡包无法处理此请求。请改用亮证码。",
                "The wallet cannot answer this request. Scan a show code instead.",
            ),
        };
        let declined = json!({"error": code, "description": description, "zh": label.zh, "en": label.en});
        session.head.state = State::Declined;
        session.body.outcome = Some(Told { declined: Some(declined), ..Told::default() });
        let change = Change::new(self.fresh_request("vp")?, sha256(b"declined"));
        match self.store().commit(self.put_request(change, &session)?) {
            Ok(_) => Ok(Some(Ok(self.answered(&session, &[])))),
            Err(StoreError::Conflict(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes presentations; `None` when something was changed meanwhile and it must be decided anew.
    fn take(&self, mut session: Session, token: &VpToken) -> Result<Option<Result<Answered, Error>>, Error> {
        let body = session.body.clone();
        let offers = offered(&body.wants, &body.formats);
        let mut report = Report::default();
        report.fail_all(check_whole(&body.wants, &offers, token));
        let mut presented = self.verify_all(&session, &offers, token, &mut report);
        let application = self.case_of(&session, accepts(&report, &presented), &mut presented)?;
        let (application, met) = match application {
            Some(application) if accepts(&report, &presented) => self.tick_all(application, &mut presented)?,
            _ => (None, Vec::new()),
        };
        let verdict = sum(&presented, report, self.now());
        session.head.state = State::Answered;
        session.body.outcome = Some(Self::outcome_of(&presented, &verdict, met));
        let mut change = Change::new(self.fresh_request("vp")?, sha256(session.id.as_bytes()));
        if let Some(application) = application.as_ref().filter(|_| verdict.accepted) {
            session.body.application = Some(application.head.id.clone());
            change = self.put_or_file(change, application)?;
        }
        let once = presented.iter().filter_map(|one| one.outcome.verified.as_ref()?.once);
        for once in once.filter(|_| verdict.accepted) {
            change = remember(change, &once);
        }
        match self.commit_answer(change, &session, application.as_ref(), &presented, &verdict)? {
            Ok(uses) if verdict.accepted => Ok(Some(Ok(self.answered(&session, &uses)))),
            Ok(_) => Ok(Some(Err(not_verified(&verdict)))),
            // Another answer, a change of the application, or the same presentation accepted elsewhere.
            Err(StoreError::Conflict(_) | StoreError::Duplicate { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Commits an answer with the request that it consumes and the records of the use, which the request then names.
    fn commit_answer(
        &self,
        change: Change,
        session: &Session,
        application: Option<&Application>,
        presented: &[Presented<'_>],
        verdict: &Verdict,
    ) -> Result<Result<Vec<Signed>, StoreError>, Error> {
        let outcomes: Vec<_> = presented.iter().map(|one| as_taken(&one.outcome, verdict)).collect();
        let nothing = Outcome { verdict: verdict.clone(), verified: None };
        let mut seen: Vec<_> =
            outcomes.iter().zip(presented).map(|(outcome, one)| Seen { outcome, received: &one.received }).collect();
        if seen.is_empty() {
            seen.push(Seen { outcome: &nothing, received: session.id.as_bytes() });
        }
        let unknown = Place::new(session.head.window.clone(), "request");
        let place = session.body.place.as_ref().unwrap_or(&unknown);
        let matter = session.body.matter.as_deref().map(named).transpose()?;
        let context = Context::new(place, How::Requested).about(matter).told(session.body.purpose.as_ref());
        let asked = session.body.application.as_ref().filter(|_| application.is_none());
        let asked = asked.map(|id| self.application(id)).transpose()?;
        let context = match application.or(asked.as_ref()) {
            Some(application) => context.of(application),
            None => context,
        };
        self.commit_seen_with(change, &context, &seen, &|change, uses| {
            let mut session = session.clone();
            if let Some(told) = &mut session.body.outcome {
                told.uses = uses.iter().map(|one| one.record.id.clone()).collect();
            }
            self.put_request(change, &session)
        })
    }

    /// The application that the request is for, or a new one of its matter for who presents.
    fn case_of(
        &self,
        session: &Session,
        accepted: bool,
        presented: &mut [Presented<'_>],
    ) -> Result<Option<Application>, Error> {
        let body = &session.body;
        if let Some(id) = &body.application {
            return self.application(id).map(Some);
        }
        let Some(matter) = body.matter.as_ref().filter(|_| body.files && accepted) else { return Ok(None) };
        let verified = presented.iter().filter_map(|one| one.outcome.verified.as_ref());
        let applicant = verified.flat_map(|one| &one.credentials).find_map(|one| self.applicant_of(one));
        let Some(applicant) = applicant else {
            if let Some(first) = presented.first_mut() {
                first.outcome.refuse(Finding::invalid(Check::Binding, Code::ApplicantUnnamed, "nobody is named"));
            }
            return Ok(None);
        };
        self.new_application(&session.head.window, named(matter)?, applicant).map(Some)
    }

    fn verify_all<'a>(
        &self,
        session: &Session,
        offers: &[Offered<'a>],
        token: &VpToken,
        report: &mut Report,
    ) -> Vec<Presented<'a>> {
        let audience = [self.client_id(&session.head.window)];
        let nonce = Some(session.body.nonce.as_str());
        let policy = Policy { binding: Binding::Required, audience: &audience, nonce, ..Policy::full(self.now()) };
        let mut presented = Vec::new();
        for offered in offers {
            for presentation in token.get(&offered.id).into_iter().flatten() {
                match read(offered.format, presentation) {
                    Ok(received) => {
                        let mut outcome = self.verify(received, &policy);
                        self.match_query(offered, &mut outcome);
                        presented.push(Presented {
                            offered: offered.clone(),
                            outcome,
                            received: received_bytes(presentation),
                        });
                    }
                    Err(finding) => report.fail(finding),
                }
            }
        }
        presented
    }

    /// Refuses what is verified and not what was asked for, and hides what was not asked for.
    fn match_query(&self, offered: &Offered<'_>, outcome: &mut Outcome) {
        let findings: Vec<_> = match &outcome.verified {
            None => Vec::new(),
            Some(verified) => {
                let credentials = verified.credentials.iter();
                let checked =
                    credentials.map(|evidence| check_one(offered, evidence, self.type_of(&evidence.type_names)));
                let several = (verified.credentials.len() > 1 && !offered.want.multiple).then(|| {
                    Err(Finding::invalid(
                        Check::Parse,
                        Code::NotRequested,
                        "several credentials where one is asked for",
                    ))
                });
                checked.chain(several).filter_map(Result::err).collect()
            }
        };
        for finding in findings {
            outcome.refuse(finding);
        }
        for summary in &mut outcome.verdict.credentials {
            summary.content = summary.content.as_deref().map(|content| asked_for(offered.option, content));
        }
    }

    /// Ticks off what was presented; the application as it becomes, unless a presentation does not fit it.
    fn tick_all(
        &self,
        mut application: Application,
        presented: &mut [Presented<'_>],
    ) -> Result<(Option<Application>, Vec<String>), Error> {
        application.head.state.require_open()?;
        let mut met = Vec::new();
        for one in presented.iter_mut() {
            let Some(verified) = one.outcome.verified.clone() else { continue };
            let option = one.offered.option;
            let claims = |evidence: &Evidence| asked_for(option, &evidence.content).claims();
            let requirement = one.offered.want.requirement.as_deref();
            let digest = sha256(&one.received);
            match self.tick(&mut application, &verified, &Taken { digest: &digest, requirement, claims: &claims })? {
                Ok(ticked) => met.extend(ticked),
                Err(finding) => {
                    one.outcome.refuse(finding);
                    return Ok((None, Vec::new()));
                }
            }
        }
        Ok((Some(application), met))
    }

    /// What the window sees.
    fn outcome_of(presented: &[Presented<'_>], verdict: &Verdict, met: Vec<String>) -> Told {
        let disclosed =
            presented.iter().filter(|one| one.outcome.verdict.accepted && verdict.accepted).flat_map(|one| {
                one.outcome.verdict.credentials.iter().map(|credential| {
                    json!({
                        "id": one.offered.want.id,
                        "query": one.offered.id,
                        "label": one.offered.want.label,
                        "type": one.offered.option.type_code,
                        "format": one.offered.format.identifier(),
                        "issuerName": credential.issuer_name,
                        "claims": credential.claims(),
                    })
                })
            });
        Told { verdict: Some(verdict.to_json()), disclosed: disclosed.collect(), met, ..Told::default() }
    }

    fn answered(&self, session: &Session, uses: &[Signed]) -> Answered {
        let there = session.body.return_to.as_ref().zip(session.body.response_code.as_ref());
        let redirect_uri = there.map(|(path, code)| format!("{}{path}#response_code={code}", self.names.base()));
        Answered { redirect_uri, uses: uses.iter().map(|one| one.jwt.clone()).collect() }
    }
}

/// Whether nothing speaks against what was presented so far.
fn accepts(report: &Report, presented: &[Presented<'_>]) -> bool {
    report.accepts(&[]) && !presented.is_empty() && presented.iter().all(|one| one.outcome.verdict.accepted)
}

/// One verdict over all presentations: of each check the worst stands.
fn sum(presented: &[Presented<'_>], mut report: Report, now: crate::base::time::Timestamp) -> Verdict {
    let accepted = accepts(&report, presented);
    for one in presented {
        report.merge(&one.outcome.verdict.report);
    }
    let credentials = presented.iter().flat_map(|one| one.outcome.verdict.credentials.iter().cloned()).collect();
    let format = presented.first().map_or(Format::Unknown, |one| one.outcome.verdict.format);
    Verdict { accepted, format, credentials, report, checked_at: now }
}

/// Decrypts where it must be, and refuses what should be encrypted and is not.
fn read_answer(session: &Session, response: &Response) -> Result<Answer, Error> {
    let wrong = |detail: &str| Err(Error::malformed(detail));
    match (response, session.body.mode) {
        (Response::Plain(answer), Mode::Encrypted) if matches!(answer.content, Content::Token(_)) => {
            wrong("response_mode is direct_post.jwt: the response must be encrypted")
        }
        (Response::Plain(answer), Mode::Post | Mode::Encrypted) => Ok(answer.clone()),
        (Response::Encrypted(_), Mode::Post) => wrong("response_mode is direct_post: the response is not encrypted"),
        (Response::Encrypted(jwe), Mode::Encrypted) => {
            if jwe.kid() != Some(KEY_ID) {
                return wrong("kid of the response is not the one of the request's key");
            }
            let key = session.agreement_key()?.ok_or_else(|| Error::corrupt("a request without its key"))?;
            let payload = jwe.open(&key).map_err(|error| Error::malformed(error.to_string()))?;
            Ok(Answer::from_payload(&payload).map_err(|error| Error::malformed(error.to_string()))?)
        }
    }
}

fn check_state(session: &Session, answer: &Answer) -> Result<(), Error> {
    let same = |given: &String| crate::crypto::equal(given.as_bytes(), session.body.state.as_bytes());
    if answer.state.as_ref().is_some_and(same) {
        return Ok(());
    }
    Err(Error::malformed("state is not the one of the request"))
}

/// A presentation as it is kept and named by its digest.
fn received_bytes(presentation: &Value) -> Vec<u8> {
    match presentation.as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => crate::base::jcs::canonicalize(presentation),
    }
}

/// What came of one presentation, given what came of all: nothing is taken when one of them is refused.
fn as_taken(outcome: &Outcome, whole: &Verdict) -> Outcome {
    let mut outcome = outcome.clone();
    if !whole.accepted {
        outcome.verified = None;
        outcome.verdict.report = whole.report.clone();
    }
    outcome
}
