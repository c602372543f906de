//! A store on the disk, opened with the engine's own tools and changed by somebody who knows its files: one licence's bytes,
//! one status bit, one leaf, one removed event. `certless log verify --store` names each, to a reader of either language.

use std::path::{Path, PathBuf};
use std::process::Command;

use certless::adapters::store::rows::{Space, deframe, enframe, slot_key};
use certless::base::clock::{Clock as _, SystemClock};
use certless::base::id::{AgencyCode, ListId};
use certless::domain::change::Table;

use super::{LeafPlace, first_issued};

/// A city on the disk with four licences, one of them suspended; their identifiers in the order of issuing.
struct Place {
    folder: tempfile::TempDir,
    ids: Vec<String>,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), ids: Vec::new() };
        assert_eq!(place.run(&["init", "--data", "city"]).0, 0);
        let rows = crate::cli::run::csv_of(&crate::cli::run::identity_cards(4));
        std::fs::write(place.folder.path().join("cards.csv"), rows).unwrap();
        let (code, said) =
            place.run(&["issue", "--agency", "GA", "--type", "idCard", "--in", "cards.csv", "--data", "city"]);
        assert_eq!(code, 0, "{said}");
        let ids: Vec<String> = said
            .lines()
            .filter(|line| line.contains("issued  "))
            .map(|line| line.split_whitespace().last().unwrap().to_owned())
            .collect();
        assert_eq!(ids.len(), 4, "{said}");
        let (code, said) = place.run(&["status", &ids[1], "suspend", "--reason", "test", "--data", "city"]);
        assert_eq!(code, 0, "{said}");
        // What is queued goes into the log.
        assert_eq!(place.verify().0, 0);
        Self { ids, ..place }
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certless"));
        let ran =
            command.current_dir(self.folder.path()).env("LC_ALL", "en_US.UTF-8").args(arguments).output().unwrap();
        let text = String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap();
        (ran.status.code().unwrap(), text)
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("city/store")
    }

    /// `log verify --store` in both languages: the code and what is said.
    fn verify(&self) -> (i32, String, String) {
        let (code, en) = self.run(&["log", "verify", "--store", "city", "--lang", "en"]);
        let (again, zh) = self.run(&["log", "verify", "--store", "city", "--lang", "zh"]);
        assert_eq!(code, again);
        (code, en, zh)
    }

    /// The rows of a space as the engine has them.
    fn rows(&self, space: Space) -> Vec<(Vec<u8>, Vec<u8>)> {
        let db = engine(&self.store());
        let tree = db.open_tree(space.name()).unwrap();
        let read = |row: sled::Result<(sled::IVec, sled::IVec)>| {
            let (key, frame) = row.unwrap();
            let value = deframe(space, &key, &frame).unwrap().1.to_vec();
            (key.to_vec(), value)
        };
        tree.iter().map(read).collect()
    }

    /// Writes a row with its check sum put right, or takes it away.
    fn set(&self, space: Space, key: &[u8], value: Option<&[u8]>) {
        let db = engine(&self.store());
        let tree = db.open_tree(space.name()).unwrap();
        let version = tree.get(key).unwrap().map_or(1, |frame| deframe(space, key, &frame).unwrap().0);
        match value {
            Some(value) => drop(tree.insert(key, enframe(space, key, version, value)).unwrap()),
            None => assert!(tree.remove(key).unwrap().is_some(), "nothing to take away"),
        }
        db.flush().unwrap();
    }
}

/// The engine of a store that nobody has open.
pub(crate) fn engine(store: &Path) -> sled::Db {
    let open = || sled::Config::new().path(store.join("sled")).segment_size(8 << 20).use_compression(false).open();
    // The engine frees its lock a moment after the database was closed.
    for _ in 0..400 {
        match open() {
            Err(sled::Error::Io(_)) => std::thread::sleep(std::time::Duration::from_millis(5)),
            opened => return opened.unwrap(),
        }
    }
    open().unwrap()
}

fn holding(rows: &[(Vec<u8>, Vec<u8>)], text: &str) -> usize {
    rows.iter().position(|(_, value)| value.windows(text.len()).any(|part| part == text.as_bytes())).unwrap()
}

#[test]
fn an_untouched_store_is_whole_in_both_languages() {
    let place = Place::new();
    let (code, en, zh) = place.verify();
    assert!(code == 0 && en.contains("✓ Every record agrees with the log"), "{en}");
    assert!(
        en.contains("4 credentials") && zh.contains("4 证照") && zh.contains("✓ 库中各项与日志一一相符。"),
        "{en}{zh}"
    );
}

#[test]
fn the_bytes_of_one_licence_are_named_by_its_identifier() {
    let place = Place::new();
    let space = Space::Table(Table::Credential);
    let rows = place.rows(space);
    let (key, mut value) = rows[holding(&rows, &place.ids[2])].clone();
    *value.last_mut().unwrap() ^= 1;
    place.set(space, &key, Some(&value));
    let (code, en, zh) = place.verify();
    assert!(code == 1 && en.contains(&format!("credential {}", place.ids[2])) && en.contains("✗ 1 fault"), "{en}");
    assert!(zh.contains(&place.ids[2]) && zh.contains("✗ 发现 1 处不符"), "{zh}");
}

