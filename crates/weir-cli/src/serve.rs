//! What would a client see? The three contracts on a port, with keys made for this run.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use weir::{Clock, SystemClock};
use weir_serve::{Demo, Drained, Limits, serve};

/// Where to serve.
#[derive(Args)]
pub(crate) struct Options {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

/// Serves until it is interrupted or told to end.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    Runtime::new().context("no runtime")?.block_on(serve_on(options.listen))
}

async fn serve_on(address: SocketAddr) -> anyhow::Result<ExitCode> {
    let demo = Demo::new(SystemClock.now())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut ended = signal(SignalKind::terminate())?;
    let bound = TcpListener::bind(address).await;
    let listener = bound.with_context(|| format!("cannot listen on {address}"))?;
    show(&demo, listener.local_addr()?)?;
    let stop = async {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = ended.recv() => {}
        }
    };
    let drained = serve(listener, Arc::new(demo.contracts), Limits::default(), stop).await?;
    Ok(match drained {
        Drained::CutOff => ExitCode::FAILURE,
        Drained::Whole => ExitCode::SUCCESS,
    })
}

/// Writes what to try, with the keys that nobody is shown again.
fn show(demo: &Demo, address: SocketAddr) -> io::Result<()> {
    let base = format!("http://{address}");
    let mut out = io::stdout().lock();
    writeln!(out, "weir serves on {base}, in memory; these keys are good until it ends")?;
    for line in demo.lines(&base) {
        writeln!(out, "\n# {}: {} {}", line.says, line.status, line.holds)?;
        writeln!(out, "{}", line.curl)?;
    }
    writeln!(out)?;
    out.flush()
}
