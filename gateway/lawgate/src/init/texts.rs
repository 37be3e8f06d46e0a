//! Texts of the files `lawgate init` writes.
//!
//! Only what differs from the defaults is written, so that the file stays short
//! and the reference stays the one place for defaults.

use std::path::Path;

use super::pki::{SIGNER, uri};
use crate::attest::keys;
use crate::config::Address;

/// Domain of every name in the example.
pub(crate) const DOMAIN: &str = "lawgate.example";

/// Name of the example's log.
pub(crate) const ORIGIN: &str = "lawgate.example/development";

/// The auditor of the example.
pub(crate) const AUDITOR: &str = "audit-01";

/// Who may change the adapters of the example.
pub(crate) const ADMINISTRATOR: &str = "admin";

/// The officers for personal data of the example: an erasure takes both.
pub(crate) const OFFICERS: [&str; 2] = ["officer-01", "officer-02"];

/// One agency of the example.
struct Example {
    id: &'static str,
    name: &'static str,
    submit: &'static [&'static str],
    read: &'static [&'static str],
    personal: &'static [&'static str],
    why: &'static str,
}

const EXAMPLES: [Example; 4] = [
    Example {
        id: "region",
        name: "自治区生态环境厅",
        submit: &["region-clue"],
        read: &["region-clue", "hj212"],
        personal: &["P"],
        why: "Pushes clues and follows them in the monitoring records.",
    },
    Example {
        id: "police",
        name: "市公安局",
        submit: &["police-case"],
        read: &["region-clue", "police-case", "justice-review", "hj212"],
        personal: &["P", "S", "J"],
        why: "Handles transferred cases; sees what criminal procedure needs.",
    },
    Example {
        id: "justice",
        name: "市司法局",
        submit: &["justice-review"],
        read: &["justice-review", "police-case"],
        personal: &["P"],
        why: "Reviews decisions (法制审核); sees the cases, not the tracks and id numbers in them.",
    },
    Example {
        id: "city-eco",
        name: "市生态环境局",
        submit: &["hj212"],
        read: &["*"],
        personal: &["P"],
        why: "Runs the monitoring network and leads the joint work.",
    },
];

const FEEDS: [&str; 4] = ["region-clue", "police-case", "justice-review", "hj212"];

/// The gateway's configuration; `party_key` is the public key of [`SIGNER`], `quorum` how many of how many witnesses
/// have to cosign.
pub(crate) fn gateway(
    address: &Address,
    adapters: &Path,
    party_key: &str,
    quorum: Option<(usize, usize)>,
) -> String {
    let mut text = format!(
        "\
# A gateway to try on one machine. Every key: `lawgate config reference`.

[gateway]
data_dir = \"data\"
origin = \"{ORIGIN}\"
name = \"development\"

[listen]
address = {address}
certificate = \"pki/server.pem\"
key = \"pki/server.key\"
client_ca = \"pki/ca.pem\"

# Personal data is sealed under these keys; keep them where the data is not.
[vault]
key = \"pki/vault.key\"
reporter_key = \"pki/vault-reporter.key\"
",
        address = quoted(&address.to_string()),
    );
    if let Some((quorum, count)) = quorum {
        text.push_str(&format!(
            "\n# {quorum} of {count} witnesses (见证) have to cosign; until they do, a checkpoint is provisional.\n\
             [audit.witness]\npolicy = \"{}/{}\"\n",
            keys::FOLDER,
            keys::POLICY_FILE,
        ));
    }
    for example in &EXAMPLES {
        text.push_str(&agency(example));
        if example.id == SIGNER {
            text.push_str(&format!(
                "# It may sign what it submits; `must_sign = true` would make it.\nparty_keys = [{}]\n",
                quoted(party_key)
            ));
        }
    }
    text.push_str(&format!(
        "\n# Searches the log and follows cases (法制审核); submits nothing.\n[[staff]]\nid = \"{AUDITOR}\"\nname = \"法制审核员（示例）\"\nrole = \"auditor\"\ncertificates = [\"{}\"]\nread = [\"*\"]\npersonal = [\"P\"]\n",
        uri(AUDITOR)
    ));
    text.push_str(&registry());
    for (officer, number) in OFFICERS.iter().zip(["一", "二"]) {
        text.push_str(&format!(
            "\n# Finds, holds, restricts, erases and discloses personal data (个人信息保护负责人); reads nothing besides.\n[[staff]]\nid = \"{officer}\"\nname = \"个人信息保护负责人{number}（示例）\"\nrole = \"officer\"\ncertificates = [\"{}\"]\nread = [\"*\"]\npersonal = [\"P\", \"S\", \"J\", \"R\"]\n",
            uri(officer)
        ));
    }
    for feed in FEEDS {
        let folder = adapters.join(feed);
        text.push_str(&format!(
            "\n[[feed]]\nid = \"{feed}\"\nkind = \"{feed}\"\nadapter = {}\n",
            quoted(&folder.to_string_lossy())
        ));
    }
    text
}

/// The administrator of the adapters, and what is needed to begin a feed without a file.
fn registry() -> String {
    format!(
        "
# Changes adapters and works on the quarantine; submits nothing and reads no records.
[[agency]]
id = \"{ADMINISTRATOR}\"
name = \"适配器管理员（示例）\"
kind = \"city-eco\"
certificates = [\"{}\"]
submit = []
read = []

[adapters]
administrators = [\"{ADMINISTRATOR}\"]
# Keys of those whose packages are taken: the lines of their `.vkey` files.
# publishers = \"publishers.keys\"

# A feed that begins without an adapter: it refuses submissions until `lawgate adapter install` and `activate` gave it
# one. Whoever submits to it names it in `submit` of its [[agency]].
# [[feed]]
# id = \"noise-monitor\"
# kind = \"noise-monitor\"
",
        uri(ADMINISTRATOR)
    )
}

fn agency(example: &Example) -> String {
    format!(
        "\n# {}\n[[agency]]\nid = \"{id}\"\nname = \"{}\"\nkind = \"{id}\"\ncertificates = [\"{}\"]\nsubmit = {}\nread = {}\npersonal = {}\n",
        example.why,
        example.name,
        uri(example.id),
        list(example.submit),
        list(example.read),
        list(example.personal),
        id = example.id,
    )
}

/// A client's configuration.
pub(crate) fn client(agency: &str, address: &Address) -> String {
    // A gateway that listens on every address is reached on this machine by its name.
    let is_every = address
        .host
        .parse::<std::net::IpAddr>()
        .is_ok_and(|ip| ip.is_unspecified());
    let host = if is_every {
        "localhost".to_owned()
    } else {
        address.host.clone()
    };
    let address = Address {
        host,
        port: address.port,
    };
    let note = if agency == "outsider" {
        "# Signed by the authority and in no policy: every call is refused, and the refusal is in the audit log.\n"
    } else {
        ""
    };
    format!(
        "{note}address = {}\nca = \"../pki/ca.pem\"\ncertificate = \"../pki/{agency}.pem\"\nkey = \"../pki/{agency}.key\"\nagency = \"{agency}\"\n",
        quoted(&address.to_string())
    )
}

fn list(items: &[&str]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(", "))
}

/// A TOML string; paths may hold anything.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
