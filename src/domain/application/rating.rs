//! Rating the service (好差评): whoever holds the receipt of a decided case says how it went, freely and once.
//!
//! One row a case, inserted, so that a case has one vote; in the same change the agency's tally grows by it. What somebody
//! wrote is sealed. A bad grade names the day by which the office calls back. Those who watch the agencies read ratings,
//! the rated window does not.

use serde::{Deserialize, Serialize};

use super::State;
use super::record::{Application, matter_named};
use crate::base::bytes::{base64url, from_base64url};
use crate::base::id::{AgencyCode, ApplicationId};
use crate::base::json::{Value, json};
use crate::base::text::Label;
use crate::base::time::{Date, Timestamp, china_date, rfc3339};
use crate::crypto::digest::sha256;
use crate::domain::calendar::Calendar;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::leaf::{Kind, leaf};
use crate::domain::ports::StoreError;
use crate::domain::record;

/// Most characters of what somebody writes.
pub const MOST_WORDS: usize = 300;
/// Working days within which the office talks to somebody who was not satisfied.
const CALL_BACK: u16 = 1;
/// Ratings of one page.
const PAGE: u16 = 100;
/// Attempts when two cases of an agency are rated at the same moment.
const ATTEMPTS: usize = 8;

/// How satisfied somebody was; the five levels of GB/T 39046, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Grade {
    /// 非常满意.
    VerySatisfied,
    /// 满意.
    Satisfied,
    /// 基本满意.
    Fair,
    /// 不满意.
    Dissatisfied,
    /// 非常不满意.
    VeryDissatisfied,
}

impl Grade {
    /// Best first.
    pub const ALL: [Self; 5] =
        [Self::VerySatisfied, Self::Satisfied, Self::Fair, Self::Dissatisfied, Self::VeryDissatisfied];

    /// The frozen name.
    pub fn name(self) -> &'static str {
        match self {
            Self::VerySatisfied => "verySatisfied",
            Self::Satisfied => "satisfied",
            Self::Fair => "fair",
            Self::Dissatisfied => "dissatisfied",
            Self::VeryDissatisfied => "veryDissatisfied",
        }
    }

    /// The word for people.
    pub fn label(self) -> Label {
        match self {
            Self::VerySatisfied => Label::new("非常满意", "Very satisfied"),
            Self::Satisfied => Label::new("满意", "Satisfied"),
            Self::Fair => Label::new("基本满意", "Fairly satisfied"),
            Self::Dissatisfied => Label::new("不满意", "Dissatisfied"),
            Self::VeryDissatisfied => Label::new("非常不满意", "Very dissatisfied"),
        }
    }

    /// Whether the office must call back.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Dissatisfied | Self::VeryDissatisfied)
    }
}

/// What somebody says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    /// How satisfied.
    pub grade: Grade,
    /// In their own words; may be empty.
    #[serde(default)]
    pub words: String,
}

/// A rating as kept; its words are sealed beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rating {
    /// The case.
    pub case: ApplicationId,
    /// The agency whose window took the case in.
    pub window: AgencyCode,
    /// The matter's code.
    pub matter: String,
    /// How the case had ended.
    pub outcome: String,
    /// How satisfied.
    pub grade: Grade,
    /// When it was said.
    pub at: Timestamp,
    /// By which day the office calls back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_back: Option<Date>,
}

impl Rating {
    /// The rating for whoever holds the receipt.
    pub fn to_json(&self) -> Value {
        json!({"grade": self.grade.name(), "gradeName": self.grade.label(), "at": rfc3339(self.at)})
    }
}

/// How many ratings of each grade an agency has, best grade first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally([u64; 5]);

impl Tally {
    fn add(&mut self, grade: Grade) {
        for (count, one) in self.0.iter_mut().zip(Grade::ALL) {
            *count += u64::from(one == grade);
        }
    }

    /// Counts by the grades' names.
    pub fn to_json(&self) -> Value {
        let counts = Grade::ALL.iter().zip(self.0);
        counts
            .map(|(grade, count)| json!({"grade": grade.name(), "gradeName": grade.label(), "count": count}))
            .collect()
    }
}

/// A page of ratings, by agency and case number.
#[derive(Debug)]
pub struct Ratings {
    /// The ratings with everything that is known of them.
    pub ratings: Vec<Value>,
    /// All of them counted.
    pub tally: Tally,
    /// Where to go on; absent at the end.
    pub next: Option<String>,
}

