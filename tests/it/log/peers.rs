//! Other people's code for logs, Cloudflare's `signed_note` and `tlog_tiles`, both ways: it verifies our checkpoints,
//! cosignatures, tiles and proofs, and ours verify what it made.

use std::fs;
use std::path::Path;
use std::process::Command;

use certless::base::bytes::base64;
use certless::crypto::{PublicKey, Signer as _, SigningKey};
use certless::tlog::checkpoint::Policy;
use certless::tlog::merkle::{consistency_proof, verify_consistency, verify_inclusion};
use certless::tlog::note::{Kind, Note, VerifierKey};
use certless::tlog::proof::LogProof;
use certless::tlog::tile::{Content, Tile, added, bundle};
use signed_note::{Note as TheirNote, StandardSigner, StandardVerifier, Verifier as _, VerifierList};
use tlog_tiles::{
    Checkpoint as TheirCheckpoint, Error, Hash, HashReader, Tile as TheirTile, TileHashReader, TileReader,
    check_record, check_tree, prove_record, prove_tree, record_hash, stored_hashes, tree_hash,
};

use super::{follow, get};
use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, row_of};

/// Reads the city's tiles for their code, which writes the height into a path.
struct Reader<'a> {
    city: &'a TestCity,
    lie: bool,
}

impl TileReader for Reader<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[TheirTile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = |tile: &TheirTile| {
            let got = get(self.city, &tile.path().replacen("tile/8/", "tile/", 1));
            assert_eq!(got.status, 200, "{}", tile.path());
            let mut bytes = got.bytes;
            bytes[0] ^= u8::from(self.lie);
            bytes
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[TheirTile], _: &[Vec<u8>]) {}
}

/// The checkpoint of a note as their code reads it, if the key that the log names signed it.
fn opened(city: &TestCity, note: &str) -> TheirCheckpoint {
    let key = StandardVerifier::new(get(city, "key").text.trim_end()).unwrap();
    let note = TheirNote::from_bytes(note.as_bytes()).unwrap();
    let (known, unknown) = note.verify(&VerifierList::new(vec![Box::new(key)])).unwrap();
    // Now and then there is grease, which nobody knows.
    assert!(known.len() == 1 && unknown.len() <= 1, "{unknown:?}");
    TheirCheckpoint::from_bytes(note.text()).unwrap()
}

/// A city with more than one full tile of entries, and its checkpoint before the last of them.
fn filled() -> (TestCity, String) {
    let city = TestCity::start();
    let agency = Agency::new(&city, "GA");
    for n in 0..130 {
        let issued = agency.issue(row_of("idCard", &Resident::nth(n).code));
        assert_eq!(agency.change(issued["id"].as_str().unwrap(), "suspend").0, 200);
        if n == 30 {
            city.integrate();
        }
    }
    let before = get(&city, "checkpoint").text;
    city.integrate();
    (city, before)
}

#[test]
fn their_code_verifies_our_checkpoint_tiles_inclusion_and_consistency() {
    let (city, before) = filled();
    let (head, entries) = follow(&city);
    let (old, new) = (opened(&city, &before), opened(&city, &get(&city, "checkpoint").text));
    assert_eq!((new.size(), new.hash().0), (head.size, head.root));
    assert!(old.size() < 256 && new.size() > 256, "{} and {}", old.size(), new.size());
    let paths: Vec<_> =
        TheirTile::new_tiles(8, 0, head.size).iter().map(|tile| tile.path().replacen("/8", "", 1)).collect();
    let ours = added(0, head.size).into_iter().filter(|tile| tile.content != Content::Entries);
    assert_eq!(ours.map(|tile| tile.to_string()).collect::<Vec<_>>(), paths);

    let tiles = Reader { city: &city, lie: false };
    let hashes = TileHashReader::new(new.size(), *new.hash(), &tiles);
    for (index, entry) in (0..).zip(&entries).filter(|(index, _)| index % 7 == 0 || index + 3 > head.size) {
        let told = LogProof::parse(&get(&city, &format!("proof/{index}")).text).unwrap();
        let ours: Vec<Hash> = told.hashes.iter().map(|hash| Hash(*hash)).collect();
        check_record(&ours, new.size(), *new.hash(), index, record_hash(entry)).unwrap();
        assert_eq!(prove_record(new.size(), index, &hashes).unwrap(), ours, "leaf {index}");
        assert!(check_record(&ours, new.size(), *new.hash(), index, record_hash(b"another")).is_err());
    }
    let theirs = prove_tree(new.size(), old.size(), &hashes).unwrap();
    check_tree(&theirs, new.size(), *new.hash(), old.size(), *old.hash()).unwrap();
    let theirs: Vec<_> = theirs.iter().map(|hash| hash.0).collect();
    assert!(verify_consistency(old.size(), &old.hash().0, new.size(), &new.hash().0, &theirs));

    let lies = Reader { city: &city, lie: true };
    let hashes = TileHashReader::new(new.size(), *new.hash(), &lies);
    assert!(prove_record(new.size(), 1, &hashes).is_err(), "a changed tile");
}

