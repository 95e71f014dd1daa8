//! Every reason why a gate or a basis does not hold, with a stable code and a short text in two languages.

use serde::Serialize;

macro_rules! reasons {
    ($($name:ident $code:literal $ja:literal $en:literal;)*) => {
        /// Why a gate or a basis does not hold.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(into = "&'static str")]
        pub enum Reason {
            $(#[doc = $en] $name,)*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code; it never changes.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// In Japanese.
            pub fn ja(self) -> &'static str {
                match self {
                    $(Self::$name => $ja,)*
                }
            }

            /// In English.
            pub fn en(self) -> &'static str {
                match self {
                    $(Self::$name => $en,)*
                }
            }
        }
    };
}

reasons! {
    // Gates.
    NodeUnknown "node-unknown" "証明書の機関が台帳にない" "the certificate's organisation is not in the ledger";
    NodeInactive "node-inactive" "証明書の機関は現在参加していない" "the certificate's organisation does not take part at this time";
    CertificateUnbound "certificate-unbound" "証明書がこの機関に結び付いていない" "the certificate is not bound to this organisation";
    CertificateAmbiguous "certificate-ambiguous" "証明書が複数の機関に結び付いている" "the certificate is bound to more than one organisation";
    OrgMismatch "org-mismatch" "申告した機関が証明書の機関と違う" "the asserted organisation is not that of the certificate, nor is that a gateway of it";
    RequesterInactive "requester-inactive" "要求元の機関は現在参加していない" "the asking organisation does not take part at this time";
    EntityMismatch "entity-mismatch" "申告した事業者が台帳と違う" "the asserted legal entity is not that of the ledger";
    UserMissing "user-missing" "利用者が示されていない" "no user is asserted";
    UserUnknown "user-unknown" "利用者が ID 台帳にない" "the user is not in the ID ledger";
    UserEnded "user-ended" "利用者は ID 台帳で無効" "the user's entry in the ID ledger has ended or is suspended";
    AuthLevelLow "auth-level-low" "認証の強度が足りない" "the user was not recognised as surely as the operation needs";
    RoleMissing "role-missing" "職種が示されていない" "no role is asserted";
    RoleUnknown "role-unknown" "職種が権限表にない" "the role is not in the role × class matrix";
    RoleClass "role-class" "この職種はこの文書区分を見られない" "the role may not see this class";
    PurposeMissing "purpose-missing" "利用目的が示されていない" "no purpose of use is asserted";
    PurposeNotServed "purpose-not-served" "この利用目的には提供しない" "nobody is served for this purpose";
    PatientMissing "patient-missing" "患者が示されていない" "no patient is named";
    PatientMismatch "patient-mismatch" "文書の患者が要求の患者と違う" "the document is of another patient";
    RecipientMissing "recipient-missing" "送付先が示されていない" "a push names no recipient";
    RecipientUnknown "recipient-unknown" "送付先が参加機関でない" "the recipient does not take part at this time";
    AuthorUnknown "author-unknown" "文書の作成機関が台帳にない" "the author's organisation is not in the ledger";
    SenderNotAuthor "sender-not-author" "送付元が作成機関と同じ事業者でない" "the sender is not of the author's legal entity";
    ScopeOrgOnly "scope-org-only" "作成機関が自院内限りとした文書" "its author shares it within its own legal entity only";
    ScopePushOnly "scope-push-only" "名宛人だけに送られた文書" "its author shares it with the addressed recipient only";
    ForeignRecipient "foreign-recipient" "受け手が日本国内にない" "the receiver is not in Japan";
    ForeignStorage "foreign-storage" "保存場所が日本国内でない、または不明" "it is stored outside Japan, or nobody knows where";
    NoHostingContract "no-hosting-contract" "運営主体との有効な委託契約(登録)がない" "the author has no valid HOSTING contract with the operator";
    NoStorageContract "no-storage-contract" "有効な外部保存の委託契約がない" "the author has no valid EXTERNAL_STORAGE contract with who keeps the document";
    Maintenance "maint" "保守では診療情報を見られない" "maintenance never sees clinical content";
    AuthorSuspended "author-suspended" "作成機関の参加または委託契約が終わり、文書は停止中" "the author's membership or HOSTING contract has ended: its documents are suspended";
    // All bases.
    OperationNotCovered "operation-not-covered" "この根拠はこの操作に使えない" "this basis is not for this operation";
    CapacityNotSelf "capacity-not-self" "受託者の立場での要求" "the request is made as a contractor";
    RefusedNetwork "refused-network" "患者がネットワークでの共有を拒否" "the patient refuses sharing over the network";
    RefusedProvider "refused-provider" "患者がこの機関からの提供を拒否" "the patient refuses that this organisation provides";
    RefusedRequester "refused-requester" "患者がこの機関への提供を拒否" "the patient refuses that this organisation gets anything";
    RefusedPerson "refused-person" "患者がこの利用者への提供を拒否" "the patient refuses that this person gets anything";
    RefusedClass "refused-class" "患者がこの文書区分の提供を拒否" "the patient refuses this class";
    RefusedSensitivity "refused-sensitivity" "患者がこの機微情報の提供を拒否" "the patient refuses this kind of sensitive information";
    RefusedDocument "refused-document" "患者がこの文書の提供を拒否" "the patient refuses this document";
    // OWN.
    OwnOtherEntity "own-other-entity" "作成機関と同じ事業者でない" "receiver and author are not of one legal entity";
    OwnPurpose "own-purpose" "自院の利用目的でない" "the purpose is not one of an institution's own";
    OwnSensitiveRole "own-sensitive-role" "この職種は機微な文書を見られない" "the role may not see very restricted or sensitive documents";
    // ENTRUST.
    EntrustCapacity "entrust-capacity" "受託者の立場での要求でない" "the request is not made as a contractor";
    EntrustPurpose "entrust-purpose" "利用目的が受託業務でない" "the purpose is not an entrusted task";
    EntrustOtherEntruster "entrust-other-entruster" "作成機関から受託していない" "the author is not the entruster";
    ContractUnknown "contract-unknown" "委託契約がない" "there is no such contract";
    ContractKind "contract-kind" "閲覧を伴う業務の委託でない" "the contract is not of a kind that lets the contractor read";
    ConfidentialityEntrust "confidentiality-entrust" "委託契約に明示のない秘匿区分" "the contract does not name documents of this confidentiality";
    E1 "E1" "委託者・業務・目的の定めがない" "entruster, task or limit of purpose is missing";
    E2 "E2" "委託の範囲の定めがない、または範囲外" "data scope or access path is missing, or does not cover this";
    E3 "E3" "委託契約の期間外、または終了時の定めがない" "outside the term, or the end of the term is not regulated";
    E4 "E4" "保存期間、感染症・遺伝子情報の扱いの定めがない" "retention, or the handling of infectious-disease and genetic information, is missing";
    E5 "E5" "監督の定めがない" "supervision is missing";
    E6 "E6" "再委託の定めがない" "sub-contracting is not regulated";
    E7 "E7" "受託者による分析の定めがない" "analysis by the contractor is not regulated";
    E8 "E8" "安全管理、事故報告の定めがない" "safeguards or incident reports are missing";
    E9 "E9" "受託者が証明書を持つ参加機関でない、または要求元でない" "the contractor is not a member with a certificate of its own, or is not who asks";
    // JOINT.
    JointDisabled "joint-disabled" "このドメインでは共同利用を使わない" "the domain does not use joint use";
    NoAgreement "no-agreement" "共同利用の取り決めがない" "there is no joint-use agreement";
    NotEnrolled "not-enrolled" "患者の参加同意がない" "the patient is not enrolled";
    ConfidentialityJoint "confidentiality-joint" "この秘匿区分は共同利用できない" "documents of this confidentiality are not in joint use";
    J0 "J0" "共同利用する旨の記載がない" "the fact of joint use is not stated";
    J1 "J1" "共同利用する項目の定めがない、または項目にない文書" "the items in joint use are missing, or do not cover this document";
    J2 "J2" "共同利用者の範囲に両方の機関が入っていない" "not both organisations are among the joint users";
    J3 "J3" "利用目的の定めがない、または目的外" "the purpose of joint use is missing, or another";
    J4 "J4" "管理責任者の氏名・住所・代表者が欠けているか古い" "name, address or representative of the responsible person is missing or out of date";
    J5 "J5" "公表の証拠がない、または古い" "evidence of publication is missing or stale";
    J6 "J6" "取得時の目的の確認がない、または開始前の文書" "the author did not attest its purpose, or the document is older than the joint use";
    J7 "J7" "共同利用の取り決めが有効期間外または停止中" "the agreement is not in force, suspended or terminated";
    J8 "J8" "両方の機関の署名が揃っていない" "not both organisations signed this version";
    J9 "J9" "事故・脱退・機微情報の条項がない" "clauses on incidents, withdrawal or sensitive classes are missing";
    // CONSENT.
    NoConsent "no-consent" "患者の同意がない" "the patient gave no consent";
    ConsentKind "consent-kind" "この操作に使えない種類の同意" "the consent is of a kind that is not for this operation";
    ConfidentialityConsent "confidentiality-consent" "同意に明示のない秘匿区分・機微情報" "the consent does not name documents of this confidentiality or sensitivity";
    C1 "C1" "同意は撤回された" "the consent was withdrawn";
    C2 "C2" "同意の有効期間外" "the consent is not in force";
    C3 "C3" "同意の範囲外" "provider, requester, person, class or purpose is outside the consent";
    C4 "C4" "署名時に有効な説明文書でない" "the text was not in force when it was signed";
    C5 "C5" "同意の証拠がない、または一致しない" "the evidence of the consent is missing or is another";
    C6 "C6" "代理人の権限が終わっている、または不明" "the proxy's authority has ended or is not known";
    C7 "C7" "署名後に参加した機関" "the organisation became a member after it was signed";
    OnQueryNotAdopted "on-query-not-adopted" "照会時同意の共通ルールが採択されていない" "the domain has not adopted the common rule for consent on query";
    NoticeNotPosted "notice-not-posted" "提供元の院内掲示がない" "the providing institution does not post its purpose";
    VisitOver "visit-over" "同意した受診が終わった、または別の受診" "the visit that the consent was given at is over, or is another";
    PushPurpose "push-purpose" "黙示の同意は診療目的の送付に限る" "implied consent is for treatment only";
    // LAW.
    LawPurpose "law-purpose" "利用目的が法令でない" "the purpose is not a legal one";
    LawExecutor "law-executor" "執行者が作成機関でも指示を受けた運営主体でもない" "the executor is neither the author institution nor the operator under its instruction";
    LawRole "law-role" "執行者が個人情報保護責任者でない" "the executor is no privacy officer";
    NoOrder "no-order" "法令に基づく照会がない" "there is no legal order";
    OrderEnded "order-ended" "法令に基づく照会の有効期間外" "the order is not in force";
    OrderIncomplete "order-incomplete" "法令・照会元・文書番号が欠けている" "statute, issuing body or document number is missing";
    OrderApprovers "order-approvers" "承認者が二人いない" "the order lacks two distinct approvers";
    OrderScope "order-scope" "照会の範囲外の文書" "the document is outside the order";
    // EMERG.
    EmergencyPurpose "emergency-purpose" "利用目的が緊急でない" "the purpose is not emergency treatment";
    NoDeclaration "no-declaration" "緊急の申告がない" "no emergency is declared";
    SessionMissing "session-missing" "緊急時アクセスが開かれていない" "no break-glass session is open for this user and patient";
    SessionEnded "session-ended" "緊急時アクセスの時間が終わった" "the break-glass session has ended";
    B1 "B1" "緊急を申告できる職種でない" "the role may not declare an emergency";
    B2 "B2" "緊急の理由または申告が不完全" "reason or attestation of the emergency is incomplete";
    B3 "B3" "二要素認証でない" "the user did not sign in with two factors";
    B4 "B4" "警告の確認がない" "the banner was not confirmed";
    B5 "B5" "緊急時に渡す文書区分でない" "the class is not one that an emergency needs";
    B6 "B6" "緊急時アクセスの点検が期限切れ、または本人による" "the review is overdue, or was made by the user";
    B7 "B7" "患者への通知がまだ" "the patient has not been told yet";
    B8 "B8" "同意を得られない状況でない" "consent could be asked for, or the session was found to be misuse";
    EmergencyRefused "emergency-refused" "患者が緊急時も拒否している" "the patient refuses even in an emergency";
    EmergencySecondPhysician "emergency-second-physician" "緊急時拒否に対する第二の医師の確認がない" "a second physician has not confirmed against the refusal";
    EmergencySensitiveNeed "emergency-sensitive-need" "機微な文書が必要な理由がない" "the need for sensitive documents is not named";
    EmergencySecondConfirmation "emergency-second-confirmation" "機微な文書に第二の確認がない" "sensitive documents need a second confirmation";
}

impl From<Reason> for &'static str {
    fn from(reason: Reason) -> Self {
        reason.code()
    }
}
