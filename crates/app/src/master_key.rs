//! The master key: a file of 32 random bytes as hexadecimal, for its owner's eyes only. Made on the first start.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use tradepost_kernel::{Environment, Secret};

/// The key, and whether it was made just now.
#[derive(Debug)]
pub struct MasterKey {
    /// The 32 bytes.
    pub key: Secret<[u8; 32]>,
    /// Whether there was none before.
    pub made: bool,
}

/// Reads the key, or makes it where there is none.
///
/// # Errors
/// In words: the file cannot be read or written, is no key, or can be read by others.
pub fn read_or_make(path: &Path, environment: &Environment) -> Result<MasterKey, String> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let text = Secret::new(text);
            let mode = fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(format!("{}: others may read the master key; run chmod 600 on it", path.display()));
            }
            let key = parse(text.expose().trim()).ok_or_else(|| format!("{}: is no master key (64 hexadecimal digits)", path.display()))?;
            Ok(MasterKey { key, made: false })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => make(path, environment),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn parse(text: &str) -> Option<Secret<[u8; 32]>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(Secret::new(key))
}

fn make(path: &Path, environment: &Environment) -> Result<MasterKey, String> {
    let trouble = |error: std::io::Error| format!("{}: {error}", path.display());
    let key = Secret::new(environment.random::<32>());
    let text: Secret<String> = Secret::new(key.expose().iter().map(|byte| format!("{byte:02x}")).chain([String::from("\n")]).collect());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(trouble)?;
    }
    // Never over an existing one: another process may have made it meanwhile.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(trouble)?;
    file.write_all(text.expose().as_bytes()).and_then(|()| file.sync_all()).map_err(trouble)?;
    Ok(MasterKey { key, made: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_kernel::{Clock, Timestamp};

    #[test]
    fn a_key_is_made_once_for_its_owner_only_and_read_ever_after() {
        let folder = std::env::temp_dir().join(format!("tradepost-key-{}", std::process::id()));
        let path = folder.join("inner/master.key");
        let environment = Environment::seeded(Clock::fixed(Timestamp::from_ms(0)), 1);
        let made = read_or_make(&path, &environment).expect("made");
        let read = read_or_make(&path, &environment).expect("read");
        assert!(made.made && !read.made);
        assert_eq!(made.key.expose(), read.key.expose());
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("chmod");
        assert!(read_or_make(&path, &environment).expect_err("others may read it").contains("chmod 600"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
        fs::write(&path, "no key").expect("written");
        assert!(read_or_make(&path, &environment).expect_err("no key").contains("no master key"));
        fs::remove_dir_all(&folder).expect("removed");
    }
}
