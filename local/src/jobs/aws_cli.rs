//! Region and credentials of a job on AWS, as the AWS CLI finds them: environment, profile, role with MFA, single sign-on, role of the
//! machine.
//!
//! The CLI is asked (`aws configure export-credentials`) instead of the SDK's own chain, the crate aws-config: that cannot ask for an MFA
//! code, which the operator role demands, and brings four more SDK clients into the build.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use domain::values::moment::Moment;
use serde::Deserialize;

/// The program.
const AWS: &str = "aws";

/// The credentials of this profile, or of what the CLI uses without one. They end when their session ends, an hour later at the least;
/// a job that is interrupted by that is run again.
///
/// # Errors
/// When the CLI is not there, or has none.
pub(super) async fn credentials(profile: Option<String>) -> Result<store::Credentials, String> {
    ask(["configure", "export-credentials", "--format", "process"], profile).await.and_then(|text| read(&text))
}

/// The region of this profile.
///
/// # Errors
/// When the CLI is not there, or knows no region.
pub(super) async fn region(profile: Option<String>) -> Result<String, String> {
    let answer = ask(["configure", "get", "region"], profile).await;
    let region = answer.map(|text| text.trim().to_owned()).unwrap_or_default();
    if region.is_empty() { Err("there is no region: give --region, or a profile that has one".to_owned()) } else { Ok(region) }
}

/// The addresses of a stack's queues by their ids in the template.
///
/// # Errors
/// When the CLI is not there, or the stack cannot be read.
pub(super) async fn queues(stack: String, region: String, profile: Option<String>) -> Result<BTreeMap<String, String>, String> {
    const QUEUES: &str = "StackResourceSummaries[?ResourceType=='AWS::SQS::Queue'].[LogicalResourceId,PhysicalResourceId]";
    let arguments = ["cloudformation", "list-stack-resources", "--stack-name", &stack, "--region", &region];
    let answer = ask(arguments.into_iter().chain(["--query", QUEUES, "--output", "json"]), profile).await?;
    serde_json::from_str::<Vec<(String, String)>>(&answer).map(BTreeMap::from_iter).map_err(|error| format!("{AWS}: {error}"))
}

/// What the CLI prints. It may ask for an MFA code on the terminal.
async fn ask<A: Into<String>>(arguments: impl IntoIterator<Item = A>, profile: Option<String>) -> Result<String, String> {
    let arguments: Vec<String> = arguments.into_iter().map(Into::into).collect();
    let asked = move || {
        let mut command = Command::new(AWS);
        command.args(arguments).stdin(Stdio::inherit()).stderr(Stdio::inherit());
        if let Some(profile) = profile {
            command.args(["--profile", &profile]);
        }
        let output = command.output().map_err(|error| format!("{AWS}: {error}; jobs on AWS need the AWS CLI, version 2"))?;
        if !output.status.success() {
            return Err(format!("{AWS}: {}", output.status));
        }
        String::from_utf8(output.stdout).map_err(|error| error.to_string())
    };
    tokio::task::spawn_blocking(asked).await.map_err(|error| error.to_string())?
}

/// The format of a credential process.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exported {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

fn read(text: &str) -> Result<store::Credentials, String> {
    // The text holds secrets, so an error does not quote it.
    let Exported { access_key_id, secret_access_key, session_token, expiration } =
        serde_json::from_str(text).map_err(|_| "the answer of the AWS CLI holds no credentials".to_owned())?;
    let expires = expiration.map(|text| text.parse::<Moment>().map_err(|_| format!("{text:?} is no time"))).transpose()?;
    let expires = expires.and_then(|at| u64::try_from(at.millis()).ok()).map(std::time::Duration::from_millis);
    let expires = expires.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    Ok(store::Credentials::new(access_key_id, secret_access_key, session_token, expires, "AWS CLI"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_with_their_end_and_never_quoted() {
        let text =
            r#"{"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"hush","SessionToken":"t","Expiration":"2026-11-22T23:00:00+00:00"}"#;
        let read_back = read(text).expect("credentials");
        assert_eq!((read_back.access_key_id(), read_back.secret_access_key(), read_back.session_token()), ("AKIA1", "hush", Some("t")));
        let end = read_back.expiry().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok()).map(|since| since.as_secs());
        assert_eq!(end, Some(1_795_388_400));
        let lasting = read(r#"{"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"hush"}"#).expect("credentials");
        assert!(lasting.expiry().is_none() && lasting.session_token().is_none());
        let error = read(r#"{"SecretAccessKey":"hush"}"#).expect_err("no key id");
        assert!(!error.contains("hush"), "{error}");
    }
}
