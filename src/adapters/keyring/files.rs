//! Key files: where they are, how they come to be durable, and who may read them.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::base::id::AgencyCode;
use crate::base::jcs::canonicalize_object;
use crate::base::json::Value;
use crate::base::random::Random;
use crate::crypto::derive::Seed;
use crate::crypto::{Algorithm, PublicKey, Signer as _};
use crate::domain::city::keys::OwnRole;

use super::{AgencyKeys, Keyring, KeyringError, Problem};

pub(super) fn city(folder: &Path) -> PathBuf {
    folder.join("city.seed")
}

pub(super) fn storage(folder: &Path) -> PathBuf {
    folder.join("storage.seed")
}

pub(super) fn own(folder: &Path, role: OwnRole, generation: u32) -> PathBuf {
    folder.join("city").join(format!("{}.{generation}.seed", role.name()))
}

pub(super) fn agency(folder: &Path, agency: &AgencyCode, generation: u32) -> PathBuf {
    folder.join("agencies").join(format!("{agency}.{generation}.seed"))
}

pub(super) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Makes a seed file that was not there, durable when it returns.
pub(super) fn create(path: &Path, random: &dyn Random) -> Result<Seed, KeyringError> {
    let seed = Seed::generate(random);
    write_new(path, seed.expose()).map_err(|error| {
        let there = error.kind() == io::ErrorKind::AlreadyExists;
        KeyringError::new(path, if there { Problem::AlreadyThere } else { Problem::Io(error) })
    })?;
    Ok(seed)
}

/// As [`create`], but a whole seed that is already there is kept.
pub(super) fn create_or_keep(path: &Path, random: &dyn Random) -> Result<Seed, KeyringError> {
    if exists(path) { read(path) } else { create(path, random) }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Whole or not at all: half a seed would keep the city from opening. What a killed process left is of no use.
    let fresh = path.with_extension("seed.new");
    let _ = fs::remove_file(&fresh);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o400).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    // A link, unlike a renaming, never takes the place of a seed that is there; some file systems have none.
    let placed = fs::hard_link(&fresh, path).or_else(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists || exists(path) { Err(error) } else { fs::rename(&fresh, path) }
    });
    let _ = fs::remove_file(&fresh);
    placed?;
    // The names of the file and of its folder must survive a power cut too.
    File::open(folder)?.sync_all()?;
    File::open(folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
}

/// Reads a seed that only its owner may use.
pub(super) fn read(path: &Path) -> Result<Seed, KeyringError> {
    let failed = |error| KeyringError::new(path, Problem::Io(error));
    let mut file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    let mode = about.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyringError::new(path, Problem::Open(mode)));
    }
    if about.len() != 32 {
        return Err(KeyringError::new(path, Problem::Size(about.len())));
    }
    let mut bytes = Zeroizing::new([0; 32]);
    file.read_exact(&mut *bytes).map_err(failed)?;
    Ok(Seed::new(*bytes))
}

/// All generations of all agencies in a folder; a folder without agencies is an empty city.
pub(super) fn agencies(folder: &Path) -> Result<BTreeMap<AgencyCode, BTreeMap<u32, Seed>>, KeyringError> {
    let mut found: BTreeMap<AgencyCode, BTreeMap<u32, Seed>> = BTreeMap::new();
    for (agency, generation, seed) in seeds(&folder.join("agencies"), |name| AgencyCode::parse(name).ok(), 1)? {
        found.entry(agency).or_default().insert(generation, seed);
    }
    Ok(found)
}

/// The city's own keys from their second generation on; none where nothing was ever rotated.
pub(super) fn own_seeds(folder: &Path) -> Result<BTreeMap<(OwnRole, u32), Seed>, KeyringError> {
    let found = seeds(&folder.join("city"), OwnRole::from_name, 2)?;
    Ok(found.into_iter().map(|(role, generation, seed)| ((role, generation), seed)).collect())
}

