//! A wallet in a file, sealed under a passphrase.
//!
//! Layout: `CLW1`, salt (16 bytes), memory in KiB and passes of Argon2id (4 bytes each, big-endian), then the sealed
//! wallet (XChaCha20-Poly1305, with the salt and the cost as part of what is authenticated). A file is written beside,
//! made durable and moved into place, with mode 0600. Wallets made with one [`WalletKey`] share its salt, so that many
//! cost one derivation; that tells whoever sees the files that they have one passphrase, which for the demo is no secret.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::base::bytes::hex;
use crate::base::random::{Random, bytes};
use crate::base::secret::Secret;
use crate::crypto::password::{Cost, derive_key};
use crate::crypto::seal::{Aad, Sealer};
use crate::domain::error::{Error, ErrorKind};
use crate::domain::wallet::Wallet;

const MAGIC: &[u8; 4] = b"CLW1";
const HEAD: usize = 28;
/// Longest wallet file in bytes.
const MAX_FILE: u64 = 256 << 20;

/// The key of one passphrase, salt and cost.
pub struct WalletKey {
    head: [u8; HEAD],
    key: Secret<[u8; 32]>,
}

impl WalletKey {
    /// A key under a fresh salt.
    pub fn new(passphrase: &str, cost: Cost, random: &dyn Random) -> Result<Self, Error> {
        let mut head = [0; HEAD];
        let parts = [&MAGIC[..], &bytes::<16>(random), &cost.memory.to_be_bytes(), &cost.passes.to_be_bytes()].concat();
        head.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
        Self::of(head, passphrase)
    }

    fn of(head: [u8; HEAD], passphrase: &str) -> Result<Self, Error> {
        let (magic, rest) = head.split_at(4);
        let (salt, cost) = rest.split_at(16);
        let number =
            |at: usize| cost.get(at..at + 4).and_then(|part| part.try_into().ok()).map_or(0, u32::from_be_bytes);
        if magic != MAGIC {
            return Err(damaged("it does not begin as a wallet does"));
        }
        let cost = Cost { memory: number(0), passes: number(4) };
        let key = derive_key(passphrase, salt, cost).map_err(|error| damaged(&error.to_string()))?;
        Ok(Self { head, key })
    }

    fn sealer(&self) -> (Sealer, Aad<'_>) {
        (Sealer::new(self.key.expose()), Aad { table: "wallet", row: &self.head, column: "content" })
    }
}

/// Writes a wallet that was not there; `Conflict` when there is a file already.
pub fn create(path: &Path, wallet: &Wallet, key: &WalletKey, random: &dyn Random) -> Result<(), Error> {
    if path.symlink_metadata().is_ok() {
        return Err(Error::new(ErrorKind::Conflict, format!("{} is there already", path.display()))
            .says("该文件已存在。", "The file is there already."));
    }
    save(path, wallet, key, random)
}

/// Writes a wallet in place of the older one, whole or not at all; durable when it returns.
pub fn save(path: &Path, wallet: &Wallet, key: &WalletKey, random: &dyn Random) -> Result<(), Error> {
    let (sealer, aad) = key.sealer();
    let sealed = sealer.seal(&aad, wallet.to_bytes()?.expose(), random);
    let beside = beside(path, random);
    let written = write(&beside, &[&key.head[..], &sealed].concat(), path);
    if written.is_err() {
        // The old file stands; what is left of the new one is of no use.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(|error| failed(path, &error))
}

/// Opens a wallet; `NotAllowed` when the passphrase is wrong or the file was changed.
pub fn open(path: &Path, passphrase: &str) -> Result<(Wallet, WalletKey), Error> {
    let (head, sealed) = read(path)?;
    let key = WalletKey::of(head, passphrase)?;
    Ok((unseal(&key, &sealed)?, key))
}

/// Opens a wallet with a key that was derived before, without another derivation; `NotAllowed` for another salt.
pub fn open_with(path: &Path, key: &WalletKey) -> Result<Wallet, Error> {
    let (head, sealed) = read(path)?;
    if head == key.head { unseal(key, &sealed) } else { Err(locked()) }
}

fn unseal(key: &WalletKey, sealed: &[u8]) -> Result<Wallet, Error> {
    let (sealer, aad) = key.sealer();
    let plain = sealer.open(&aad, sealed).map(Secret::new).map_err(|_| locked())?;
    Wallet::from_bytes(plain.expose())
}

fn read(path: &Path) -> Result<([u8; HEAD], Vec<u8>), Error> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed(path, &error))?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| failed(path, &error))?;
    match bytes.split_first_chunk::<HEAD>() {
        Some((head, sealed)) if bytes.len() as u64 <= MAX_FILE => Ok((*head, sealed.to_vec())),
        _ => Err(damaged("it is too short or too long")),
    }
}

