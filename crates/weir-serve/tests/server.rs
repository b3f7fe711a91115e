//! What a socket sees: the bounds, the last credit, and the end.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use weir::{Clock, SystemClock};
use weir_serve::{Demo, Drained, Limits, serve};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A server on a free port.
struct Host {
    runtime: Runtime,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<Drained>>,
    key: String,
}

impl Host {
    fn start(limits: Limits) -> Outcome<Self> {
        let demo = Demo::new(SystemClock.now())?;
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let (stop, told) = oneshot::channel();
        let told = async {
            let _ = told.await;
        };
        let serving = runtime.spawn(serve(listener, Arc::new(demo.contracts), limits, told));
        Ok(Self { runtime, address, stop, serving, key: demo.keys.store })
    }

    fn stop(self) -> Outcome<Drained> {
        self.stop.send(()).map_err(|()| "it has stopped before")?;
        Ok(self.runtime.block_on(self.serving)??)
    }

    fn track(&self) -> String {
        let key = &self.key;
        format!(
            "POST /api/tryon/track HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\
             Authorization: Bearer {key}\r\nContent-Length: 2\r\n\r\n{{}}"
        )
    }
}

/// Sends, and reads until the server closes, for at most what a test may take.
fn send(address: SocketAddr, bytes: &str) -> Outcome<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(bytes.as_bytes())?;
    read(&mut stream)
}

fn read(stream: &mut TcpStream) -> Outcome<String> {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => Err(error.into()),
        _ => Ok(String::from_utf8(answer)?),
    }
}

#[test]
fn half_a_head_is_closed() -> Outcome {
    let host = Host::start(QUICK)?;
    for bytes in ["", "POST /api/ingest HTTP/1.1\r\nHost: h\r\nX-A:"] {
        let answer = send(host.address, bytes)?;
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    assert_eq!(host.stop()?, Drained::Whole);
    Ok(())
}

#[test]
fn the_default_head_time_is_under_ten_seconds() {
    assert!(Limits::default().head < Duration::from_secs(10));
}

#[test]
fn a_slow_body_is_refused() -> Outcome {
    let host = Host::start(QUICK)?;
    let answer =
        send(host.address, "POST /api/ingest HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{")?;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    Ok(())
}

#[test]
fn a_large_body_is_refused() -> Outcome {
    let host = Host::start(Limits { body_bytes: 8, ..QUICK })?;
    let head = "POST /api/ingest HTTP/1.1\r\nHost: h\r\nContent-Length: ";
    let answer = send(host.address, &format!("{head}9\r\n\r\n123456789"))?;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let answer = send(host.address, &format!("{head}8\r\nConnection: close\r\n\r\n12345678"))?;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    Ok(())
}

#[test]
fn two_ends_of_a_body_are_refused() -> Outcome {
    let host = Host::start(QUICK)?;
    let both = [
        ("Content-Length: 2", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 2"),
    ];
    for (one, other) in both {
        let bytes = host.track().replace("Content-Length: 2", &format!("{one}\r\n{other}"));
        let answer = send(host.address, &bytes.replace("{}", "2\r\n{}\r\n0\r\n\r\n"))?;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    // Neither has taken the only credit.
    assert!(send(host.address, &host.track())?.starts_with("HTTP/1.1 200 "));
    assert!(send(host.address, &host.track())?.starts_with("HTTP/1.1 402 "));
    Ok(())
}

#[test]
fn connections_over_the_bound_wait() -> Outcome {
    let host = Host::start(Limits { connections: 1, head: PATIENCE, ..QUICK })?;
    let health = "GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let mut first = TcpStream::connect(host.address)?;
    first.write_all(b"GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n")?;
    let mut some = [0; 12];
    first.read_exact(&mut some)?;
    assert_eq!(&some, b"HTTP/1.1 200");
    let mut second = TcpStream::connect(host.address)?;
    second.write_all(health.as_bytes())?;
    second.set_read_timeout(Some(Duration::from_millis(200)))?;
    assert!(read(&mut second).is_err(), "answered beside the first");
    drop(first);
    second.set_read_timeout(Some(PATIENCE))?;
    assert!(read(&mut second)?.starts_with("HTTP/1.1 200 "));
    Ok(())
}

#[test]
fn the_last_credit_is_taken_once() -> Outcome {
    last_credit(8)
}

/// `cargo test --release -p weir-serve --test server -- --ignored`
#[test]
#[ignore = "a thousand rounds take minutes"]
fn the_last_credit_is_taken_once_a_thousand_times() -> Outcome {
    last_credit(1000)
}

fn last_credit(rounds: usize) -> Outcome {
    for _ in 0..rounds {
        let host = Host::start(Limits::default())?;
        let (bytes, barrier) = (host.track(), Barrier::new(CLIENTS));
        let one = || {
            barrier.wait();
            send(host.address, &bytes).map_err(|error| error.to_string())
        };
        let answers = thread::scope(|scope| {
            let all: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(one)).collect();
            all.into_iter()
                .map(|client| client.join().map_err(|_| "a client panicked"))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let with =
            |status: &str| answers.iter().filter(|answer| answer.starts_with(status)).count();
        assert_eq!((with("HTTP/1.1 200 "), with("HTTP/1.1 402 ")), (1, CLIENTS - 1));
        assert_eq!(host.stop()?, Drained::Whole);
    }
    Ok(())
}

#[test]
fn nothing_hangs_past_the_drain_time() -> Outcome {
    let drain = Duration::from_millis(100);
    let host = Host::start(Limits { drain, body: PATIENCE, ..QUICK })?;
    let mut slow = TcpStream::connect(host.address)?;
    slow.set_read_timeout(Some(PATIENCE))?;
    slow.write_all(b"POST /api/ingest HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")?;
    let mut some = [0; 12];
    slow.read_exact(&mut some)?; // the request has begun
    assert_eq!(&some, b"HTTP/1.1 100");
    assert_eq!(host.stop()?, Drained::CutOff);
    Ok(())
}

/// Long enough for any machine; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(30);
const CLIENTS: usize = 64;
const QUICK: Limits = Limits {
    head: Duration::from_millis(200),
    body: Duration::from_millis(200),
    body_bytes: 2 << 20,
    connections: 64,
    drain: PATIENCE,
};
