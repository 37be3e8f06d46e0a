//! Adapters of every language in one gateway under load: installed, activated, shadowed, rolled back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use adapter_host::Message;
use adapter_pack::{Pack, PackLimits};
use end_to_end::packet::minute_data;
use end_to_end::{Gateway, Site, root};
use grpc_api::client::Exchange;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{MN, adapter, entries, roles, site, stream};
use crate::goldens::{as_host, host};
use crate::support::run;

/// The signed packs that `cargo xtask languages` leaves, by the language in their names.
fn packs() -> BTreeMap<String, PathBuf> {
    let folder = root().join("target/languages");
    let mut found = BTreeMap::new();
    let Ok(files) = fs::read_dir(&folder) else {
        return found;
    };
    for file in files {
        let path = file.expect("reads").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        let language = name
            .strip_prefix("openaq-")
            .and_then(|rest| rest.strip_suffix(".lga"));
        if let Some(language) = language {
            found.insert(language.to_owned(), path);
        }
    }
    found
}

fn feed(language: &str) -> String {
    format!("openaq-{language}")
}

/// A site with a feed for each language, none with an adapter yet.
fn site_of<'a>(languages: impl Iterator<Item = &'a String>) -> Site {
    let site = site(1, true);
    let keys = root().join("target/languages/publisher.vkey");
    fs::copy(keys, site.folder().join("publishers.keys")).expect("copies");
    site.set("adapters", "publishers = \"publishers.keys\"")
        .expect("sets");
    let (mut names, mut feeds) = (vec!["\"hj212\"".to_owned()], String::new());
    for language in languages {
        let id = feed(language);
        names.push(format!("{id:?}"));
        feeds += &format!("\n[[feed]]\nid = {id:?}\nkind = \"openaq\"\n");
    }
    let file = site.folder().join("lawgate.toml");
    let text = fs::read_to_string(&file).expect("reads");
    let rights = format!("submit = [{}]", names.join(", "));
    let changed = text.replace("submit = [\"hj212\"]", &rights);
    assert_ne!(changed, text, "the rights are widened");
    fs::write(&file, changed + &feeds).expect("writes");
    site
}

/// How often each key was accepted, and refused.
type Answered = BTreeMap<String, (u32, u32)>;

/// A stream of submissions to a feed, until it is ended.
struct Load {
    stop: Arc<AtomicBool>,
    task: JoinSet<Answered>,
}

impl Load {
    fn begin(
        client: &Exchange,
        feed: &str,
        message: impl Fn(u32) -> Vec<u8> + Send + 'static,
    ) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let mut task = JoinSet::new();
        let client = client.clone();
        task.spawn(stream(client, feed.to_owned(), message, Arc::clone(&stop)));
        Load { stop, task }
    }

    async fn end(mut self) -> anyhow::Result<Answered> {
        self.stop.store(true, Ordering::Relaxed);
        Ok(self.task.join_next().await.expect("runs")?)
    }
}

