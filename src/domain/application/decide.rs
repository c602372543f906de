//! The decision: granted, with the result credentials issued in the same change, or refused with a reason.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::record::{Application, Waiting};
use crate::base::id::{ApplicationId, CredentialId, TypeCode};
use crate::base::json::{Map, Value};
use crate::crypto::digest::sha256;
use crate::domain::account::Author;
use crate::domain::catalogue::annotation::NumberSource;
use crate::domain::catalogue::field::FieldFormat;
use crate::domain::catalogue::{Catalogue, CredentialType};
use crate::domain::change::Change;
use crate::domain::city::City;
use crate::domain::city::rules::Deed;
use crate::domain::error::{Error, ErrorKind, given_reason};
use crate::domain::issuance::Order;

/// What was decided.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "decision", deny_unknown_fields)]
pub enum Decision {
    /// Granted.
    Grant {
        /// Columns of each result, by type; what the case already knows need not be given.
        #[serde(default)]
        results: BTreeMap<TypeCode, Map>,
    },
    /// Refused.
    Refuse {
        /// Why, told to the applicant.
        reason: String,
    },
}

impl City {
    /// Decides an accepted application. A grant whose results need a second person waits for an approver of the agency
    /// that issues them; the application stays accepted until then.
    pub fn decide(&self, id: &ApplicationId, decision: Decision, by: &Author) -> Result<Application, Error> {
        let application = self.application(id)?;
        self.require_undecided(&application)?;
        match decision {
            Decision::Grant { results } => self.grant(application, results, by)?,
            Decision::Refuse { reason } => self.refuse(application, &reason, by)?,
        }
        self.application(id)
    }

    /// Fails while a decision waits for its second person.
    fn require_undecided(&self, application: &Application) -> Result<(), Error> {
        let Some(waiting) = &application.head.waiting else { return Ok(()) };
        let open = self.pending(&waiting.agency, &waiting.action).is_ok_and(|one| one.state(self.now()) == "open");
        if !open {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, "the decision waits for a second person")
            .says("本办件的决定正在等待复核。", "The decision waits for the second person."))
    }

    fn refuse(&self, mut application: Application, reason: &str, by: &Author) -> Result<(), Error> {
        let reason = given_reason(reason)?;
        application.head.state = application.head.state.refuse(self.this_second(), reason)?;
        application.head.waiting = None;
        self.commit_state(&application, by)
    }

    fn grant(&self, application: Application, given: BTreeMap<TypeCode, Map>, by: &Author) -> Result<(), Error> {
        application.head.state.clone().grant(self.this_second(), Vec::new())?;
        let matter = application.matter()?;
        if let Some(foreign) = given.keys().find(|code| !matter.results.contains(code)) {
            return Err(Error::new(ErrorKind::Refused, format!("{foreign} is no result of the matter")).says(
                format!("{foreign} 不是该事项的办理结果。"),
                format!("{foreign} is not a result of this matter."),
            ));
        }
        let waits = |code: &TypeCode| self.rules.four_eyes.needs(Deed::Issue, code);
        if matter.results.iter().any(waits) {
            return self.wait_to_grant(application, given, by);
        }
        let (_, change) = self.granting(application, &given, by)?;
        self.store().commit(change)?;
        Ok(())
    }

    /// The change that grants: the results issued, and the state. With the results' identifiers.
    pub(in crate::domain) fn granting(
        &self,
        mut application: Application,
        given: &BTreeMap<TypeCode, Map>,
        by: &Author,
    ) -> Result<(Vec<CredentialId>, Change), Error> {
        let mut change = Change::new(self.fresh_request("decide")?, sha256(b"grant"));
        let mut ids: Vec<CredentialId> = Vec::new();
        for code in &application.matter()?.results {
            let (id, issuing) = self.issuing(&self.result_order(&application, code, given.get(code))?)?;
            ids.push(id);
            change = merge(change, issuing);
        }
        application.head.state = application.head.state.grant(self.this_second(), ids.clone())?;
        application.head.waiting = None;
        Ok((ids, self.state_change(change, &application, by)?))
    }

    /// Lets a grant wait as one action of the agency that issues the first result which needs a second person.
    fn wait_to_grant(
        &self,
        mut application: Application,
        given: BTreeMap<TypeCode, Map>,
        by: &Author,
    ) -> Result<(), Error> {
        let results = application.matter()?.results.iter();
        let orders = results.map(|code| self.result_order(&application, code, given.get(code)));
        let orders = orders.collect::<Result<Vec<_>, _>>()?;
        orders.iter().try_for_each(|order| self.check_order(order).map(drop))?;
        let first = orders.iter().find(|order| self.rules.four_eyes.needs(Deed::Issue, &order.type_code));
        let first = first.ok_or_else(|| Error::corrupt("a grant that needs nobody"))?;
        let pending = self.pending_grant(first, &application.head.id, given, by)?;
        application.head.waiting =
            Some(Waiting { agency: pending.head.agency.clone(), action: pending.head.id.clone() });
        let change = Change::new(self.fresh_request("wait")?, sha256(pending.head.id.as_str().as_bytes()));
        let change = self.put_application(self.waiting_change(change, &pending)?, &application)?;
        self.store().commit(self.step(change, &application, "decisionWaits", by)?)?;
        Ok(())
    }

    /// What issues a result.
    fn result_order(&self, application: &Application, code: &TypeCode, given: Option<&Map>) -> Result<Order, Error> {
        let catalogue = Catalogue::embedded()?;
        let credential_type = catalogue.find(code.as_str()).ok_or_else(|| Error::corrupt(format!("no type {code}")))?;
        let registry = self.registry();
        let own = registry.agency(&application.head.agency).filter(|agency| agency.may_issue(code));
        let issuer = own.or_else(|| registry.agencies.iter().find(|agency| agency.may_issue(code)));
        let issuer = issuer.ok_or_else(|| Error::new(ErrorKind::NotAllowed, format!("no agency issues {code}")))?;
        let mut row = given.cloned().unwrap_or_default();
        prefill(&mut row, application, credential_type);
        let key = Some(format!("case/{}/{code}", application.head.id));
        Ok(Order { agency: issuer.code.clone(), type_code: code.clone(), row, key })
    }
}

