//! `mlc console`, as it is typed.

use super::Printing;
use crate::serve::http::Role;
use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What `mlc serve` was given: beside it lies the register of people.
#[derive(Debug, Args)]
pub struct Served {
    /// The pipeline file or folder that `mlc serve` is given first
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where `mlc serve` keeps state [default: `.mlc` beside the file]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Console {
    /// Give somebody a token to sign in with; it is shown once
    Invite(Invite),
    /// List those who were invited
    List(People),
    /// Let somebody in no longer, from this moment on
    Revoke(Revoke),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Whoever is invited again gets another token; what they had holds until it ends, and their
roles become the new ones. Programs send the token with each request to /api/v1:
  Authorization: Bearer TOKEN")]
pub struct Invite {
    /// Who; it stands in the log of all that they do
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    pub served: Served,
    /// What they may do besides looking; may be given several times
    #[arg(long = "role", value_name = "ROLE", value_enum)]
    pub roles: Vec<Role>,
    /// Only this pipeline; may be given several times
    #[arg(long = "pipeline", value_name = "NAME")]
    pub pipelines: Vec<String>,
    /// For how many days the token holds
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=730))]
    pub days: u16,
    /// Who invites
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true, default_value = "")]
    pub by: String,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
pub struct People {
    #[command(flatten)]
    pub served: Served,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
pub struct Revoke {
    /// Who
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    pub served: Served,
}

impl ValueEnum for Role {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Viewer => "looks at everything",
            Self::Approver => "approves, rejects and replays records",
            Self::Operator => "starts runs, replays records",
        };
        Some(PossibleValue::new(self.word()).help(help))
    }
}
