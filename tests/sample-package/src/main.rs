//! `sample-package FILE POLICY [FONT]`: writes a sample package and the policy to check it by.

#![forbid(unsafe_code)]

use std::path::PathBuf;

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (package, policy) = match arguments.as_slice() {
        [package, policy] | [package, policy, _] => (package, policy),
        _ => {
            eprintln!("usage: sample-package FILE POLICY [FONT]");
            std::process::exit(2);
        }
    };
    let font = arguments.get(2).map(std::fs::read).transpose();
    let sample = sample_package::Sample::new(sample_package::Options::default());
    let written = font.and_then(|font| {
        std::fs::write(policy, &sample.policy)?;
        std::fs::write(package, sample.package(font.as_deref()))
    });
    if let Err(error) = written {
        eprintln!("sample-package: {error}");
        std::process::exit(1);
    }
}
