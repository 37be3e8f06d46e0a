//! `lawgate personal`: what the officer for personal data asks a gateway for.

use anyhow::{Context as _, ensure};
use proto::v1;
use serde_json::json;
use vault::commit::Disclosure;
use vault::wrap::FileKey;

use super::call::{answer, connect_personal, request};
use super::json::to_json;
use super::purpose;
use crate::cli::{self, PersonalCommand};
use crate::output::{Ending, Format, Output, printable};

/// Runs the command.
///
/// # Errors
/// The gateway's refusal, or no connection; a disclosed value that is not what was committed to.
pub(crate) async fn personal(
    command: &PersonalCommand,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    match command {
        PersonalCommand::Find(arguments) => find(arguments, output).await,
        PersonalCommand::Hold(arguments) => hold(arguments, true, output).await,
        PersonalCommand::Release(arguments) => hold(arguments, false, output).await,
        PersonalCommand::Restrict(arguments) => restrict(arguments, output).await,
        PersonalCommand::Erase(arguments) => erase(arguments, output).await,
        PersonalCommand::Status(connection) => status(connection, output).await,
        PersonalCommand::Disclose(arguments) => disclose(arguments, output).await,
        PersonalCommand::Key(arguments) => key(arguments, output),
    }
}

async fn find(arguments: &cli::PersonalFind, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let mut service = connect_personal(&arguments.connection).await?;
    let message = v1::FindSubjectsRequest {
        value: arguments.value.clone().unwrap_or_default(),
        case_number: arguments.case.clone().unwrap_or_default(),
        purpose: purpose(&arguments.purpose),
    };
    let called = service.find_subjects(request(message)).await;
    let found = answer("personal find", called.map(|it| it.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&found, "FindSubjectsResponse"))?;
        return Ok(Ending::Done);
    }
    let titles = [
        "key 密钥",
        "pseudonym 代号",
        "cases 案号",
        "fields 字段",
        "messages 报文",
        "state 状态",
    ];
    let row = |it: &v1::Subject| {
        let states = [
            (it.is_reporter, "reporter 举报人"),
            (it.is_held, "held 保全"),
            (it.is_restricted, "restricted 限制"),
        ];
        let states = states.iter().filter(|(is_so, _)| *is_so);
        let states: Vec<&str> = states.map(|(_, word)| *word).collect();
        vec![
            it.key.clone(),
            it.pseudonym.clone(),
            it.case_numbers.join(", "),
            it.fields.to_string(),
            it.messages.to_string(),
            states.join(", "),
        ]
    };
    output.table(&titles, found.subjects.iter().map(row))?;
    output.line(&format!("{} found", found.subjects.len()))?;
    Ok(Ending::Done)
}

async fn hold(
    arguments: &cli::PersonalHold,
    is_held: bool,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let mut service = connect_personal(&arguments.connection).await?;
    let message = v1::SetLegalHoldRequest {
        case_number: arguments.case.clone(),
        is_held,
        legal_basis: arguments.basis.clone(),
    };
    let called = service.set_legal_hold(request(message)).await;
    let done = answer("personal hold", called.map(|it| it.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&done, "SetLegalHoldResponse"))?;
        return Ok(Ending::Done);
    }
    let said = match (is_held, done.has_changed) {
        (true, true) => "held; nothing may be erased of it",
        (true, false) => "was held already",
        (false, true) => "released",
        (false, false) => "was not held",
    };
    output.line(&format!(
        "{} {said} (entry {})",
        arguments.case, done.position
    ))?;
    Ok(Ending::Done)
}

async fn restrict(
    arguments: &cli::PersonalRestrict,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let mut service = connect_personal(&arguments.connection).await?;
    let message = v1::SetRestrictionRequest {
        keys: arguments.keys.clone(),
        is_restricted: !arguments.lift,
        legal_basis: arguments.basis.clone(),
    };
    let called = service.set_restriction(request(message)).await;
    let done = answer("personal restrict", called.map(|it| it.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&done, "SetRestrictionResponse"))?;
        return Ok(Ending::Done);
    }
    let said = if arguments.lift {
        "lifted"
    } else {
        "restricted"
    };
    output.line(&format!(
        "{} {said} (entry {})",
        done.changed, done.position
    ))?;
    Ok(Ending::Done)
}