/// Fills in what the case already knows: its number, the applicant, and fields that were shown under the same name; not
/// the number of another licence.
fn prefill(row: &mut Map, application: &Application, credential_type: &CredentialType) {
    let applicant = &application.body.applicant;
    let numbering = credential_type.numbering();
    let own = numbering.field.as_ref().filter(|_| numbering.source != NumberSource::Holder);
    for field in credential_type.fields() {
        let case = matches!(field.format, FieldFormat::CaseNumber).then(|| application.head.id.as_str().into());
        let known = case.or_else(|| shown(&application.body.claims, &field.name).filter(|_| own != Some(&field.name)));
        if let (false, Some(value)) = (row.contains_key(&field.name), known) {
            row.insert(field.name.clone(), value);
        }
    }
    let parties = &credential_type.holder().parties;
    let mut put = |column: Option<&str>, fallback: &str, value: &str| {
        let column = column.unwrap_or(fallback);
        if !row.contains_key(column) {
            row.insert(column.to_owned(), value.into());
        }
    };
    if let Some(party) = parties.first() {
        put(party.name.as_deref(), "certificateHolderName", &applicant.name);
        put(party.code.as_deref(), "certificateHolderCode", &applicant.code);
    }
    if let Some(key) = &applicant.holder_key {
        put(None, "holderKey", &Value::Object(key.clone()).to_string());
    }
}

/// A field that some credential showed; dates of validity and numbers belong to the licence that showed them.
fn shown(claims: &Map, name: &str) -> Option<Value> {
    const OWN: [&str; 6] = ["validFrom", "validUntil", "issueDate", "issuingAuthority", "number", "remarks"];
    if OWN.contains(&name) {
        return None;
    }
    claims.values().find_map(|shown| shown.get(name).cloned())
}

/// Adds what another change writes.
fn merge(mut change: Change, other: Change) -> Change {
    change.expect.extend(other.expect);
    change.writes.extend(other.writes);
    change.status.extend(other.status);
    change.leaves.extend(other.leaves);
    change
}
