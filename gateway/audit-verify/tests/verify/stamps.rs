//! Time stamps, by an authority that OpenSSL plays: without OpenSSL these tests say so and end.

use std::{ffi::OsString, fs, path::Path, process::Command};

use audit_proof::{
    note::Note,
    suite::Suite,
    timestamp::{Imprint, ImprintAlgorithm},
};

use crate::world::{
    TestLog, World, drafts,
    run::{Run, verify},
};

/// What is stamped of a checkpoint.
fn imprint(note: &Note) -> Imprint {
    Imprint {
        algorithm: ImprintAlgorithm::Sha256,
        digest: Suite::Sha256.hash(note.text().as_bytes()),
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {said}");
}

/// Makes an authority in the folder `tsa`; `false` when there is no OpenSSL.
fn authority(world: &World) -> bool {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("openssl is missing: nothing is tested");
        return false;
    }
    let config = "[req]\ndistinguished_name=dn\n[dn]\n\
         [ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n\
         [ts]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
         extendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\n\
         [tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\n\
         default_policy=1.2.3\ndigests=sha256\naccuracy=secs:1\ness_cert_id_alg=sha256\n";
    let config = world.file("tsa/cnf", config);
    world.file("tsa/serial", "01\n");
    let folder = config.parent().unwrap();
    for name in ["root", "tsa"] {
        openssl(
            folder,
            &format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key"),
        );
    }
    openssl(
        folder,
        "req -x509 -new -config cnf -extensions ca -days 3650 -subj /CN=Root -key root.key -out root.pem",
    );
    openssl(
        folder,
        "req -new -config cnf -subj /CN=Authority -key tsa.key -out request.pem",
    );
    openssl(
        folder,
        "x509 -req -in request.pem -CA root.pem -CAkey root.key -CAcreateserial -days 3650 -extfile cnf -extensions ts \
         -out tsa.pem",
    );
    true
}

/// Stamps the checkpoint of `size` entries; returns the paths of note and answer.
fn stamp(world: &World, log: &TestLog, size: u64) -> (OsString, OsString) {
    let note = world.checkpoint(log, size, 3);
    let note_path = world.file(&format!("stamped/{size}"), note.to_string());
    let request = audit_proof::timestamp::request(&imprint(&note), 7);
    let folder = world.path("tsa");
    fs::write(folder.join("request.tsq"), request).unwrap();
    let answer = world.path(&format!("stamped/{size}.tsr"));
    openssl(
        &folder,
        &format!(
            "ts -reply -config cnf -section t -queryfile request.tsq -out {}",
            answer.display()
        ),
    );
    (note_path.into(), answer.into())
}

fn run(world: &World, log: &TestLog, stamped: &[(OsString, OsString)], more: &[&str]) -> Run {
    let mut arguments: Vec<OsString> = vec!["log".into(), log.folder.clone().into()];
    arguments.extend(["--policy".into(), world.policy().into()]);
    arguments.extend(["--tsa-roots".into(), world.path("tsa/root.pem").into()]);
    for (note, answer) in stamped {
        arguments.extend(["--checkpoint".into(), note.clone()]);
        arguments.extend([
            "--token".into(),
            answer.clone(),
            "--for".into(),
            note.clone(),
        ]);
    }
    arguments.extend(more.iter().map(OsString::from));
    verify(&arguments)
}

#[test]
fn what_is_stamped_and_cosigned_is_anchored_and_a_clock_set_back_is_found() {
    let world = World::new();
    if !authority(&world) {
        return;
    }
    let log = world.log_of("log", drafts(300));
    let stamped = [stamp(&world, &log, 200)];
    let found = run(&world, &log, &stamped, &[]);
    found.passes(&[("anchored", 0, 200), ("unanchored", 200, 300)]);
    assert_eq!(found.verdict["checked"]["time_stamps"], 1);
    // The entries behind it claim a time long before the stamp.
    run(&world, &log, &stamped, &["--stamp-delay", "60"]).fails(200, "time-before");
    // A stamp made today over an old checkpoint does not make the log new: the witnesses have not seen it since.
    let fresh = ["--max-age", "86400", "--now", "1790090000"];
    run(&world, &log, &stamped, &fresh).fails(300, "stale");
    let (note, answer) = &stamped[0];
    let lone = run(&world, &log, &[], &["--checkpoint", note.to_str().unwrap()]);
    lone.is_not_checkable("time stamps were asked for");
    fs::write(note, world.checkpoint(&log, 199, 3).to_string()).unwrap();
    run(&world, &log, &[(note.clone(), answer.clone())], &[]).fails(None, "time-stamp");
}

#[test]
fn an_entry_that_claims_a_time_after_its_stamp_is_found() {
    let world = World::new();
    if !authority(&world) {
        return;
    }
    let log = world.log_from("log", drafts(20), 4_000_000_000);
    let stamped = [stamp(&world, &log, 20)];
    run(&world, &log, &stamped, &[]).fails(19, "time-after");
}

#[test]
fn stamps_beside_kept_checkpoints_are_found_in_a_mirror() {
    let world = World::new();
    if !authority(&world) {
        return;
    }
    let log = world.log_of("log", drafts(30));
    let folder = world.path("mirror");
    world.publish(&log.entries, 30, &folder);
    let (note, answer) = stamp(&world, &log, 30);
    fs::create_dir_all(folder.join("tokens")).unwrap();
    fs::copy(answer, folder.join("tokens/30.tsr")).unwrap();
    fs::copy(note, folder.join("checkpoints/30")).unwrap();
    let arguments: Vec<OsString> = vec![
        "mirror".into(),
        folder.into(),
        "--policy".into(),
        world.policy().into(),
        "--tsa-roots".into(),
        world.path("tsa/root.pem").into(),
    ];
    let found = verify(&arguments);
    found.passes(&[("anchored", 0, 30)]);
    assert_eq!(found.verdict["checked"]["time_stamps"], 1);
    let anchors = found.verdict["vouched_for_by"].to_string();
    assert!(
        anchors.contains("CN=Authority") && anchors.contains("police"),
        "{anchors}"
    );
    fs::remove_file(world.path("mirror/checkpoints/30")).unwrap();
    verify(&arguments).is_not_checkable("is not there");
}
