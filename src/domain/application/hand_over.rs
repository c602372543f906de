//! Handing over (出件): what was granted is offered to the applicant's wallet while they stand at the window.

use super::State;
use crate::base::id::ApplicationId;
use crate::domain::account::Author;
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::offer::{NewOffer, Offered};

impl City {
    /// Offers each result of a granted application in the name of the agency that issued it; `conflict` before.
    pub fn offer_results(&self, id: &ApplicationId, by: &Author) -> Result<Vec<Offered>, Error> {
        let application = self.application(id)?;
        let State::Granted { results, .. } = &application.head.state else {
            return Err(application.head.state.does_not_fit());
        };
        let offer = |credential| {
            let agency = self.credential(credential)?.head.agency;
            self.offer(&agency, &NewOffer { credential: Some(credential.clone()), ..NewOffer::default() }, by)
        };
        results.iter().map(offer).collect()
    }
}
