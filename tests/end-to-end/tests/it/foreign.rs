//! A client nobody here wrote: Python's grpcio, with nothing but server reflection.

use std::path::PathBuf;
use std::process::Command;

use end_to_end::packet::minute_data;
use end_to_end::{Site, root, text};

/// The Python environment that `cargo xtask test` makes, with grpcio and its reflection client.
fn python() -> PathBuf {
    let python = root().join("target/python/bin/python");
    assert!(
        python.is_file(),
        "{} is missing; run `cargo xtask test`, or `cargo xtask python`",
        python.display()
    );
    python
}

#[test]
fn a_python_client_lists_the_services_by_reflection_and_submits_a_packet() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    let packet = site.folder().join("packet.txt");
    std::fs::write(&packet, minute_data("LGT00000000000000000001", 0, 0)).expect("writes");
    let output = Command::new(python())
        .arg(root().join("tests/end-to-end/python/reflection_client.py"))
        .arg(gateway.address())
        .arg(site.folder().join("client"))
        .arg(&packet)
        .output()
        .expect("runs");
    let printed = text(&output);
    assert!(output.status.success(), "{printed}");
    for expected in [
        "lawgate.v1.Exchange",
        "grpc.health.v1.Health",
        "SERVING",
        "accepted at position",
        "12 records",
    ] {
        assert!(printed.contains(expected), "no {expected:?} in\n{printed}");
    }
}
