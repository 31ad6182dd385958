//! What file system a ledger lies on.
//!
//! The locks and the shared memory of a ledger work within one machine. Over a network two machines
//! could write at once, so a ledger is not kept there. Only Linux can be asked for the type of a
//! file system; elsewhere nothing is checked, as `docs/operating.md` says.

use super::ledger_files::LedgerFiles;
use crate::{Error, Result};

/// How far a file system is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    Local,
    /// Its files may be another machine's.
    Unknown,
    Network,
}

/// Refuses to keep a ledger on a network file system; returns a warning where it may be one.
pub(super) fn require_local(place: &LedgerFiles) -> Result<Option<String>> {
    require(trust(place), &place.shown)
}

fn require(trust: Trust, shown: &str) -> Result<Option<String>> {
    match trust {
        Trust::Local => Ok(None),
        Trust::Unknown => Ok(Some(format!(
            "the ledger {shown} may lie on a network file system: if it does, move it to a local disk, \
             since two machines could draw one day twice"
        ))),
        Trust::Network => Err(Error::refused(format!(
            "the ledger {shown} lies on a network file system"
        ))
        .help(
            "move it with its key to a local disk of the machine that runs it: over a network two \
                 machines could draw one day twice",
        )),
    }
}

/// Asks about the folder of the ledger, since the ledger itself may not exist yet.
#[cfg(target_os = "linux")]
fn trust(place: &LedgerFiles) -> Trust {
    rustix::fs::statfs(place.folder()).map_or(Trust::Local, |found| of_type(found.f_type as u32))
}

/// Whether nothing can be written to the file system, not even beside the ledger.
#[cfg(target_os = "linux")]
pub(super) fn is_read_only(place: &LedgerFiles) -> bool {
    use rustix::fs::StatVfsMountFlags;
    rustix::fs::statvfs(&place.ledger)
        .is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
}

/// How far a type of file system is trusted, by the number that `statfs` has for it.
#[cfg(target_os = "linux")]
fn of_type(number: u32) -> Trust {
    const NETWORK: [u32; 16] = [
        0x0000_6969, // NFS
        0x0000_517b, // SMB
        0xfe53_4d42, // SMB 2
        0xff53_4d42, // CIFS
        0x0000_564c, // NCP
        0x5346_414f, // OpenAFS
        0x6b41_4653, // AFS
        0x7375_7245, // Coda
        0x00c3_6400, // Ceph
        0x0bd0_0bd0, // Lustre
        0x4750_4653, // GPFS
        0x7461_636f, // OCFS2
        0x0116_1970, // GFS2
        0x2003_0528, // OrangeFS
        0x1983_0326, // BeeGFS
        0xaad7_aaea, // PanFS
    ];
    const UNKNOWN: [u32; 3] = [
        0x6573_5546, // FUSE
        0x0102_1997, // 9P
        0x786f_4256, // folders of VirtualBox
    ];
    match number {
        number if NETWORK.contains(&number) => Trust::Network,
        number if UNKNOWN.contains(&number) => Trust::Unknown,
        _ => Trust::Local,
    }
}

#[cfg(not(target_os = "linux"))]
const fn trust(_: &LedgerFiles) -> Trust {
    Trust::Local
}

#[cfg(not(target_os = "linux"))]
pub(super) const fn is_read_only(_: &LedgerFiles) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Kind;

    #[test]
    fn one_row_per_kind_of_file_system() {
        for (number, expected) in [
            (0xef53, Trust::Local),
            (0x0102_1994, Trust::Local),
            (0x9123_683e, Trust::Local),
            (0x6969, Trust::Network),
            (0xff53_4d42, Trust::Network),
            (0x00c3_6400, Trust::Network),
            (0x6573_5546, Trust::Unknown),
            (0x0102_1997, Trust::Unknown),
        ] {
            assert_eq!(of_type(number), expected, "{number:x}");
        }
        assert_eq!(require(Trust::Local, "x.ledger").unwrap(), None);
        assert!(require(Trust::Unknown, "x.ledger").unwrap().unwrap().contains("x.ledger may lie"));
        let refused = require(Trust::Network, "x.ledger").unwrap_err();
        assert_eq!(refused.kind(), Kind::Refused);
        assert!(refused.hint().unwrap().contains("local disk"));
    }

    #[test]
    fn the_system_is_asked_about_the_folder() {
        let place = |path: &str| LedgerFiles::new(Path::new(path)).unwrap();
        assert_eq!(require_local(&place("/dev/shm/x.ledger")).unwrap(), None);
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(!is_read_only(&LedgerFiles::new(file.path()).unwrap()));
    }
}
