//! The operating-system user who runs the server programs.
//!
//! PostgreSQL refuses to run as root. Started by root, the programs run as another user through
//! `setpriv`; started by an ordinary user, they run as that user.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;

use crate::error::ClusterError;

/// The users tried by a process of root that was not told which one to take.
const DEFAULT_USERS: [&str; 2] = ["postgres", "nobody"];

/// Who runs PostgreSQL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Account {
    name: String,
    uid: u32,
    gid: u32,
    switch: bool,
}

impl Account {
    /// Ourselves, unless we are root: then the owner of `data` if it exists, else `configured`, else
    /// the first of `postgres` and `nobody` that exists.
    pub(crate) fn choose(configured: Option<&str>, data: &Path) -> Result<Self, ClusterError> {
        let this =
            fs::metadata("/proc/self").map_err(ClusterError::io("cannot read", Path::new("/proc/self")))?;
        if this.uid() != 0 {
            return Ok(Self {
                name: this.uid().to_string(),
                uid: this.uid(),
                gid: this.gid(),
                switch: false,
            });
        }
        let owner = fs::metadata(data).ok().filter(|data| data.uid() != 0);
        if let Some(owner) = owner {
            return Ok(Self::switched(owner.uid().to_string(), owner.uid(), owner.gid()));
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let found = match configured {
            Some(name) => find_user(&passwd, name),
            None => DEFAULT_USERS.iter().find_map(|name| find_user(&passwd, name)),
        };
        let user = configured.unwrap_or("postgres").to_owned();
        found
            .filter(|account| account.uid != 0)
            .ok_or(ClusterError::NoServiceUser { user })
    }

    fn switched(name: String, uid: u32, gid: u32) -> Self {
        Self {
            name,
            uid,
            gid,
            switch: true,
        }
    }

    /// Whether it is somebody else than us.
    pub(crate) fn is_other(&self) -> bool {
        self.switch
    }

    pub(crate) fn uid(&self) -> u32 {
        self.uid
    }

    /// A command that runs `program` as this user, with a clean environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = if self.switch {
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={}", self.uid))
                .arg(format!("--regid={}", self.gid));
            command.args(["--clear-groups", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let path = std::env::var_os("PATH").unwrap_or_else(|| OsStr::new("/usr/bin:/bin").to_owned());
        command
            .env_clear()
            .env("PATH", path)
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC");
        command
    }

    /// Hands a file or folder over to this user.
    pub(crate) fn own(&self, path: &Path) -> Result<(), ClusterError> {
        if !self.switch {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid))
            .map_err(ClusterError::io("cannot change the owner of", path))
    }

    /// Whether this user can get to `folder`, judged by owner, group and mode of every folder above.
    pub(crate) fn check_reach(&self, folder: &Path) -> Result<(), ClusterError> {
        if !self.switch {
            return Ok(());
        }
        let closed = folder
            .ancestors()
            .find(|step| fs::metadata(step).is_ok_and(|step| !self.may_enter(&step)));
        match closed {
            None => Ok(()),
            Some(folder) => Err(ClusterError::Unreachable {
                folder: folder.to_owned(),
                user: self.name.clone(),
            }),
        }
    }

    fn may_enter(&self, folder: &fs::Metadata) -> bool {
        let bit = match (folder.uid() == self.uid, folder.gid() == self.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        folder.mode() & bit != 0
    }
}

fn find_user(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next().filter(|found| *found == name)?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account::switched(found.to_owned(), uid, gid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let found = find_user(PASSWD, "postgres").unwrap();
        assert_eq!((found.uid, found.gid), (101, 104));
        assert_eq!(find_user(PASSWD, "post"), None);
    }

    #[test]
    fn a_closed_folder_above_is_named() {
        let account = Account::switched("stranger".to_owned(), 54_321, 54_321);
        let base = std::env::temp_dir().join(format!("renkei-reach-{}", std::process::id()));
        let closed = base.join("closed");
        fs::create_dir_all(closed.join("data")).unwrap();
        fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();

        let error = account.check_reach(&closed.join("data")).unwrap_err();

        assert!(matches!(error, ClusterError::Unreachable { folder, .. } if folder == closed));
        account.check_reach(&base).unwrap();
        fs::remove_dir_all(base).unwrap();
    }
}
