//! Checks of parties.

use proto::v1::{Party, PartyKind};

use super::walk::{Path, Privacy, Walk};

/// Longest name, in characters.
const MAX_NAME: usize = 200;

/// A party.
pub(super) fn party(walk: &mut Walk, party: &Party) {
    let root = Path::root("party");
    walk.choice(&root.at("kind"), party.kind() != PartyKind::Unspecified);
    if party.kind() == PartyKind::NaturalPerson {
        walk.words(
            &root.at("person_name"),
            &party.person_name,
            Privacy::Personal,
        );
        if !party.name.is_empty() {
            // A person's name in the open field would be shown to everybody.
            walk.report("schema.personal-in-open-field", &root.at("name"), "");
        }
    } else {
        organisation(walk, &root, party);
    }
    walk.legible(
        &root.at("legal_rep_name"),
        &party.legal_rep_name,
        Privacy::Personal,
    );
    walk.resident_id(&root.at("legal_rep_id"), &party.legal_rep_id);
    if let Some(person) = &party.person_in_charge {
        let path = root.at("person_in_charge");
        walk.legible(&path.at("name"), &person.name, Privacy::Personal);
        walk.resident_id(&path.at("id"), &person.id);
    }
    walk.division(&root.at("division"), &party.division);
    walk.legible(&root.at("address"), &party.address, Privacy::Open);
    let industry = &party.industry;
    if !industry.is_empty()
        && (industry.len() != 4 || !industry.bytes().all(|byte| byte.is_ascii_digit()))
    {
        walk.report("schema.range", &root.at("industry"), industry);
    }
    walk.some(&root.at("is_key_unit"), party.is_key_unit.as_ref());
}

fn organisation(walk: &mut Walk, root: &Path<'_>, party: &Party) {
    let name = root.at("name");
    walk.words(&name, &party.name, Privacy::Open);
    if party.name.chars().nth(MAX_NAME).is_some() {
        walk.report("schema.range", &name, &party.name);
    }
    let code = root.at("credit_code");
    walk.text(&code, &party.credit_code);
    walk.credit_code(&code, &party.credit_code);
}