#[test]
fn their_code_refuses_our_note_when_it_was_changed_and_reads_its_cosignature() {
    let city = TestCity::start();
    city.integrate();
    let text = get(&city, "checkpoint").text;
    let key = || VerifierList::new(vec![Box::new(StandardVerifier::new(get(&city, "key").text.trim_end()).unwrap())]);
    let changed = text.replacen("/log\n", "/lug\n", 1);
    assert!(changed != text && TheirNote::from_bytes(changed.as_bytes()).unwrap().verify(&key()).is_err());

    let witness = SigningKey::ed25519(&[5; 32]);
    let mut note = Note::parse(&text).unwrap();
    note.add(note.cosign("witness.example/1", &witness, 1_800_000_000).unwrap());
    let theirs = TheirNote::from_bytes(note.to_string().as_bytes()).unwrap();
    let (known, unknown) = theirs.verify(&key()).unwrap();
    assert_eq!(known.len(), 1);
    let cosigned = unknown.iter().find(|one| one.name() == "witness.example/1").unwrap();
    // Their Ed25519 over the message of C2SP tlog-cosignature; their key of the plain kind has the same bytes.
    let PublicKey::Ed25519(bytes) = witness.public_key() else { panic!() };
    let typed = |kind: u8| [&[kind], &bytes.as_bytes()[..]].concat();
    assert_eq!(cosigned.id(), signed_note::key_id("witness.example/1", &typed(4)));
    let plain = VerifierKey::new("witness.example/1", Kind::Ed25519, witness.public_key()).unwrap();
    let verifier = StandardVerifier::new(&plain.to_string()).unwrap();
    let (time, signature) = cosigned.signature().split_at(8);
    assert_eq!(time, 1_800_000_000_u64.to_be_bytes());
    let message = format!("cosignature/v1\ntime 1800000000\n{}", std::str::from_utf8(theirs.text()).unwrap());
    assert!(verifier.verify(message.as_bytes(), signature));
    assert!(!verifier.verify(message.replace("time 18", "time 19").as_bytes(), signature));
}

/// A log that their code keeps.
#[derive(Default)]
struct TheirLog {
    hashes: Vec<Hash>,
    size: u64,
}

impl HashReader for TheirLog {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        Ok(indexes.iter().map(|index| self.hashes[usize::try_from(*index).unwrap()]).collect())
    }
}

impl TheirLog {
    fn add(&mut self, entry: &[u8]) {
        let new = stored_hashes(self.size, entry, self).unwrap();
        self.hashes.extend(new);
        self.size += 1;
    }

    /// The signed checkpoint, and the key that signed it.
    fn checkpoint(&self, origin: &str) -> (String, String) {
        let seed = [6; 32];
        let key = VerifierKey::new(origin, Kind::Ed25519, SigningKey::ed25519(&seed).public_key()).unwrap().to_string();
        let id = key.split('+').nth(1).unwrap();
        let secret = format!("PRIVATE+KEY+{origin}+{id}+{}", base64(&[&[1][..], &seed].concat()));
        let text = TheirCheckpoint::new(origin, self.size, tree_hash(self.size, self).unwrap(), "").unwrap().to_bytes();
        let mut note = TheirNote::new(&text, &[]).unwrap();
        note.add_sigs(&[&StandardSigner::new(&secret).unwrap()]).unwrap();
        (String::from_utf8(note.to_bytes()).unwrap(), key)
    }

