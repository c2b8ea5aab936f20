//! The bootstraps, built with the bench's profile: the redirect alone, as it is deployed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::options::AS_BUILT;

/// The workspace.
pub(crate) fn workspace() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// The folder of this program and of the bootstraps.
pub(crate) fn folder() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.parent().context("the program's path has no folder")?.to_owned())
}

/// The programs of a comparison.
pub(crate) struct Programs {
    /// One blocking connection and no JSON.
    pub(crate) floor: PathBuf,
    /// The smallest function on `lambda_runtime`.
    pub(crate) hello_runtime: PathBuf,
    /// The smallest function on `lambda_http`.
    pub(crate) hello_http: PathBuf,
    /// The redirect.
    pub(crate) redirect: PathBuf,
}

impl Programs {
    /// Builds them, unless they are to be measured as they are.
    pub(crate) fn ready() -> Result<Self> {
        let folder = folder()?;
        if !std::env::args().any(|argument| argument == AS_BUILT) {
            Self::build(&folder)?;
        }
        let program = |name: &str| folder.join(name);
        Ok(Self {
            floor: program("floor"),
            hello_runtime: program("hello_runtime"),
            hello_http: program("hello_http"),
            redirect: program("redirect"),
        })
    }

    fn build(folder: &Path) -> Result<()> {
        // Built together with another package, the redirect would get the features which that enables in a shared dependency.
        cargo(folder, &["-p", "redirect"])?;
        cargo(folder, &["-p", "bench", "--bin", "floor", "--bin", "hello_runtime", "--bin", "hello_http"])
    }
}

/// The redirect as it is deployed, with the names of its functions.
pub(crate) fn redirect_with_symbols() -> Result<PathBuf> {
    let target = target(&folder()?)?.to_owned();
    cargo_build(&target, &["--profile", "symbols", "-p", "redirect"])?;
    Ok(target.join("symbols").join("redirect"))
}

/// The program of `cargo dev`, built with its own profile.
pub(crate) fn local() -> Result<PathBuf> {
    let target = target(&folder()?)?.to_owned();
    cargo_build(&target, &["--profile", "local", "-p", "local"])?;
    Ok(target.join("local").join("local"))
}

fn target(folder: &Path) -> Result<&Path> {
    folder.parent().context("the profile's folder has no parent")
}

fn cargo(folder: &Path, what: &[&str]) -> Result<()> {
    let mut arguments = what.to_vec();
    if !cfg!(debug_assertions) {
        arguments.push("--release");
    }
    cargo_build(target(folder)?, &arguments)
}

fn cargo_build(target: &Path, what: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg("build").arg("--manifest-path").arg(workspace().join("Cargo.toml")).arg("--target-dir").arg(target).args(what);
    ensure!(command.status()?.success(), "cargo build {} failed", what.join(" "));
    Ok(())
}
