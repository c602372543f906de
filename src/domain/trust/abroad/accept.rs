//! Whether a registry that another city offers follows from the one that is held. Pure; nothing is fetched here.

use super::{Partner, Trouble};
use crate::crypto::PublicKey;
use crate::domain::trust::document::digest;
use crate::domain::trust::{Registry, document::Named};
use crate::vc::contexts::Contexts;
use crate::vc::finding::{Code, Finding};

/// What an offered document is, beside the one that is held.
#[derive(Debug, PartialEq)]
pub enum Offer {
    /// The very one.
    Same,
    /// A newer one, of this version; the versions between have to be asked for.
    Newer(u64),
    /// Not to be taken.
    Bad(Trouble),
}

/// What is held of another city.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// What was decided about it.
    pub partner: &'a Partner,
    /// The registry.
    pub registry: &'a Registry,
}

impl Held<'_> {
    /// Looks at the document that is offered as the newest.
    pub fn look(self, bytes: &[u8], contexts: &Contexts) -> Offer {
        let named = match Registry::open_named(bytes, contexts) {
            Ok(named) => named,
            Err(finding) => return Offer::Bad(not_had(finding.detail)),
        };
        if let Err(detail) = self.belongs(&named) {
            return Offer::Bad(not_had(detail));
        }
        let (version, held) = (named.registry.version, self.partner.version);
        if version < held {
            return Offer::Bad(Trouble::RolledBack { version });
        }
        match (version == held, digest(bytes)) {
            (false, _) => Offer::Newer(version),
            (true, digest) if digest == self.partner.digest => Offer::Same,
            (true, digest) => Offer::Bad(Trouble::Forked { version, digest }),
        }
    }

    /// Takes the version after the one that is held, if it follows from it.
    pub fn step(self, bytes: &[u8], contexts: &Contexts) -> Result<Named, Trouble> {
        let held = PublicKey::from_multikey(&self.partner.signed_by).map_err(|error| not_had(error.to_string()))?;
        let named = Registry::open_pinned(bytes, &|key| *key == held, contexts)
            .map_err(|finding| troubled(&finding, bytes, contexts))?;
        let registry = &named.registry;
        let follows = registry.version == self.partner.version.saturating_add(1)
            && registry.previous.as_deref() == Some(self.partner.digest.as_str())
            && registry.issued >= self.registry.issued;
        if !follows {
            return Err(Trouble::Forked { version: registry.version, digest: digest(bytes) });
        }
        bound(&named.registry, &self.partner.city, &self.partner.base).map_err(not_had)?;
        Ok(named)
    }

    /// A document by a key that never was this city's says nothing about the city: it may come from anyone on the way.
    /// A newer one may be by a key to which the versions between hand over; each step looks at that.
    fn belongs(self, named: &Named) -> Result<(), String> {
        let ours = [&self.partner.pinned, &self.partner.signed_by].contains(&&named.root.to_multikey());
        if named.registry.city != self.partner.city {
            return Err(format!("the registry of {}", named.registry.city));
        }
        if !ours && named.registry.version <= self.partner.version {
            return Err("signed by another root key".to_owned());
        }
        Ok(())
    }
}

/// Whether a registry speaks of its own city and of nothing else: every agency stands below the city's DID and origin, so
/// that no city can name the agencies of another.
pub fn bound(registry: &Registry, city: &str, base: &str) -> Result<(), String> {
    if registry.city != city {
        return Err(format!("the registry of {}", registry.city));
    }
    let below = |text: &str, of: &str, sign: char| text.strip_prefix(of).is_some_and(|rest| rest.starts_with(sign));
    let strange =
        registry.agencies.iter().find(|agency| !below(&agency.did, city, ':') || !below(&agency.url, base, '/'));
    strange.map_or(Ok(()), |agency| Err(format!("agency {} is not below {city}", agency.code)))
}

/// What is wrong with a version that does not open: it hands over from a root that others have, or it is none of that city.
fn troubled(finding: &Finding, bytes: &[u8], contexts: &Contexts) -> Trouble {
    let named = Registry::open_named(bytes, contexts).ok().filter(|_| finding.code == Code::RootCompromised);
    named.map_or_else(
        || not_had(finding.detail.clone()),
        |named| Trouble::RootCompromised { version: named.registry.version, root: named.root.thumbprint() },
    )
}

