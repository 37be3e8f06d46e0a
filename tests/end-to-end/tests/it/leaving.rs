//! What one process leaves to the next: a lock that is held.

use end_to_end::{Site, text};

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
