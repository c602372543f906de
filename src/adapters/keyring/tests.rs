//! Key files on a real disk.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Keyring, KeyringError, Problem, key_name};
use crate::base::id::AgencyCode;
use crate::base::json::{Limits, parse_object};
use crate::base::text::Lang;
use crate::crypto::derive::{Seed, SeededRandom};
use crate::crypto::{Algorithm, PublicKey, Signer as _};
use crate::domain::city::keys::OwnRole;

fn code(text: &str) -> AgencyCode {
    AgencyCode::parse(text).unwrap()
}

fn create(folder: &Path) -> Result<Keyring, KeyringError> {
    Keyring::create(folder, &[code("GA"), code("MZ")], &SeededRandom::new("keys"))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_created_ring_opens_again_with_the_same_keys() {
    let folder = tempfile::tempdir().unwrap();
    let made = create(folder.path()).unwrap();
    let opened = Keyring::open(folder.path()).unwrap();
    assert_eq!(opened.city().root.public_key(), made.city().root.public_key());
    assert_eq!(opened.storage().sealing.expose(), made.storage().sealing.expose());
    assert_eq!(opened.agencies().map(AgencyCode::as_str).collect::<Vec<_>>(), ["GA", "MZ"]);
    let (a, b) = (made.agency_signers(), opened.agency_signers());
    assert_eq!(a[0].eddsa.public_key(), b[0].eddsa.public_key());
    assert_ne!(a[0].eddsa.public_key(), a[1].eddsa.public_key());
    assert!(Keyring::is_in(folder.path()) && !Keyring::is_in(&folder.path().join("agencies")));
}

#[test]
fn seeds_are_readable_by_their_owner_only_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path()).unwrap();
    for name in ["city.seed", "storage.seed", "agencies/GA.1.seed"] {
        let path = folder.path().join(name);
        assert_eq!((mode(&path), fs::metadata(&path).unwrap().len()), (0o400, 32), "{name}");
    }
    assert_eq!(mode(&folder.path().join("agencies")), 0o700);
    assert!(matches!(create(folder.path()).unwrap_err().problem, Problem::AlreadyThere));
}

#[test]
fn an_interrupted_creation_is_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path()).unwrap();
    let kept = fs::read(folder.path().join("agencies/GA.1.seed")).unwrap();
    fs::remove_file(folder.path().join("city.seed")).unwrap();
    fs::remove_file(folder.path().join("agencies/MZ.1.seed")).unwrap();
    let again = Keyring::create(folder.path(), &[code("GA"), code("MZ")], &SeededRandom::new("other")).unwrap();
    assert_eq!(fs::read(folder.path().join("agencies/GA.1.seed")).unwrap(), kept);
    assert_eq!(again.agency_signers().len(), 2);
}

#[test]
fn a_seed_that_others_may_read_is_refused_with_the_command_to_run() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path()).unwrap();
    let path = folder.path().join("agencies/GA.1.seed");
    for open in [0o440, 0o404, 0o420, 0o644] {
        fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
        let error = Keyring::open(folder.path()).unwrap_err();
        assert!(matches!(error.problem, Problem::Open(mode) if mode == open), "{error}");
        for lang in [Lang::En, Lang::Zh] {
            assert!(error.message(lang).contains(&format!("chmod 400 {}", path.display())), "{error}");
        }
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert!(Keyring::open(folder.path()).is_ok());
}

#[test]
fn what_is_no_seed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Keyring::open(folder.path()).unwrap_err().problem, Problem::Io(_)));
    create(folder.path()).unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join("agencies").join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        let problem = Keyring::open(folder.path()).unwrap_err().problem;
        fs::remove_file(&path).unwrap();
        problem
    };
    assert!(matches!(put("SC.1.seed", b""), Problem::Size(0)));
    assert!(matches!(put("SC.1.seed", &[0; 33]), Problem::Size(33)));
    for name in ["SC.seed", "SC.0.seed", "SC.01.seed", "sc.1.seed", "SC.-1.seed", "SC.1.old.seed"] {
        assert!(matches!(put(name, &[0; 32]), Problem::Name), "{name}");
    }
    assert!(Keyring::open(folder.path()).is_ok());
}

#[test]
fn rotation_adds_a_generation_and_keeps_the_old() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = create(folder.path()).unwrap();
    let random = SeededRandom::new("rotate");
    let first = ring.agency(&code("GA"), 1).unwrap();
    assert_eq!(ring.rotate(&code("GA"), &random).unwrap(), 2);
    assert_eq!(ring.rotate(&code("SC"), &random).unwrap(), 1);
    let opened = Keyring::open(folder.path()).unwrap();
    assert_eq!(opened.generations(&code("GA")), [1, 2]);
    assert_eq!(opened.agency(&code("GA"), 1).unwrap().eddsa.public_key(), first.eddsa.public_key());
    let now = opened.agency_signers();
    assert_eq!((now[0].agency.as_str(), now[0].generation), ("GA", 2));
    assert_ne!(now[0].eddsa.public_key(), first.eddsa.public_key());
    assert_eq!(opened.agencies().count(), 3);

    assert!(matches!(ring.destroy(&code("GA"), 2).unwrap_err().problem, Problem::StillSigns));
    ring.destroy(&code("GA"), 1).unwrap();
    assert_eq!(Keyring::open(folder.path()).unwrap().generations(&code("GA")), [2]);
    assert_eq!(ring.rotate(&code("GA"), &random).unwrap(), 3);
}

