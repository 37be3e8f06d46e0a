//! Timestamps of an authority that OpenSSL plays, asked by the gateway over HTTP.

use std::sync::Arc;

use authority::Authority;

use super::*;

#[test]
fn a_checkpoint_is_stamped_and_the_token_verifies_with_openssl() {
    if !authority::is_available() {
        println!("skipped: openssl is missing");
        return;
    }
    let site = Site::new().expect("sets up");
    let authority = Arc::new(Authority::new(&site.folder().join("tsa")).expect("made"));
    let serving = authority.serve().expect("serves");
    site.stamp(&serving.url(), &authority.root(), 1)
        .expect("written");
    let gateway = site.start().expect("starts");
    submit(&gateway, 0).expect("submits");
    let tokens = site.audit().join("tiles/tokens");
    let first = wait_for(|| {
        let Ok(mut listing) = fs::read_dir(&tokens) else {
            return Ok(None);
        };
        let path = listing.find_map(|entry| {
            let path = entry.ok()?.path();
            path.extension()
                .is_some_and(|ending| ending == "tsr")
                .then_some(path)
        });
        Ok(path)
    });
    let token = first.expect("stamped");
    let log = gateway.log();
    wait_for(|| {
        let listed = site.lawgate(&[
            "audit",
            "list",
            "--log",
            "data/audit",
            "--event",
            "log.timestamp",
        ])?;
        Ok(text(&listed).contains("stamped").then_some(()))
    })
    .expect("the token is an entry");
    gateway.stop().expect("stops");
    let size = token
        .file_stem()
        .and_then(|stem| stem.to_str())
        .expect("a size");
    let note = fs::read_to_string(site.audit().join("tiles/checkpoints").join(size));
    let note = note.expect("the checkpoint is kept");
    let (text, _) = note.split_once("\n\n").expect("text and signatures");
    let token = fs::read(&token).expect("reads");
    authority
        .check(format!("{text}\n").as_bytes(), &token)
        .unwrap_or_else(|error| panic!("{error}\n{log}"));
    site.verify().expect("the log verifies");
}