/// The seeds of a folder by owner and generation, which is `least` or more.
fn seeds<T>(folder: &Path, owner: impl Fn(&str) -> Option<T>, least: u32) -> Result<Vec<(T, u32, Seed)>, KeyringError> {
    let failed = |error| KeyringError::new(folder, Problem::Io(error));
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "seed") {
            let named = name(&path).and_then(|(name, generation)| Some((owner(name)?, generation)));
            let named = named.filter(|(_, generation)| *generation >= least);
            let (owner, generation) = named.ok_or_else(|| KeyringError::new(&path, Problem::Name))?;
            found.push((owner, generation, read(&path)?));
        }
    }
    Ok(found)
}

fn name(path: &Path) -> Option<(&str, u32)> {
    let (owner, digits) = path.file_stem()?.to_str()?.rsplit_once('.')?;
    let generation: u32 = digits.parse().ok().filter(|generation| *generation > 0)?;
    (digits == generation.to_string()).then_some((owner, generation))
}

/// Overwrites a seed and removes its file. The overwriting is worth what the disk makes of it: a flash disk or a file system
/// that copies on write may keep the old bytes, and backups have theirs.
pub(super) fn remove(path: &Path) -> Result<(), KeyringError> {
    let removed = wipe(path).and_then(|()| {
        fs::remove_file(path)?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    });
    removed.map_err(|error| KeyringError::new(path, Problem::Io(error)))
}

fn wipe(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(&[0; 32])?;
    file.sync_all()
}

/// Writes the public keys to `trust/`; what is there with the same content stays untouched.
pub(super) fn publish(folder: &Path, ring: &Keyring) -> Result<(), KeyringError> {
    let trust = folder.join("trust");
    let city = ring.city();
    write_public(&trust.join("city.es256.pub.jwk"), city.es256.public_key())?;
    for (name, first) in [("city.pub.jwk", city.root.public_key()), ("log.pub.jwk", city.log.public_key())] {
        // Which generation counts is for the registry to say; until it says so, the first does.
        if !exists(&trust.join(name)) {
            write_public(&trust.join(name), first)?;
        }
    }
    for role in OwnRole::ALL {
        for (generation, key) in ring.own(role).into_iter().skip(1) {
            write_public(&trust.join(format!("{}.{generation}.pub.jwk", role.name())), key.public_key())?;
        }
    }
    for code in ring.agencies() {
        for keys in ring.generations(code).into_iter().filter_map(|generation| ring.agency(code, generation)) {
            let AgencyKeys { agency, generation, eddsa, es256 } = keys;
            write_public(&trust.join(format!("{agency}.{generation}.pub.jwk")), eddsa.public_key())?;
            write_public(&trust.join(format!("{agency}.{generation}.es256.pub.jwk")), es256.public_key())?;
        }
    }
    Ok(())
}

/// Writes the root's and the log's public key as they count now.
pub(super) fn publish_current(folder: &Path, root: &PublicKey, log: &PublicKey) -> Result<(), KeyringError> {
    let trust = folder.join("trust");
    write_public(&trust.join("city.pub.jwk"), root)?;
    write_public(&trust.join("log.pub.jwk"), log)
}

fn write_public(path: &Path, key: &PublicKey) -> Result<(), KeyringError> {
    let algorithm: Algorithm = key.algorithm();
    let mut jwk = key.to_jwk();
    jwk.insert("alg".to_owned(), Value::String(algorithm.jose().to_owned()));
    jwk.insert("kid".to_owned(), Value::String(key.thumbprint()));
    jwk.insert("use".to_owned(), Value::String("sig".to_owned()));
    let mut text = canonicalize_object(&jwk);
    text.push(b'\n');
    if fs::read(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    // Whole or not at all: a verifier that finds half a key knows none.
    let fresh = path.with_extension("jwk.new");
    let written =
        fs::create_dir_all(folder).and_then(|()| fs::write(&fresh, &text)).and_then(|()| fs::rename(&fresh, path));
    written.map_err(|error| KeyringError::new(path, Problem::Io(error)))
}