    /// Its tiles by their code, and bundles of its entries, in a folder.
    fn write(&self, entries: &[Vec<u8>], origin: &str, folder: &Path) -> String {
        let put = |path: &str, bytes: &[u8]| {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        };
        for tile in TheirTile::new_tiles(8, 0, self.size) {
            put(&tile.path().replacen("tile/8/", "tile/", 1), &tile.read_data(self).unwrap());
        }
        for (index, chunk) in (0..).zip(entries.chunks(256)) {
            let tile = Tile { content: Content::Entries, index, width: u16::try_from(chunk.len()).unwrap() };
            put(&tile.to_string(), &bundle(chunk.iter().map(Vec::as_slice)).unwrap());
        }
        let (note, key) = self.checkpoint(origin);
        put("checkpoint", note.as_bytes());
        key
    }
}

#[test]
fn our_code_verifies_their_checkpoint_inclusion_and_consistency() {
    const ORIGIN: &str = "log.example/theirs";
    let mut log = TheirLog::default();
    let mut roots = vec![tree_hash(0, &log).unwrap().0];
    for size in 1..=70_u64 {
        log.add(&size.to_be_bytes());
        let root = tree_hash(size, &log).unwrap().0;
        for index in 0..size {
            let hashes: Vec<_> = prove_record(size, index, &log).unwrap().iter().map(|hash| hash.0).collect();
            let leaf = record_hash(&(index + 1).to_be_bytes()).0;
            assert!(verify_inclusion(&leaf, index, size, &hashes, &root), "{index} of {size}");
            assert!(!verify_inclusion(&leaf, index + 1, size, &hashes, &root));
        }
        for old in 1..size {
            let hashes: Vec<_> = prove_tree(size, old, &log).unwrap().iter().map(|hash| hash.0).collect();
            let before = roots[usize::try_from(old).unwrap()];
            assert!(verify_consistency(old, &before, size, &root, &hashes), "{old} to {size}");
            let read = |node: certless::tlog::merkle::Node| {
                let at = tlog_tiles::stored_hash_index(node.level, node.index);
                Ok::<_, Error>(log.read_hashes(&[at])?[0].0)
            };
            assert_eq!(consistency_proof(old, size, read).unwrap().unwrap(), hashes, "{old} to {size}");
        }
        roots.push(root);
    }
    let (note, key) = log.checkpoint(ORIGIN);
    let logs = vec![VerifierKey::parse(&key).unwrap()];
    let policy = Policy::of_log(ORIGIN, logs.into_iter().map(Into::into).collect());
    let opened = policy.open(&note).unwrap().checkpoint;
    assert_eq!((opened.size, opened.root), (70, *roots.last().unwrap()));
    assert!(policy.open(&note.replacen("70", "71", 1)).is_err());
}

#[test]
fn log_verify_accepts_a_folder_that_their_code_wrote_and_names_a_hash_that_was_changed() {
    let (city, _) = filled();
    let (_, entries) = follow(&city);
    let mut log = TheirLog::default();
    for entry in &entries {
        log.add(entry);
    }
    let folder = tempfile::tempdir().unwrap();
    let key = log.write(&entries, "log.example/theirs", folder.path());
    let verify = || {
        let arguments = ["log", "verify", folder.path().to_str().unwrap(), "--key", &key];
        let ran = Command::new(env!("CARGO_BIN_EXE_certless")).args(arguments).args(["--lang", "en"]).output().unwrap();
        (ran.status.code().unwrap(), String::from_utf8(ran.stdout).unwrap())
    };
    let (code, said) = verify();
    assert!(code == 0 && said.contains("✓ The log is whole."), "{said}");
    let tile = folder.path().join("tile/1/000.p/1");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[9] ^= 1;
    fs::write(&tile, bytes).unwrap();
    let (code, said) = verify();
    assert!(code == 1 && said.contains("tile/1/000.p/1"), "{said}");
}