#[test]
fn the_citys_own_keys_have_generations_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = create(folder.path()).unwrap();
    let random = SeededRandom::new("own");
    assert_eq!(ring.rotate_own(OwnRole::Root, &random).unwrap(), 2);
    assert_eq!(ring.rotate_own(OwnRole::Root, &random).unwrap(), 3);
    assert_eq!(ring.rotate_own(OwnRole::Log, &random).unwrap(), 2);
    let opened = Keyring::open(folder.path()).unwrap();
    let public = |ring: &Keyring, role| -> Vec<(u32, PublicKey)> {
        ring.own(role).iter().map(|(generation, key)| (*generation, key.public_key().clone())).collect()
    };
    for (role, count) in [(OwnRole::Root, 3), (OwnRole::Log, 2), (OwnRole::Witness, 1)] {
        assert_eq!(public(&opened, role), public(&ring, role));
        assert_eq!(public(&opened, role).len(), count, "{role:?}");
    }
    assert_eq!(&public(&opened, OwnRole::Root)[0].1, opened.city().root.public_key(), "the first is the city's seed");
    assert_eq!(mode(&folder.path().join("city/root.2.seed")), 0o400);
    assert!(folder.path().join("trust/root.3.pub.jwk").exists());
    let read = || {
        let bytes = fs::read(folder.path().join("trust/city.pub.jwk")).unwrap();
        PublicKey::from_jwk(&parse_object(&bytes, &Limits::DEFAULT).unwrap()).unwrap()
    };
    assert_eq!(&read(), ring.city().root.public_key(), "until the registry says so, the first counts");
    let newest = public(&ring, OwnRole::Root).pop().unwrap().1;
    super::publish_current(folder.path(), &newest, ring.city().log.public_key()).unwrap();
    assert_eq!(read(), newest);
    for name in ["root.1.seed", "root.seed", "other.2.seed"] {
        let path = folder.path().join("city").join(name);
        fs::write(&path, [0; 32]).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(matches!(Keyring::open(folder.path()).unwrap_err().problem, Problem::Name), "{name}");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn public_keys_are_published_as_jwk_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = create(folder.path()).unwrap();
    ring.rotate(&code("GA"), &SeededRandom::new("rotate")).unwrap();
    let read = |name: &str| {
        let bytes = fs::read(folder.path().join("trust").join(name)).unwrap();
        let jwk = parse_object(&bytes, &Limits::DEFAULT).unwrap();
        assert!(!jwk.contains_key("d"));
        PublicKey::from_jwk(&jwk).unwrap()
    };
    assert_eq!(&read("city.pub.jwk"), ring.city().root.public_key());
    assert_eq!(&read("log.pub.jwk"), ring.city().log.public_key());
    for generation in [1, 2] {
        let keys = ring.agency(&code("GA"), generation).unwrap();
        assert_eq!(&read(&format!("GA.{generation}.pub.jwk")), keys.eddsa.public_key());
        assert_eq!(&read(&format!("GA.{generation}.es256.pub.jwk")), keys.es256.public_key());
    }
    assert_eq!(mode(&folder.path().join("trust/city.pub.jwk")) & 0o444, 0o444);
}

#[test]
fn keys_of_one_ring_differ_by_purpose_and_owner() {
    let ring = Keyring::derived(&Seed::new([7; 32]), &[code("GA"), code("MZ")]);
    let again = Keyring::derived(&Seed::new([7; 32]), &[code("GA")]);
    assert_eq!(ring.city().root.public_key(), again.city().root.public_key());
    assert_ne!(ring.city().root.public_key(), ring.city().log.public_key());
    let storage = ring.storage();
    assert_ne!(storage.sealing.expose(), storage.holder_tag.expose());
    assert_ne!(ring.status_permutation(&code("GA")).expose(), ring.status_permutation(&code("MZ")).expose());
    assert_eq!(key_name(Algorithm::EdDsa, 1), "key-1");
    assert_eq!(key_name(Algorithm::Es256, 12), "es256-12");
    let shown = format!("{ring:?}");
    assert!(shown.contains("Secret(…)"), "{shown}");
}

#[test]
fn what_a_killed_process_left_of_a_seed_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path()).unwrap();
    let left = folder.path().join("agencies/GA.2.seed.new");
    fs::write(&left, [7; 5]).unwrap();
    let mut ring = Keyring::open(folder.path()).unwrap();
    assert_eq!(ring.rotate(&code("GA"), &SeededRandom::new("next")).unwrap(), 2);
    assert!(!left.exists());
    let seed = folder.path().join("agencies/GA.2.seed");
    assert_eq!(fs::metadata(&seed).unwrap().permissions().mode() & 0o7777, 0o400);
    assert_eq!(Keyring::open(folder.path()).unwrap().generations(&code("GA")), [1, 2]);
}
