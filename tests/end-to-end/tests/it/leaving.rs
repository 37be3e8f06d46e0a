//! What one process leaves to the next: a lock that is held, a compilation that nobody wants any more.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use end_to_end::{Site, binary, text};

/// Longest wait for what must happen at once.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn a_second_gateway_says_in_one_line_that_the_log_is_open_elsewhere() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    let second = site.lawgate(&["serve", "--config", "lawgate.toml"]);
    let second = second.expect("runs");
    assert!(!second.status.success());
    let said = text(&second);
    let line = said.lines().find(|line| line.starts_with("lawgate: "));
    assert!(
        line.is_some_and(|line| line.contains("is open elsewhere")),
        "{said}"
    );
    assert!(said.contains("waiting until it is not"), "{said}");
    gateway.stop().expect("stops");
}

#[test]
fn a_compilation_ends_with_the_process_that_asked_for_it() {
    let program = binary().expect("is built");
    // A parent of the compiling process that can be killed; both read from the same pipe and write to the same one.
    let mut parent = Command::new("sh")
        .arg("-c")
        .arg("exec 3<&0; \"$0\" compile-component <&3 & echo started; wait")
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut order = parent.stdin.take().expect("is piped");
    let mut output = BufReader::new(parent.stdout.take().expect("is piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("reads");
    assert_eq!(line, "started\n");
    // More than a pipe holds: when it is written, the compiling process has begun to read.
    order.write_all(&vec![0; 1 << 20]).expect("is read");
    parent.kill().expect("is killed");
    parent.wait().expect("ends");
    // The order stays open, so that its end is not what ends the compiling process.
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        ended.send(output.read_to_end(&mut rest).is_ok())
    });
    assert_eq!(
        end.recv_timeout(SOON),
        Ok(true),
        "it goes on without a parent"
    );
    drop(order);
}
