//! What records say, in words.

use registry_core::records::{Item, Party, Provided, Record, Side};
use registry_store::KeptRecord;
use registry_trail::report::Language;
use xds_policy::decision::ConsentRoute;

/// Items that are named in a cell; the rest is counted.
const ITEMS_NAMED_MAX: usize = 30;

/// `H1 医療機関(E1 法人、東京都、代表者 代表 一郎)`
pub(super) fn party(party: &Party, language: Language) -> String {
    let name = if party.name.is_empty() {
        &party.organisation.0
    } else {
        &party.name
    };
    let representative = if party.representative.is_empty() {
        String::new()
    } else {
        format!(
            "{}{}",
            language.pick("代表者 ", "representative "),
            party.representative
        )
    };
    let details: Vec<&str> = [&party.entity_name, &party.address, &representative]
        .into_iter()
        .map(String::as_str)
        .filter(|detail| !detail.is_empty())
        .collect();
    if details.is_empty() {
        return name.clone();
    }
    let (open, between, close) = language.pick(("(", "、", ")"), (" (", ", ", ")"));
    format!("{name}{open}{}{close}", details.join(between))
}

/// The person: name, regional identifier, the provider's identifiers.
pub(super) fn person(kept: &KeptRecord, language: Language) -> String {
    let person = &kept.record.person;
    let name = kept.person.as_deref().unwrap_or_default();
    let sources = if person.source_patients.is_empty() {
        String::new()
    } else {
        let label = language.pick("提供元ID", "at the provider");
        format!(" [{label} {}]", person.source_patients.join(" "))
    };
    format!("{name} {}{sources}", person.patient.0).trim().to_owned()
}

pub(super) fn side(side: Side, language: Language) -> &'static str {
    match side {
        Side::Provision => language.pick("提供", "provision"),
        Side::Receipt => language.pick("受領", "receipt"),
    }
}

pub(super) fn provided(provided: Provided, language: Language) -> &'static str {
    match provided {
        Provided::LocationMetadata => language.pick("文書の所在情報", "where documents are"),
        Provided::Document => language.pick("文書", "documents"),
    }
}

/// How many items, and which.
pub(super) fn items(record: &Record, language: Language) -> String {
    let named: Vec<String> = record.items.iter().take(ITEMS_NAMED_MAX).map(item).collect();
    let rest = record.items.len().saturating_sub(named.len());
    let (count, between) = language.pick(
        (format!("{} 件: ", record.count), "、"),
        (format!("{}: ", record.count), ", "),
    );
    let more = match rest {
        0 => String::new(),
        rest => language.pick(format!("、ほか {rest} 件"), format!(", and {rest} more")),
    };
    format!("{count}{}{more}", named.join(between))
}

/// `診療情報提供書 [18842-5/11490-0]`
pub(super) fn item(item: &Item) -> String {
    let title = item
        .title
        .as_deref()
        .or(item.unique_id.as_deref())
        .unwrap_or_default();
    let codes = format!("[{}/{}]", item.class_code, item.type_code);
    format!("{title} {codes}").trim().to_owned()
}

/// The basis with what it rests on: `第三者提供(同意) consent-C2 版 1、一括・個別の同意`.
pub(super) fn basis(record: &Record, language: Language) -> String {
    let name = language.pick(record.basis.ja(), record.basis.en());
    let version = language.pick("版", "version");
    let instrument = &record.instrument;
    let consent = record.consent.as_ref().map_or_else(String::new, |consent| {
        let between = language.pick("、", ", ");
        format!("{between}{}", route(consent.model, language))
    });
    format!(
        "{name} {} {version} {}{consent}",
        instrument.id, instrument.version
    )
}

fn route(route: ConsentRoute, language: Language) -> &'static str {
    match route {
        ConsentRoute::Scoped => language.pick("本人の同意(一括・個別)", "consent of the person, by scope"),
        ConsentRoute::OnQuery => language.pick("本人の同意(照会時)", "consent of the person, at the visit"),
        ConsentRoute::ImpliedPush => language.pick(
            "本人の黙示の同意(院内掲示)",
            "implied consent, on the posted notice",
        ),
    }
}

pub(super) fn required(record: &Record, language: Language) -> &'static str {
    if record.legally_required {
        language.pick("法定", "required")
    } else {
        language.pick("法定外", "not required")
    }
}

/// The user who received it, with role and purpose.
pub(super) fn user(record: &Record, language: Language) -> String {
    let parts = [
        record.user.as_ref().map(|user| user.0.as_str()),
        record.role.as_ref().map(|role| role.0.as_str()),
        record.purpose.map(|purpose| purpose.code()),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    parts.join(language.pick("、", ", "))
}

/// How the provider acquired the data; documents of which it is told otherwise are named.
pub(super) fn acquisition(record: &Record, language: Language) -> String {
    let mut text = record.acquisition.clone().unwrap_or_default();
    for one in &record.items {
        if let Some(own) = &one.acquisition {
            text += &format!("{}{}: {own}", language.pick("。", ". "), item(one));
        }
    }
    text
}
