//! The record of a recovery: a content that the store holds from the moment on at which the new log
//! counts, so that whoever is cut off before it could tell tells the same when it is run again.

use super::super::Store;
use super::super::refs::RECOVERY;
use super::report::{LostVersion, RecoverReport, RecoveredSession, SetBack, UnreadLog};
use crate::error::{ErrorKind, Result};
use crate::id::{ContentId, ObjectId, OperationId};
use crate::json::Json;
use crate::log::Moves;
use crate::object::{FilePath, Timestamp};

/// Returns the bytes of a record.
pub(super) fn encode(report: &RecoverReport, moves: &Moves) -> Vec<u8> {
    let text = |text: &str| Json::String(text.to_owned());
    let number = |number: u64| Json::Number(number.to_string());
    let texts = |texts: &[String]| Json::Array(texts.iter().map(|one| text(one)).collect());
    let maybe = |value: Option<Json>| value.unwrap_or(Json::Null);
    let id = |id: ObjectId| Json::String(id.to_string());
    let versions = report.versions.iter().map(|version| {
        Json::object([
            ("object", id(version.object)),
            ("path", maybe(version.path.as_ref().map(|path| text(&hex(path.as_bytes()))))),
            ("number", maybe(version.number.map(number))),
            ("sessions", texts(&version.sessions)),
            ("whole", Json::Bool(version.is_whole)),
        ])
    });
    let set_back = report.set_back.iter().map(|back| {
        Json::object([("name", text(&back.name)), ("operation", maybe(back.operation.map(number)))])
    });
    let recovered = report.recovered.iter().map(|session| {
        Json::object([
            ("name", text(&session.name)),
            ("operation", maybe(session.operation.map(|operation| id(operation.id())))),
            ("session", maybe(session.session.map(|session| id(session.id())))),
        ])
    });
    let unread = report.unread.iter().map(|unread| {
        Json::object([
            ("segment", text(&unread.segment)),
            ("offset", number(unread.offset)),
            ("end", number(unread.end)),
            ("what", text(&unread.what)),
            ("sessions", texts(&unread.sessions)),
        ])
    });
    let aside = moves.aside.iter().map(|(from, to)| Json::Array(vec![text(from), text(to)]));
    let record = Json::object([
        ("recovery", number(1)),
        ("time", Json::Number(report.time.map_or(0, Timestamp::as_millis).to_string())),
        ("objects", number(report.objects)),
        ("lost", Json::Array(report.lost.iter().map(|stone| id(stone.target)).collect())),
        ("versions", Json::Array(versions.collect())),
        ("set_back", Json::Array(set_back.collect())),
        ("recovered", Json::Array(recovered.collect())),
        ("unread", Json::Array(unread.collect())),
        ("aside", Json::Array(aside.collect())),
        ("gone", texts(&moves.gone)),
    ]);
    record.to_string().into_bytes()
}

/// Returns what the newest recovery of a store told, and what it moved; none where there was none,
/// or where its record was purged.
pub(super) fn of(store: &Store) -> Result<Option<(RecoverReport, Moves)>> {
    let Some(id) = store.reference(RECOVERY)? else { return Ok(None) };
    let bytes = match store.read_content(ContentId::new(id)) {
        Ok(bytes) => bytes,
        Err(error) if [ErrorKind::Io, ErrorKind::Corrupt].contains(&error.kind()) => {
            return Err(error);
        }
        Err(_) => return Ok(None),
    };
    let Ok(record) = Json::parse(&bytes) else { return Ok(None) };
    decode(store, &record)
}

fn decode(store: &Store, record: &Json) -> Result<Option<(RecoverReport, Moves)>> {
    let list = |key: &str| record.get(key).and_then(Json::as_array).unwrap_or(&[]);
    let mut report = RecoverReport {
        objects: record.get("objects").and_then(Json::as_u64).unwrap_or(0),
        time: match record.get("time") {
            Some(Json::Number(digits)) => digits.parse().ok().map(Timestamp::from_millis),
            _ => None,
        },
        ..RecoverReport::default()
    };
    for id in list("lost").iter().filter_map(id) {
        report.lost.extend(store.tombstone(&id)?);
    }
    report.versions = list("versions")
        .iter()
        .filter_map(|row| {
            Some(LostVersion {
                object: id(row.get("object")?)?,
                path: row.get("path").and_then(Json::as_str).and_then(unhex),
                number: row.get("number").and_then(Json::as_u64),
                sessions: texts(row.get("sessions")),
                is_whole: row.get("whole").and_then(Json::as_bool)?,
            })
        })
        .collect();
    report.set_back = list("set_back")
        .iter()
        .filter_map(|row| {
            let operation = row.get("operation").and_then(Json::as_u64);
            Some(SetBack { name: text(row.get("name"))?, operation })
        })
        .collect();
    report.recovered = list("recovered")
        .iter()
        .filter_map(|row| {
            let operation = row.get("operation").and_then(id).map(OperationId::new);
            let session = row.get("session").and_then(id).map(OperationId::new);
            Some(RecoveredSession { name: text(row.get("name"))?, operation, session })
        })
        .collect();
    report.unread = list("unread")
        .iter()
        .filter_map(|row| {
            Some(UnreadLog {
                segment: text(row.get("segment"))?,
                offset: row.get("offset").and_then(Json::as_u64)?,
                end: row.get("end").and_then(Json::as_u64)?,
                what: text(row.get("what"))?,
                sessions: texts(row.get("sessions")),
            })
        })
        .collect();
    let aside: Vec<(String, String)> = list("aside")
        .iter()
        .filter_map(|pair| Some((text(pair.at(0))?, text(pair.at(1))?)))
        .collect();
    report.quarantined = aside.iter().map(|(_, to)| to.clone()).collect();
    Ok(Some((report, Moves { aside, gone: texts(record.get("gone")) })))
}

fn text(value: Option<&Json>) -> Option<String> {
    value.and_then(Json::as_str).map(str::to_owned)
}

fn texts(value: Option<&Json>) -> Vec<String> {
    let items = value.and_then(Json::as_array).unwrap_or(&[]);
    items.iter().filter_map(|item| text(Some(item))).collect()
}

fn id(value: &Json) -> Option<ObjectId> {
    value.as_str()?.parse().ok()
}

/// A path need not be UTF-8.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<FilePath> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let bytes = digits?
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | *digit as u8))
        .collect::<Vec<u8>>();
    FilePath::new(bytes).ok()
}
