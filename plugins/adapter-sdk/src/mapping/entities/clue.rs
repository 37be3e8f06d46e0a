//! Fields of clues, evidence, inspections and public reports.

use super::{code, entity, last};

entity!(Clue, "clue", {
    "source" => code!(ClueSource, |e| &mut e.source);
    "type" => code!(ClueType, |e| &mut e.r#type);
    "native_type" => Slot::Text(|e| &mut e.native_type);
    "subject.site" => Slot::Reference(|e| &mut e.subject.get_or_insert_default().site);
    "subject.outlet" => Slot::Reference(|e| &mut e.subject.get_or_insert_default().outlet);
    "subject.device" => Slot::Reference(|e| &mut e.subject.get_or_insert_default().device);
    "subject.vehicle" => Slot::Text(|e| &mut e.subject.get_or_insert_default().vehicle), personal;
    "subject.manifest" => Slot::Reference(|e| &mut e.subject.get_or_insert_default().manifest);
    "subject.party" => Slot::Reference(|e| &mut e.subject.get_or_insert_default().party);
    "window.from" => Slot::DateTime(|e| &mut e.window.get_or_insert_default().from);
    "window.to" => Slot::DateTime(|e| &mut e.window.get_or_insert_default().to);
    "evidence" => Slot::List(|e| e.evidence.push(Default::default()));
    "evidence.kind" => code!(EvidenceKind, |e| &mut last(&mut e.evidence).kind);
    "evidence.digest" => Slot::Digest(|e, value| last(&mut e.evidence).digest = value);
    "evidence.size" => Slot::Count(|e, value| last(&mut e.evidence).size = value);
    "evidence.media_type" => Slot::Text(|e| &mut last(&mut e.evidence).media_type);
    "evidence.captured_at" => Slot::DateTime(|e| &mut last(&mut e.evidence).captured_at), personal;
    "evidence.captured_by" => Slot::Text(|e| &mut last(&mut e.evidence).captured_by), personal;
    "evidence.purpose" => Slot::Text(|e| &mut last(&mut e.evidence).purpose);
    "evidence.file_name" => Slot::Text(|e| &mut last(&mut e.evidence).file_name);
    "confidence" => Slot::Text(|e| &mut e.confidence);
    "dispatch.to_unit" => Slot::Text(|e| &mut e.dispatch.get_or_insert_default().to_unit);
    "dispatch.at" => Slot::DateTime(|e| &mut e.dispatch.get_or_insert_default().at);
    "dispatch.due" => Slot::DateTime(|e| &mut e.dispatch.get_or_insert_default().due);
    "dispatch.feedback_at" => Slot::DateTime(|e| &mut e.dispatch.get_or_insert_default().feedback_at);
    "dispatch.result" => Slot::Text(|e| &mut e.dispatch.get_or_insert_default().result);
    "status" => code!(ClueStatus, |e| &mut e.status);
    "native_id" => Slot::Text(|e| &mut e.native_id);
    "batch_no" => Slot::Text(|e| &mut e.batch_no);
    "description" => Slot::Text(|e| &mut e.description), personal;
    "factors" => Slot::Texts(|e| &mut e.factors);
});

entity!(Evidence, "evidence", {
    "kind" => code!(EvidenceKind, |e| &mut e.kind);
    "digest" => Slot::Digest(|e, value| e.digest = value);
    "size" => Slot::Count(|e, value| e.size = value);
    "media_type" => Slot::Text(|e| &mut e.media_type);
    "captured_at" => Slot::DateTime(|e| &mut e.captured_at), personal;
    "captured_by" => Slot::Text(|e| &mut e.captured_by), personal;
    "place.text" => Slot::Text(|e| &mut e.place.get_or_insert_default().text), personal;
    "device_id" => Slot::Reference(|e| &mut e.device_id), personal;
    "purpose" => Slot::Text(|e| &mut e.purpose);
    "custody" => Slot::List(|e| e.custody.push(Default::default()));
    "custody.at" => Slot::DateTime(|e| &mut last(&mut e.custody).at), personal;
    "custody.from" => Slot::Text(|e| &mut last(&mut e.custody).from), personal;
    "custody.to" => Slot::Text(|e| &mut last(&mut e.custody).to), personal;
    "custody.signature" => Slot::Text(|e| &mut last(&mut e.custody).signature), personal;
    "contains_personal" => Slot::Flag(|e, value| e.contains_personal = Some(value));
    "review.legal" => Slot::Flag(|e, value| e.review.get_or_insert_default().legal = value);
    "review.technical" => Slot::Flag(|e, value| e.review.get_or_insert_default().technical = value);
    "review.at" => Slot::DateTime(|e| &mut e.review.get_or_insert_default().at), personal;
    "review.by" => Slot::Text(|e| &mut e.review.get_or_insert_default().by), personal;
    "file_name" => Slot::Text(|e| &mut e.file_name);
});

entity!(Inspection, "inspection", {
    "clue_ids" => Slot::References(|e| &mut e.clue_ids);
    "officers" => Slot::List(|e| e.officers.push(Default::default()));
    "officers.name" => Slot::Text(|e| &mut last(&mut e.officers).name), personal;
    "officers.card_no" => Slot::Text(|e| &mut last(&mut e.officers).card_no), personal;
    "start" => Slot::DateTime(|e| &mut e.start);
    "end" => Slot::DateTime(|e| &mut e.end);
    "party_id" => Slot::Reference(|e| &mut e.party_id);
    "site_id" => Slot::Reference(|e| &mut e.site_id);
    "findings" => Slot::Text(|e| &mut e.findings);
    "samples" => Slot::List(|e| e.samples.push(Default::default()));
    "samples.no" => Slot::Text(|e| &mut last(&mut e.samples).no);
    "samples.sealed" => Slot::Flag(|e, value| last(&mut e.samples).sealed = Some(value));
    "samples.split" => Slot::Flag(|e, value| last(&mut e.samples).split = Some(value));
    "samples.lab" => Slot::Text(|e| &mut last(&mut e.samples).lab);
    "samples.report_no" => Slot::Text(|e| &mut last(&mut e.samples).report_no);
    "video_record" => Slot::Reference(|e| &mut e.video_record), personal;
    "rectification.doc_no" => Slot::Text(|e| &mut e.rectification.get_or_insert_default().doc_no);
    "rectification.deadline" => Slot::DateTime(|e| &mut e.rectification.get_or_insert_default().deadline);
    "rectification.state" => Slot::Text(|e| &mut e.rectification.get_or_insert_default().state);
    "record_no" => Slot::Text(|e| &mut e.record_no);
});

entity!(PublicReport, "public_report", {
    "channel" => code!(ReportChannel, |e| &mut e.channel);
    "received_at" => Slot::DateTime(|e| &mut e.received_at);
    "target.name" => Slot::Text(|e| &mut e.target.get_or_insert_default().name);
    "target.address" => Slot::Text(|e| &mut e.target.get_or_insert_default().address);
    "target.party_id" => Slot::Reference(|e| &mut e.target.get_or_insert_default().party_id);
    "pollution_type" => code!(PollutionType, |e| &mut e.pollution_type);
    "text" => Slot::Text(|e| &mut e.text), personal;
    "reporter.name" => Slot::Text(|e| &mut e.reporter.get_or_insert_default().name), personal;
    "reporter.id" => Slot::Text(|e| &mut e.reporter.get_or_insert_default().id), personal;
    "reporter.phone" => Slot::Text(|e| &mut e.reporter.get_or_insert_default().phone), personal;
    "reporter.openid" => Slot::Text(|e| &mut e.reporter.get_or_insert_default().openid), personal;
    "real_name" => Slot::Flag(|e, value| e.real_name = Some(value));
    "insider" => Slot::Flag(|e, value| e.insider = Some(value)), personal;
    "status" => code!(ReportStatus, |e| &mut e.status);
    "feedback_at" => Slot::DateTime(|e| &mut e.feedback_at);
    "native_no" => Slot::Text(|e| &mut e.native_no);
});