async fn erase(arguments: &cli::PersonalErase, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let mut service = connect_personal(&arguments.connection).await?;
    let message = v1::EraseSubjectsRequest {
        keys: arguments.keys.clone(),
        legal_basis: arguments.basis.clone(),
    };
    let called = service.erase_subjects(request(message)).await;
    let done = answer("personal erase", called.map(|it| it.into_inner()))?;
    let ending = match done.is_erased {
        true => Ending::Done,
        false => Ending::Wrong,
    };
    if output.format == Format::Json {
        output.json(&to_json(&done, "EraseSubjectsResponse"))?;
        return Ok(ending);
    }
    let said = match done.is_erased {
        true => "erased",
        false => "to be erased: another agency has to approve",
    };
    output.line(&format!(
        "{} people, {} fields, {} messages {said} (entry {})",
        done.subjects, done.fields, done.messages, done.position
    ))?;
    Ok(ending)
}

async fn status(connection: &cli::Connection, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let mut service = connect_personal(connection).await?;
    let called = service
        .get_personal_status(request(v1::GetPersonalStatusRequest {}))
        .await;
    let found = answer("personal status", called.map(|it| it.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&found, "GetPersonalStatusResponse"))?;
        return Ok(Ending::Done);
    }
    for (name, count) in [
        ("people in cases 当事人", found.subjects),
        ("reporters 举报人", found.reporters),
        ("cases under hold 证据保全", found.holds),
        ("restricted 限制处理", found.restrictions),
        ("waiting for approval 待批准", found.waiting),
        ("damaged slots 损坏", found.damaged),
        ("approvers 批准数", found.approvers.into()),
    ] {
        output.line(&format!("{name}: {count}"))?;
    }
    Ok(Ending::Done)
}

async fn disclose(
    arguments: &cli::PersonalDisclose,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let mut service = connect_personal(&arguments.connection).await?;
    let message = v1::DiscloseRequest {
        record_id: arguments.id.clone(),
        fields: arguments.fields.clone(),
        purpose: purpose(&arguments.purpose),
    };
    let called = service.disclose(request(message)).await;
    let found = answer("personal disclose", called.map(|it| it.into_inner()))?;
    for disclosed in &found.disclosures {
        check(disclosed)?;
    }
    if output.format == Format::Json {
        output.json(&to_json(&found, "DiscloseResponse"))?;
        return Ok(Ending::Done);
    }
    let row = |it: &v1::Disclosure| {
        let value = String::from_utf8_lossy(&it.value);
        vec![it.tag.clone(), printable(&value)]
    };
    output.table(
        &["field 字段", "value 值"],
        found.disclosures.iter().map(row),
    )?;
    output.line(&format!(
        "each value is what the submission at entry {} committed to",
        found.position
    ))?;
    Ok(Ending::Done)
}

/// A value is shown only when it is what was committed to.
fn check(disclosed: &v1::Disclosure) -> anyhow::Result<()> {
    let digest = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).ok();
    let disclosure = digest(&disclosed.salt)
        .zip(digest(&disclosed.commitment))
        .map(|(salt, commitment)| Disclosure {
            tag: disclosed.tag.clone(),
            salt,
            value: disclosed.value.clone(),
            commitment,
        });
    ensure!(
        disclosure.is_some_and(|disclosure| disclosure.is_true()),
        "the value disclosed for {} is not what was committed to",
        printable(&disclosed.tag)
    );
    Ok(())
}

fn key(arguments: &cli::PersonalKey, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    FileKey::create(&arguments.file).context("no key was made")?;
    if output.format == Format::Json {
        output.json(&json!({ "file": arguments.file }))?;
    } else {
        output.line(&format!(
            "{} written; keep a copy where neither it nor the data is",
            arguments.file.display()
        ))?;
    }
    Ok(Ending::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_what_was_committed_to_is_not_shown() {
        let salt = [1; 32];
        let mut disclosed = v1::Disclosure {
            tag: "records[0].party.person_name".to_owned(),
            salt: salt.to_vec(),
            value: "张三".into(),
            commitment: vault::commit::commitment(
                "records[0].party.person_name",
                &salt,
                "张三".as_bytes(),
            )
            .to_vec(),
        };
        assert!(check(&disclosed).is_ok());
        disclosed.value = "李四".into();
        let refused = check(&disclosed).expect_err("is another value");
        assert!(refused.to_string().contains("records[0].party.person_name"));
        disclosed.salt.pop();
        assert!(check(&disclosed).is_err());
    }
}