impl City {
    /// Rates the case behind a receipt's token; `conflict` before it is decided and once it was rated.
    pub fn rate(&self, token: &str, opinion: &Opinion) -> Result<Rating, Error> {
        let words = opinion.words.trim();
        if words.chars().count() > MOST_WORDS {
            return Err(Error::new(ErrorKind::Refused, "too many words")
                .says("文字请控制在 300 字以内。", "Please use at most 300 characters."));
        }
        for _ in 0..ATTEMPTS {
            if let Some(rating) = self.try_to_rate(token, opinion.grade, words)? {
                return Ok(rating);
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the tally was changed again and again"))
    }

    /// The rating of a case.
    pub fn rating_of(&self, application: &Application) -> Result<Option<Rating>, Error> {
        let row = self.store().get(Table::Rating, &key(application))?;
        row.map(|row| record::decode(Table::Rating, &row.value)).transpose()
    }

    /// An agency's ratings, or the whole city's.
    pub fn ratings(&self, agency: Option<&AgencyCode>, after: Option<&str>) -> Result<Ratings, Error> {
        let after = after.map(from_base64url).transpose()?;
        let of = agency.map(|agency| record::prefix(&[agency.as_str()])).unwrap_or_default();
        let page = self.store().scan(Table::Rating, &of, after.as_deref(), PAGE)?;
        let read = page.rows.iter().map(|(key, row)| self.rating_json(key, &row.value));
        let tally = match agency {
            Some(agency) => self.ratings_counted(agency)?.0,
            None => self.all_ratings_counted()?,
        };
        Ok(Ratings { ratings: read.collect::<Result<_, _>>()?, tally, next: page.next.map(|key| base64url(&key)) })
    }

    fn try_to_rate(&self, token: &str, grade: Grade, words: &str) -> Result<Option<Rating>, Error> {
        let application = self.application_behind(token)?;
        let head = &application.head;
        if matches!(head.state, State::Filed | State::Accepted { .. }) {
            return Err(Error::new(ErrorKind::Conflict, "the case is not decided")
                .says("办件尚未办结，办结后再来评价。", "The application is not decided yet. Please come back then."));
        }
        if self.rating_of(&application)?.is_some() {
            return Err(Error::new(ErrorKind::Conflict, "the case was rated")
                .coded("already_rated")
                .says("这次办理已经评价过，谢谢。", "This service was rated already. Thank you."));
        }
        let at = self.this_second();
        let call_back = || Ok::<_, Error>(Calendar::shipped()?.plus_working_days(china_date(at), CALL_BACK));
        let rating = Rating {
            case: head.id.clone(),
            window: head.window.clone(),
            matter: head.matter.clone(),
            outcome: head.state.name().to_owned(),
            grade,
            at,
            call_back: grade.is_bad().then(call_back).transpose()?,
        };
        match self.store().commit(self.rating_change(&application, &rating, words)?) {
            Ok(_) => Ok(Some(rating)),
            Err(StoreError::Conflict(_) | StoreError::Duplicate { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn rating_change(&self, application: &Application, rating: &Rating, words: &str) -> Result<Change, Error> {
        let agency = &application.head.agency;
        let key = key(application);
        let value = self.vault().encode(Table::Rating, &key, rating, words.as_bytes())?;
        let (mut tally, version) = self.ratings_counted(agency)?;
        tally.add(rating.grade);
        let row = record::encode(&tally)?;
        let change = Change::new(self.fresh_request("rate")?, sha256(&value)).insert(Table::Rating, key, value);
        let change = match version {
            Some(version) => change.update(Table::RatingTally, agency.as_str(), version, row),
            None => change.insert(Table::RatingTally, agency.as_str(), row),
        };
        let told =
            leaf(Kind::Application, self.now(), &[("case", self.case_tag(&rating.case)), ("state", "rated".into())]);
        Ok(change.leaf(told.bytes))
    }

    fn ratings_counted(&self, agency: &AgencyCode) -> Result<(Tally, Option<u64>), Error> {
        let Some(row) = self.store().get(Table::RatingTally, agency.as_str().as_bytes())? else {
            return Ok((Tally::default(), None));
        };
        Ok((record::decode(Table::RatingTally, &row.value)?, Some(row.version)))
    }

    /// A city has few agencies; one page holds them.
    fn all_ratings_counted(&self) -> Result<Tally, Error> {
        let mut all = Tally::default();
        for (_, row) in self.store().scan(Table::RatingTally, &[], None, u16::MAX)?.rows {
            let Tally(counts) = record::decode(Table::RatingTally, &row.value)?;
            for (sum, count) in all.0.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        Ok(all)
    }

    fn rating_json(&self, key: &[u8], value: &[u8]) -> Result<Value, Error> {
        let rating: Rating = record::decode(Table::Rating, value)?;
        let words = record::open(&self.keys.sealer, Table::Rating, key, value)?;
        let words = String::from_utf8(words).map_err(|_| Error::corrupt("the words of a rating"))?;
        let matter = matter_named(&rating.matter)?;
        let outcome = outcome_label(&rating.outcome);
        let (case, at) = (rating.case.as_str(), rfc3339(rating.at));
        Ok(json!({
            "case": case, "window": rating.window.as_str(), "matter": {"code": rating.matter, "name": matter.name},
            "outcome": rating.outcome, "outcomeName": outcome, "grade": rating.grade.name(),
            "gradeName": rating.grade.label(), "words": words, "at": at,
            "callBack": rating.call_back.map(|day| day.to_string()),
        }))
    }
}

fn key(application: &Application) -> Vec<u8> {
    Application::key(&application.head.agency, &application.head.id)
}

fn outcome_label(name: &str) -> Label {
    match name {
        "granted" => Label::new("已办结", "Settled"),
        "refused" => Label::new("不予许可", "Refused"),
        _ => Label::new("不予受理", "Not accepted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_counts_each_grade_for_itself() {
        let mut tally = Tally::default();
        for grade in [Grade::Satisfied, Grade::VeryDissatisfied, Grade::Satisfied] {
            tally.add(grade);
        }
        assert_eq!(tally, Tally([0, 2, 0, 0, 1]));
        assert_eq!(tally.to_json()[1]["count"], 2);
    }

    #[test]
    fn grades_are_named_as_they_are_written_and_two_of_them_are_bad() {
        for grade in Grade::ALL {
            assert_eq!(serde_json::to_value(grade).unwrap(), grade.name());
        }
        let bad: Vec<_> = Grade::ALL.into_iter().filter(|grade| grade.is_bad()).collect();
        assert_eq!(bad, [Grade::Dissatisfied, Grade::VeryDissatisfied]);
        assert!(serde_json::from_str::<Opinion>(r#"{"grade":"perfect"}"#).is_err());
    }
}