/// Activates a pack, shadows it by a second version, puts that in force and goes back.
fn life(site: &Site, gateway: &Gateway, language: &str) {
    let feed = feed(language);
    let step = |arguments: &[&str]| adapter(site, gateway, "city-eco", arguments).expect("is done");
    let second = site.folder().join("second.json");
    fs::write(&second, r#"{"mn": "OPENAQ0002"}"#).expect("writes");
    let second = second.display().to_string();
    step(&["install", "--feed", &feed, "--configuration", &second]);
    step(&["shadow", "--feed", &feed, "--version", "2"]);
    let count = |report: &Value, name: &str| -> u64 {
        let count = report[name].as_str().unwrap_or("0");
        count.parse().expect("is a number")
    };
    let mut report = Value::Null;
    while count(&report, "compared") < 10 {
        report = step(&["shadow", "--feed", &feed]);
    }
    step(&["shadow", "--feed", &feed, "--off"]);
    assert_eq!(report["compared"], report["differing"], "{report}");
    let fields = report["fields"].as_array().expect("has fields");
    let of_mn = |field: &Value| {
        let path = field["path"].as_str().unwrap_or("");
        path.ends_with(".mn") || path.ends_with("entity_id")
    };
    assert!(!fields.is_empty() && fields.iter().any(of_mn), "{report}");
    step(&["activate", "--feed", &feed, "--version", "2"]);
    assert_eq!(roles(site, gateway, &feed)[1].1, "ADAPTER_ROLE_ACTIVE");
    step(&["rollback", "--feed", &feed]);
    assert_eq!(roles(site, gateway, &feed)[0].1, "ADAPTER_ROLE_ACTIVE");
}

#[test]
fn packs_of_every_language_are_exchanged_under_load_and_no_submission_is_lost_or_answered_twice() {
    let packs = packs();
    if packs.is_empty() {
        println!("left out: no packs in target/languages; `cargo xtask languages` makes them");
        return;
    }
    let site = site_of(packs.keys());
    let gateway = site.start().expect("starts");
    let sample = fs::read(sample()).expect("reads");
    let answered = run(async {
        let client = gateway.client("city-eco").await?;
        let mut answered: BTreeMap<String, Answered> = BTreeMap::new();
        let packet = |number: u32| minute_data(MN, number % 1000, number);
        let devices = Load::begin(&client, "hj212", packet);
        for (language, pack) in &packs {
            let feed = feed(language);
            let pack = pack.display().to_string();
            tokio::task::block_in_place(|| {
                let step = |arguments: &[&str]| {
                    adapter(&site, &gateway, "city-eco", arguments).expect("is done")
                };
                step(&["install", "--feed", &feed, &pack]);
                step(&["activate", "--feed", &feed, "--version", "1"]);
            });
            let sample = sample.clone();
            let load = Load::begin(&client, &feed, move |_| sample.clone());
            tokio::task::block_in_place(|| life(&site, &gateway, language));
            answered.insert(feed, load.end().await?);
        }
        answered.insert("hj212".to_owned(), devices.end().await?);
        Ok(answered)
    });
    gateway.stop().expect("stops");
    site.verify().expect("verifies");
    let submitted = entries(&site, "exchange.submit");
    let mut sum = 0;
    for (feed, keys) in &answered {
        assert!(keys.len() >= 10, "{feed}: {} submissions", keys.len());
        let once = keys.values().all(|counts| *counts == (1, 0));
        assert!(once, "{feed}: every submission is accepted once");
        sum += keys.len();
        println!("{feed}: {} submissions, each accepted once", keys.len());
    }
    assert_eq!(submitted.len(), sum, "one entry for each submission");
}

/// Those whose components hold no interpreter.
const COMPILED: [&str; 2] = ["c", "go"];

#[test]
fn packs_of_compiled_languages_give_the_same_bytes_in_the_second_engine_and_in_configured_sandboxes()
 {
    let cache = tempfile::tempdir().expect("folder");
    let host = host(cache.path());
    for (language, pack) in packs() {
        if !COMPILED.contains(&language.as_str()) {
            continue;
        }
        let pack = fs::read(pack).expect("reads");
        let pack = Pack::read(&pack, &PackLimits::recommended()).expect("is a pack");
        let samples: Vec<&[u8]> = pack.samples().map(|sample| sample.payload).collect();
        assert!(samples.len() >= 3, "{language}: {} samples", samples.len());
        let (component, configuration) = (pack.component(), pack.configuration());
        let installed = host.install(component, configuration).expect("installs");
        let messages: Vec<Message<'_>> = samples
            .iter()
            .map(|&payload| Message {
                payload,
                attributes: &[],
            })
            .collect();
        let expected = installed.convert(&messages).expect("converts");
        installed
            .preinitialize(component)
            .expect("its state can be taken");
        for _ in 0..3 {
            let configured = installed.convert(&messages).expect("converts");
            assert_eq!(configured, expected, "{language}");
        }
        let loaded = adapter_interpreter::Component::load(component).expect("loads");
        let messages: Vec<_> = samples
            .iter()
            .map(|&payload| adapter_interpreter::Message {
                payload,
                attributes: &[],
            })
            .collect();
        let outcomes = loaded.convert(configuration, &messages).expect("converts");
        let outcomes: Vec<_> = outcomes.into_iter().map(as_host).collect();
        assert_eq!(outcomes, expected, "{language}");
    }
}

fn sample() -> PathBuf {
    let examples: &Path = &root().join("plugins/examples/openaq");
    examples.join("samples/hours.json")
}