fn not_had(detail: impl Into<String>) -> Trouble {
    Trouble::NotHad { detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::text::Label;
    use crate::base::time::{Timestamp, from_unix, plus_seconds};
    use crate::crypto::{Signer as _, SigningKey};
    use crate::domain::trust::roots::RootKey;

    const CITY: &str = "did:web:b.example";

    fn now() -> Timestamp {
        from_unix(1_790_000_000).unwrap()
    }

    fn root(n: u8) -> SigningKey {
        SigningKey::ed25519(&[n; 32])
    }

    fn first() -> Registry {
        Registry {
            city: CITY.to_owned(),
            name: Label::new("乙市", "City B"),
            version: 1,
            issued: now(),
            expires: plus_seconds(now(), 86_400),
            previous: None,
            roots: vec![RootKey::first(root(1).public_key().clone(), now())],
            logs: Vec::new(),
            witnesses: Vec::new(),
            agencies: Vec::new(),
        }
    }

    fn signed(registry: &Registry, n: u8) -> Vec<u8> {
        registry.sign(&root(n), &Contexts::bundled()).unwrap()
    }

    fn partner(registry: &Registry, document: &[u8], by: u8) -> Partner {
        Partner {
            city: CITY.to_owned(),
            base: "https://b.example".to_owned(),
            name: registry.name.clone(),
            pinned: root(1).public_key().to_multikey(),
            signed_by: root(by).public_key().to_multikey(),
            types: Vec::new(),
            agencies: Vec::new(),
            version: registry.version,
            digest: digest(document),
            expires: registry.expires,
            added_at: now(),
            accepted_at: now(),
            decided_at: None,
            checked_at: now(),
            tried_at: now(),
            trouble: None,
        }
    }

    /// A version after one of them, with which the root of the one seed hands over to that of the other.
    fn over(
        registry: &Registry,
        document: &[u8],
        [from, to]: [u8; 2],
        stolen: Option<Timestamp>,
    ) -> (Registry, Vec<u8>) {
        let contexts = Contexts::bundled();
        let mut next = registry.clone().next(plus_seconds(now(), 60), digest(document));
        let id = format!("root-{to}");
        next.hand_over(&root(from), (&id, &root(to)), stolen, &contexts).unwrap();
        let signed = next.sign_over(&root(from), &root(to), &contexts).unwrap();
        (next, signed)
    }

    /// Three versions of one city: the second hands over, the third is signed by the new key alone.
    fn history() -> Vec<(Registry, Vec<u8>, u8)> {
        let one = first();
        let one_signed = signed(&one, 1);
        let (two, two_signed) = over(&one, &one_signed, [1, 2], None);
        let three = two.clone().next(plus_seconds(now(), 120), digest(&two_signed));
        let three_signed = signed(&three, 2);
        vec![(one, one_signed, 1), (two, two_signed, 2), (three, three_signed, 2)]
    }

    #[test]
    fn versions_follow_each_other_also_over_a_change_of_the_root_key() {
        let (contexts, history) = (Contexts::bundled(), history());
        for pair in history.windows(2) {
            let [(held, document, by), (next, newer, newer_by)] = pair else { panic!() };
            let partner = partner(held, document, *by);
            let held = Held { partner: &partner, registry: held };
            assert_eq!(held.look(document, &contexts), Offer::Same);
            assert_eq!(held.look(newer, &contexts), Offer::Newer(next.version));
            let named = held.step(newer, &contexts).unwrap();
            assert_eq!((named.registry.version, &named.root), (next.version, root(*newer_by).public_key()));
        }
        let (one, document, _) = &history[0];
        let partner = partner(one, document, 1);
        let skipped = Held { partner: &partner, registry: one }.step(&history[2].1, &contexts);
        assert!(matches!(skipped, Err(Trouble::Forked { version: 3, .. })), "one after the other: {skipped:?}");
    }

    #[test]
    fn a_new_root_is_taken_from_the_old_one_only() {
        let contexts = Contexts::bundled();
        let (one, one_signed, _) = &history()[0];
        let partner = partner(one, one_signed, 1);
        let held = Held { partner: &partner, registry: one };
        let (two, two_signed) = over(one, one_signed, [1, 2], None);
        assert!(held.step(&two_signed, &contexts).is_ok());
        let refused = |what: &str, document: &[u8]| {
            let told = held.step(document, &contexts);
            assert!(matches!(told, Err(Trouble::NotHad { .. })), "{what}: {told:?}");
        };
        refused("by the new root alone", &signed(&two, 2));
        refused("by a stranger in the place of the old root", &two.sign_over(&root(9), &root(2), &contexts).unwrap());
        let mut forged = one.clone();
        forged.roots = vec![RootKey::first(root(9).public_key().clone(), now())];
        refused("from another root", &over(&forged, one_signed, [9, 2], None).1);
        let mut bare = two.clone();
        bare.roots[1].handover = None;
        refused("without a handover", &bare.sign_over(&root(1), &root(2), &contexts).unwrap());
        let mut other = two.clone();
        other.roots[1].handover = over(&forged, one_signed, [9, 2], None).0.roots[1].handover.clone();
        refused("with a handover of other keys", &other.sign_over(&root(1), &root(2), &contexts).unwrap());
        let mut since = two.clone();
        since.roots[1].since = 1;
        refused("with another version", &since.sign_over(&root(1), &root(2), &contexts).unwrap());

        let (_, stolen) = over(one, one_signed, [1, 2], Some(now()));
        let told = held.step(&stolen, &contexts);
        let print = root(2).public_key().thumbprint();
        assert_eq!(told, Err(Trouble::RootCompromised { version: 2, root: print }), "to be compared anew");
        assert_eq!(Registry::open(&stolen, root(2).public_key(), &contexts).unwrap().version, 2, "who has compared it");
    }

    #[test]
    fn whoever_missed_handovers_follows_all_of_them() {
        let contexts = Contexts::bundled();
        let (one, one_signed, _) = &history()[0];
        let (two, two_signed) = over(one, one_signed, [1, 2], None);
        let (three, three_signed) = over(&two, &two_signed, [2, 3], None);
        let four = signed(&three.next(plus_seconds(now(), 180), digest(&three_signed)), 3);
        for seed in [1, 2, 3] {
            assert_eq!(Registry::open(&four, root(seed).public_key(), &contexts).unwrap().version, 4, "{seed}");
        }
        assert!(Registry::open(&four, root(4).public_key(), &contexts).is_err());
        let text = String::from_utf8(four).unwrap();
        let broken = text.replacen("CertlessRootHandover", "CertlessRootHandoveR", 1);
        assert!(Registry::open(broken.as_bytes(), root(3).public_key(), &contexts).is_err(), "signed as a whole");
    }

    #[test]
    fn a_rollback_and_a_fork_are_told_and_a_stranger_says_nothing() {
        let (contexts, history) = (Contexts::bundled(), history());
        let (two, document, _) = &history[1];
        let partner = partner(two, document, 2);
        let held = Held { partner: &partner, registry: two };
        assert_eq!(held.look(&history[0].1, &contexts), Offer::Bad(Trouble::RolledBack { version: 1 }));
        let mut other = two.clone();
        other.name = Label::new("另一市", "Another");
        let forked = other.sign_over(&root(1), &root(2), &contexts).unwrap();
        let forked = held.look(&forked, &contexts);
        assert!(matches!(forked, Offer::Bad(Trouble::Forked { version: 2, .. })), "{forked:?}");
        let strange = [signed(&other, 9), signed(&first(), 9), b"{}".to_vec(), b"no json".to_vec()];
        for document in strange {
            let told = held.look(&document, &contexts);
            assert!(matches!(told, Offer::Bad(Trouble::NotHad { .. })), "{told:?}");
        }
        let mut changed = history[0].1.clone();
        let at = changed.iter().position(|byte| *byte == b'B').unwrap();
        changed[at] = b'C';
        assert!(matches!(held.look(&changed, &contexts), Offer::Bad(Trouble::NotHad { .. })), "a changed byte");
        let unchained = two.clone().next(plus_seconds(now(), 120), "another".to_owned());
        let told = held.step(&signed(&unchained, 2), &contexts);
        assert!(matches!(told, Err(Trouble::Forked { version: 3, .. })), "{told:?}");
        let by_the_old_key = two.clone().next(plus_seconds(now(), 120), digest(document));
        let told = held.step(&signed(&by_the_old_key, 1), &contexts);
        assert!(matches!(told, Err(Trouble::NotHad { .. })), "the old key has handed over: {told:?}");
    }

    #[test]
    fn a_city_names_its_own_agencies_only() {
        use crate::domain::trust::TrustedAgency;
        let agency = |did: &str, url: &str| TrustedAgency {
            code: crate::base::id::AgencyCode::parse("GA").unwrap(),
            did: did.to_owned(),
            url: url.to_owned(),
            name: Label::new("局", "Office"),
            uscc: String::new(),
            types: Vec::new(),
            keys: Vec::new(),
        };
        let with = |agency| Registry { agencies: vec![agency], ..first() };
        let (good_did, good_url) = ("did:web:b.example:agencies:GA", "https://b.example/agencies/GA");
        assert_eq!(bound(&with(agency(good_did, good_url)), CITY, "https://b.example"), Ok(()));
        for (did, url) in [
            ("did:web:a.example:agencies:GA", good_url),
            ("did:web:b.example.org:agencies:GA", good_url),
            (good_did, "https://b.example.org/agencies/GA"),
            (good_did, "https://a.example/agencies/GA"),
            (CITY, good_url),
        ] {
            assert!(bound(&with(agency(did, url)), CITY, "https://b.example").is_err(), "{did} {url}");
        }
    }
}
