//! Words of the law and of the ledger for people.

use xds_policy::instruments::consent::ConsentModel;
use xds_policy::instruments::contract::ContractKind;
use xds_policy::instruments::organisation::OrganisationKind;
use xds_policy::words::Purpose;

use crate::Language;

pub(crate) fn organisation_kind(kind: OrganisationKind, language: Language) -> &'static str {
    let (ja, en) = match kind {
        OrganisationKind::Hospital => ("病院", "hospital"),
        OrganisationKind::Clinic => ("診療所", "clinic"),
        OrganisationKind::DentalClinic => ("歯科診療所", "dental clinic"),
        OrganisationKind::Pharmacy => ("薬局", "pharmacy"),
        OrganisationKind::VisitingNursing => ("訪問看護ステーション", "visiting nursing"),
        OrganisationKind::Care => ("介護事業所", "care provider"),
        OrganisationKind::ReadingCentre => ("読影センター", "reading centre"),
        OrganisationKind::Laboratory => ("検査センター", "laboratory"),
        OrganisationKind::Operator => ("運営主体", "operator"),
        OrganisationKind::Municipality => ("自治体", "municipality"),
        OrganisationKind::Other => ("その他", "other"),
    };
    language.pick(ja, en)
}

pub(crate) fn purpose(purpose: Purpose, language: Language) -> &'static str {
    let (ja, en) = match purpose {
        Purpose::Treatment => ("診療", "treatment"),
        Purpose::Emergency => ("救急の診療", "emergency treatment"),
        Purpose::EntrustedTask => ("委託された業務", "an entrusted task"),
        Purpose::Maintenance => ("システムの保守", "maintenance"),
        Purpose::Legal => ("法令に基づく対応", "legal demands"),
        Purpose::PatientRequest => ("ご本人の依頼", "the person's request"),
        Purpose::Research => ("研究", "research"),
        Purpose::Other => ("その他", "other"),
    };
    language.pick(ja, en)
}

pub(crate) fn contract_kind(kind: ContractKind, language: Language) -> &'static str {
    let (ja, en) = match kind {
        ContractKind::Hosting => ("所在情報の保管 (HOSTING)", "keeping locations (HOSTING)"),
        ContractKind::ExternalStorage => (
            "文書の外部保存 (EXTERNAL_STORAGE)",
            "keeping documents (EXTERNAL_STORAGE)",
        ),
        ContractKind::Task => ("診療業務の委託 (TASK)", "a clinical task (TASK)"),
        ContractKind::Maintenance => ("システムの保守 (MAINTENANCE)", "maintenance (MAINTENANCE)"),
    };
    language.pick(ja, en)
}

pub(crate) fn consent_model(model: ConsentModel, language: Language) -> &'static str {
    let (ja, en) = match model {
        ConsentModel::Scoped => ("第三者提供への同意 (SCOPED)", "consent to provision (SCOPED)"),
        ConsentModel::OnQuery => ("照会時の同意 (ON_QUERY)", "consent at a visit (ON_QUERY)"),
        ConsentModel::Enrolment => ("参加の同意 (ENROLMENT)", "enrolment (ENROLMENT)"),
    };
    language.pick(ja, en)
}