#[test]
fn the_turn_of_a_server_that_was_just_cut_off_is_waited_for() {
    let place = Place::new();
    let end = SystemClock.now().as_millisecond() + 1_500;
    let lease = [7_u64.to_be_bytes().as_slice(), &end.to_be_bytes(), b"server"].concat();
    place.set(Space::Lease, b"log", Some(&lease));
    let (code, en, zh) = place.verify();
    assert!(code == 0 && SystemClock.now().as_millisecond() >= end, "{en}{zh}");
}

#[test]
fn one_status_bit_is_named_by_list_and_slot() {
    let place = Place::new();
    let list = ListId { agency: AgencyCode::parse("GA").unwrap(), number: 0 };
    let rows = place.rows(Space::Slot);
    let (key, value) = &rows[0];
    place.set(Space::Slot, key, None);
    let (code, en, _) = place.verify();
    assert!(code == 1 && en.contains("[status_differs] GA-0/"), "{en}");
    // Put back, and a bit of a licence that nobody suspended.
    place.set(Space::Slot, key, Some(value));
    assert_eq!(place.verify().0, 0);
    let taken = |other: &Vec<u8>| rows.iter().any(|(key, _)| key == other);
    let free = (0..64).map(|slot| slot_key(&list, slot)).find(|key| !taken(key)).unwrap();
    place.set(Space::Slot, &free, Some(value));
    let (code, en, zh) = place.verify();
    assert!(code == 1 && en.contains("[status_differs] GA-0/0") && zh.contains("GA-0/0"), "{en}{zh}");
}

#[test]
fn one_leaf_is_named_with_the_licence_that_it_tells_of() {
    let place = Place::new();
    let LeafPlace { row: key, mut value, bytes, index } = first_issued(place.rows(Space::Leaf).into_iter());
    value[bytes.end - 1] ^= 1;
    place.set(Space::Leaf, &key, Some(&value));
    let (code, en, zh) = place.verify();
    let wanted = format!("credential {}, leaf {index}", place.ids[0]);
    assert!(code == 1 && en.contains("[leaf_changed] ") && en.contains(&wanted), "{en}");
    assert!(zh.contains(&wanted), "{zh}");
}

#[test]
fn one_removed_event_is_named_by_its_leaf() {
    let place = Place::new();
    let space = Space::Table(Table::Audit);
    let rows = place.rows(space);
    let key = &rows[holding(&rows, "\"event\":\"suspended\"")].0;
    place.set(space, key, None);
    let (code, en, zh) = place.verify();
    let wanted = format!("[event_differs] credential {}: suspended, leaf ", place.ids[1]);
    assert!(code == 1 && en.contains(&wanted) && zh.contains(&wanted), "{en}{zh}");
}

#[test]
fn a_byte_that_was_changed_without_its_check_sum_is_damage_and_says_where() {
    let place = Place::new();
    let space = Space::Table(Table::Credential);
    let key = place.rows(space)[1].0.clone();
    {
        let db = engine(&place.store());
        let tree = db.open_tree(space.name()).unwrap();
        let mut frame = tree.get(&key).unwrap().unwrap().to_vec();
        *frame.last_mut().unwrap() ^= 1;
        tree.insert(&key, frame).unwrap();
        db.flush().unwrap();
    }
    let (code, en, zh) = place.verify();
    assert!(code == 2 && en.contains("credential") && zh.contains("credential"), "{en}{zh}");
}

#[test]
fn a_checkpoint_that_watch_remembers_is_one_that_verify_takes() {
    let city = crate::support::city::TestCity::start();
    super::mixed::mix(&city);
    let place = Place { folder: tempfile::tempdir().unwrap(), ids: Vec::new() };
    let watch = ["log", "watch", &city.base, "--state", "seen", "--once", "--lang", "en"];
    assert!(place.run(&watch).1.contains("Remembered the checkpoint"));
    assert!(place.run(&watch).1.contains("✓ Still "));
    super::mixed::issue(&city, 9);
    city.integrate();
    assert!(place.run(&watch).1.contains("✓ Went on from "));
    assert_eq!(place.run(&["log", "verify", &city.base, "--checkpoint", "seen"]).0, 0);
    std::fs::write(place.folder.path().join("other"), "no checkpoint\n").unwrap();
    let (code, said) = place.run(&["log", "verify", &city.base, "--checkpoint", "other", "--lang", "zh"]);
    assert!(code == 2 && said.contains("不是此日志签署的检查点"), "{said}");
    let bundle = place.run(&["trust", "bundle", "--from", &city.base, "-o", "bundle.json", "--lang", "zh"]);
    assert!(bundle.0 == 0 && bundle.1.contains("离线核验包 bundle.json"), "{}", bundle.1);
}