fn beside(path: &Path, random: &dyn Random) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", hex(&bytes::<6>(random))));
    path.with_file_name(name)
}

fn write(beside: &Path, content: &[u8], path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn failed(path: &Path, error: &io::Error) -> Error {
    let kind = if error.kind() == io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Unavailable };
    let detail = format!("{}: {error}", path.display());
    Error::new(kind, detail.clone())
        .says(format!("无法读写卡包文件：{detail}"), format!("The wallet file cannot be used: {detail}"))
}

fn locked() -> Error {
    Error::new(ErrorKind::NotAllowed, "wrong passphrase, or the file was changed")
        .says("口令不对，或卡包文件已被改动。", "The passphrase is wrong, or the wallet file was changed.")
}

fn damaged(detail: &str) -> Error {
    Error::malformed(format!("wallet file: {detail}")).says("这不是完好的卡包文件。", "This is no intact wallet file.")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::crypto::Algorithm;
    use crate::crypto::derive::SeededRandom;
    use crate::domain::wallet::keys::HolderKey;

    const CHEAP: Cost = Cost { memory: 64, passes: 1 };

    fn wallet(random: &dyn Random) -> Wallet {
        Wallet::new("演示", HolderKey::generate(Algorithm::EdDsa, random))
    }

    #[test]
    fn a_wallet_opens_with_its_passphrase_only() {
        let (folder, random) = (tempfile::tempdir().unwrap(), SeededRandom::new("wallet file"));
        let path = folder.path().join("holder.wallet");
        let wallet = wallet(&random);
        create(&path, &wallet, &WalletKey::new("correct horse", CHEAP, &random).unwrap(), &random).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(open(&path, "correct horse").unwrap().0.key().did(), wallet.key().did());
        assert_eq!(open(&path, "correct horsf").map(drop).unwrap_err().kind, ErrorKind::NotAllowed);
        assert_eq!(
            create(&path, &wallet, &WalletKey::new("x", CHEAP, &random).unwrap(), &random).unwrap_err().kind,
            ErrorKind::Conflict
        );
        assert_eq!(open(&folder.path().join("none"), "x").map(drop).unwrap_err().kind, ErrorKind::NotFound);
    }

    #[test]
    fn saving_replaces_the_file_and_leaves_nothing_beside_it() {
        let (folder, random) = (tempfile::tempdir().unwrap(), SeededRandom::new("wallet file"));
        let path = folder.path().join("holder.wallet");
        let key = WalletKey::new("p", CHEAP, &random).unwrap();
        let mut wallet = wallet(&random);
        create(&path, &wallet, &key, &random).unwrap();
        wallet.name = "另一个名字".to_owned();
        save(&path, &wallet, &key, &random).unwrap();
        assert_eq!(open_with(&path, &key).unwrap().name, "另一个名字");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn many_wallets_of_one_key_cost_one_derivation() {
        let (folder, random) = (tempfile::tempdir().unwrap(), SeededRandom::new("wallet file"));
        let key = WalletKey::new("demo", CHEAP, &random).unwrap();
        let paths: Vec<_> = (0..20).map(|n| folder.path().join(format!("{n}.wallet"))).collect();
        for path in &paths {
            create(path, &wallet(&random), &key, &random).unwrap();
        }
        assert!(paths.iter().all(|path| open_with(path, &key).is_ok() && open(path, "demo").is_ok()));
        let other = WalletKey::new("demo", CHEAP, &random).unwrap();
        assert_eq!(open_with(&paths[0], &other).map(drop).unwrap_err().kind, ErrorKind::NotAllowed, "another salt");
    }

    #[test]
    fn a_changed_file_does_not_open() {
        let (folder, random) = (tempfile::tempdir().unwrap(), SeededRandom::new("wallet file"));
        let path = folder.path().join("holder.wallet");
        create(&path, &wallet(&random), &WalletKey::new("p", CHEAP, &random).unwrap(), &random).unwrap();
        let good = fs::read(&path).unwrap();
        // Magic, salt, nonce, content and tag; a changed cost may also be refused as malformed.
        for at in [0, 5, 30, 60, good.len() - 1] {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert!(open(&path, "p").is_err(), "byte {at}");
        }
        for short in [0, 4, HEAD, HEAD + 24] {
            fs::write(&path, &good[..short]).unwrap();
            assert!(open(&path, "p").is_err(), "{short} bytes");
        }
        let mut costly = good;
        costly[20] = 0xFF;
        fs::write(&path, &costly).unwrap();
        assert_eq!(open(&path, "p").map(drop).unwrap_err().kind, ErrorKind::Malformed, "a cost beyond the limit");
    }
}
