//! `mlc serve`, as it is typed.

use super::{Printing, Vars};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
A change of a pipeline file, or of a table or profile that it names, counts from the next run
on if it checks clean; else it is refused, loudly, and the program from before goes on. Files
that appear in a folder are served, files that vanish from it no longer are. SIGHUP opens all
of them anew.

SIGTERM and Ctrl-C: nothing is begun any more, and what is in flight is settled.

Exit codes: 0 all that went on came to its end; 2 the command line or every pipeline is wrong;
3 the world is, or something had to be left (the next start settles it).")]
pub struct Serve {
    /// Pipeline files, and folders whose pipeline files are served
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Where to listen for browsers, programs and webhooks; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8470")]
    pub listen: SocketAddr,
    /// A proxy with TLS stands before it: then it may listen for other machines
    #[arg(long)]
    pub behind_proxy: bool,
    /// Speak TLS with this certificate (PEM, with those that it stands on)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Where state is kept [default: `.mlc` beside each pipeline file]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Run against the sandbox, whatever the connections say
    #[arg(long)]
    pub sandbox: bool,
    /// Run also what would be a first run on a live system that nobody has seen planned
    #[arg(long)]
    pub yes: bool,
    /// For how long to wait, when asked to stop, until what goes on comes to its end
    #[arg(long, value_name = "SPAN", default_value = "60s", value_parser = span)]
    pub drain: crate::value::Span,
    /// A run that goes on for longer is told of and asked to stop
    #[arg(long, value_name = "SPAN", default_value = "6h", value_parser = span)]
    pub longest_run: crate::value::Span,
    #[command(flatten)]
    pub vars: Vars,
    #[command(flatten)]
    pub printing: Printing,
}

fn span(text: &str) -> Result<crate::value::Span, String> {
    crate::value::parse_duration(text).ok_or_else(|| "write such as `30s`, `5m` or `6h`".to_owned())
}
