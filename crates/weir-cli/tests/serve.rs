//! The lines that `weir serve` prints work as printed, and it ends when told to.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[test]
fn printed_lines_work() -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let tried = try_all(&mut child);
    let told = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status()?;
    assert!(told.success());
    assert!(child.wait()?.success(), "it drains, and says so");
    assert_eq!(tried?, [202, 403, 200, 402, 200, 200]);
    Ok(())
}

/// Sends what each printed line sends, and gives the statuses.
fn try_all(child: &mut Child) -> Outcome<Vec<u16>> {
    let out = child.stdout.take().ok_or("no output")?;
    let (mut expected, mut statuses) = (None, Vec::new());
    for line in BufReader::new(out).lines() {
        let line = line?;
        if let Some(comment) = line.strip_prefix("# ") {
            let (_, answer) = comment.split_once(": ").ok_or("no answer")?;
            let (status, holds) = answer.split_once(' ').ok_or("no body")?;
            expected = Some((status.parse::<u16>()?, holds.to_owned()));
        } else if line.starts_with("curl ") {
            let (status, holds) = expected.take().ok_or("a line without its answer")?;
            let answer = send(&line)?;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line}\n{answer}");
            assert!(answer.contains(&holds), "{line}\n{answer}");
            assert!(answer.contains("\r\nx-request-id: "), "{answer}");
            statuses.push(status);
            if statuses.len() == 6 {
                break;
            }
        }
    }
    Ok(statuses)
}

/// The answer to what a line of curl sends, which quotes as a shell does, with single quotes alone.
fn send(line: &str) -> Outcome<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('\'').enumerate() {
        if number % 2 == 1 {
            words.push(part);
        } else {
            words.extend(part.split_whitespace());
        }
    }
    let (mut target, mut heads, mut body) = ("", String::new(), "");
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        match word {
            "-i" => {}
            "-H" => heads += &format!("{}\r\n", words.next().ok_or("no header")?),
            "-d" => body = words.next().ok_or("no body")?,
            url => target = url.strip_prefix("http://").ok_or("no address")?,
        }
    }
    let (host, path) = target.split_once('/').ok_or("no path")?;
    if !heads.contains("Content-Type") {
        heads += "Content-Type: application/x-www-form-urlencoded\r\n"; // as curl does
    }
    let len = body.len();
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{heads}Content-Length: {len}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
