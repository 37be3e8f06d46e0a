//! The files of each template, as they lie in the repository.

use crate::language::Language;

/// A file's path in a project, and its bytes.
pub(super) type File = (&'static str, &'static [u8]);

/// Files at `$base`, below the repository's `plugins`, each with its path in a project.
macro_rules! files {
    ($($name:literal = $path:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../", $path)))),+]
    };
}

/// In every project.
const COMMON: &[File] = files![
    ".gitignore" = "template/common/gitignore",
    "LICENSE" = "template/common/LICENSE",
];

/// In every project but Rust's: the invented format in JSON, its samples and results, and the contract.
const JSON: &[File] = files![
    "README.md" = "template/json/README.md",
    "adapter.toml" = "template/json/adapter.toml",
    "configuration.json" = "template/json/configuration.json",
    "samples/half-written.json" = "template/json/samples/half-written.json",
    "samples/hour.json" = "template/json/samples/hour.json",
    "samples/no-values.json" = "template/json/samples/no-values.json",
    "samples/odd-values.json" = "template/json/samples/odd-values.json",
    "golden/half-written.json.json" = "template/json/golden/half-written.json.json",
    "golden/hour.json.json" = "template/json/golden/hour.json.json",
    "golden/no-values.json.json" = "template/json/golden/no-values.json.json",
    "golden/odd-values.json.json" = "template/json/golden/odd-values.json.json",
    "wit/adapter.wit" = "wit/adapter.wit",
];

const RUST: &[File] = files![
    "Cargo.toml" = "template/lines/Cargo.toml",
    "README.md" = "template/lines/README.md",
    "adapter.toml" = "template/lines/adapter.toml",
    "configuration.json" = "template/lines/configuration.json",
    "src/configuration.rs" = "template/lines/src/configuration.rs",
    "src/lib.rs" = "template/lines/src/lib.rs",
    "src/lines.rs" = "template/lines/src/lines.rs",
    "src/tests.rs" = "template/lines/src/tests.rs",
    "samples/hour-gbk.txt" = "template/lines/samples/hour-gbk.txt",
    "samples/no-values.txt" = "template/lines/samples/no-values.txt",
    "samples/odd-lines.txt" = "template/lines/samples/odd-lines.txt",
    "golden/hour-gbk.txt.json" = "template/lines/golden/hour-gbk.txt.json",
    "golden/no-values.txt.json" = "template/lines/golden/no-values.txt.json",
    "golden/odd-lines.txt.json" = "template/lines/golden/odd-lines.txt.json",
];

const JAVASCRIPT: &[File] = files![
    "package.json" = "template/js/package.json",
    "package-lock.json" = "template/js/package-lock.json",
    "src/adapter.js" = "template/js/src/adapter.js",
    "sdk/json.js" = "sdks/js/json.js",
    "sdk/lawgate.js" = "sdks/js/lawgate.js",
    "sdk/schema.d.ts" = "sdks/js/schema.d.ts",
    "sdk/schema.js" = "sdks/js/schema.js",
    "sdk/values.js" = "sdks/js/values.js",
];

const PYTHON: &[File] = files![
    "requirements.txt" = "template/python/requirements.txt",
    "src/adapter.py" = "template/python/src/adapter.py",
    "sdk/lawgate/__init__.py" = "sdks/python/lawgate/__init__.py",
    "sdk/lawgate/encode.py" = "sdks/python/lawgate/encode.py",
    "sdk/lawgate/json.py" = "sdks/python/lawgate/json.py",
    "sdk/lawgate/schema.py" = "sdks/python/lawgate/schema.py",
    "sdk/lawgate/values.py" = "sdks/python/lawgate/values.py",
];

const C: &[File] = files![
    "requirements.txt" = "template/c/requirements.txt",
    "src/adapter.c" = "template/c/src/adapter.c",
    "sdk/adapter.c" = "sdks/c/adapter.c",
    "sdk/adapter.h" = "sdks/c/adapter.h",
    "sdk/adapter_component_type.o" = "sdks/c/adapter_component_type.o",
    "sdk/lawgate.c" = "sdks/c/lawgate.c",
    "sdk/lawgate.h" = "sdks/c/lawgate.h",
    "sdk/lawgate_json.c" = "sdks/c/lawgate_json.c",
    "sdk/lawgate_json.h" = "sdks/c/lawgate_json.h",
    "sdk/lawgate_schema.h" = "sdks/c/lawgate_schema.h",
    "sdk/lawgate_values.c" = "sdks/c/lawgate_values.c",
    "sdk/lawgate_values.h" = "sdks/c/lawgate_values.h",
    "sdk/lawgate_writer.c" = "sdks/c/lawgate_writer.c",
    "sdk/lawgate_writer.h" = "sdks/c/lawgate_writer.h",
];

const GO: &[File] = files![
    "go.mod" = "template/go/go.mod",
    "src/adapter.go" = "template/go/src/adapter.go",
    "sdk/adapter.go" = "sdks/go/adapter.go",
    "sdk/exports.go" = "sdks/go/exports.go",
    "sdk/findings.go" = "sdks/go/findings.go",
    "sdk/go.mod" = "sdks/go/go.mod",
    "sdk/json.go" = "sdks/go/json.go",
    "sdk/log.go" = "sdks/go/log.go",
    "sdk/nohost.go" = "sdks/go/nohost.go",
    "sdk/schema.go" = "sdks/go/schema.go",
    "sdk/times.go" = "sdks/go/times.go",
    "sdk/values.go" = "sdks/go/values.go",
    "sdk/wire.go" = "sdks/go/wire.go",
];

/// The files of a project in this language.
pub(super) fn of(language: Language) -> Vec<File> {
    let own: &[&[File]] = match language {
        Language::Rust => &[RUST],
        Language::JavaScript => &[JSON, JAVASCRIPT],
        Language::Python => &[JSON, PYTHON],
        Language::C => &[JSON, C],
        Language::Go => &[JSON, GO],
    };
    COMMON
        .iter()
        .chain(own.iter().copied().flatten())
        .copied()
        .collect()
}
