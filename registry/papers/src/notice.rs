//! The notice of joint use 共同利用のお知らせ (Act on the Protection of Personal Information, Article 27(5)(3)).

use time::OffsetDateTime;
use xds_policy::finding;
use xds_policy::instruments::agreement::{JointUseAgreement, Responsible};
use xds_policy::reasons::Reason;
use xds_policy::version::Version;

use crate::legal::{organisation_kind, purpose};
use crate::local::{date, term};
use crate::material::Material;
use crate::paper::{Block, Gaps, Paper, Weight, undecided};
use crate::{Language, Missing};

/// The notice of an agreement as of an instant. `contact` is how the responsible person is reached, in words: a telephone
/// number and when somebody answers.
///
/// What the text must say (J0 to J4, J9) and does not is on top and makes the paper incomplete; what has to happen before
/// the joint use may begin (J5 to J8: publication, signatures) is a note for the office, since the notice comes first.
pub fn notice(
    material: &Material,
    agreement: &Version<JointUseAgreement>,
    contact: Option<&str>,
    at: OffsetDateTime,
    language: Language,
) -> Paper {
    // What begins later is judged as of its beginning.
    let at = at.max(agreement.known_from());
    let notice = Notice {
        material,
        agreement,
        contact,
        at,
        language,
    };
    notice.paper()
}

struct Notice<'a> {
    material: &'a Material,
    agreement: &'a Version<JointUseAgreement>,
    contact: Option<&'a str>,
    at: OffsetDateTime,
    language: Language,
}

impl Notice<'_> {
    fn paper(&self) -> Paper {
        let mut blocks = Vec::new();
        self.fact(&mut blocks);
        self.items(&mut blocks);
        self.users(&mut blocks);
        self.purpose(&mut blocks);
        self.responsible(&mut blocks);
        self.time(&mut blocks);
        self.refusing(&mut blocks);
        self.complaints(&mut blocks);
        let reference = self.agreement.reference();
        let say = |ja, en| self.language.say(ja, en);
        Paper {
            language: self.language,
            title: say("共同利用のお知らせ", "Notice of joint use of personal data"),
            missing: self.missing(),
            blocks,
            made_from: vec![
                (
                    say("もとになった取り決め", "Made from"),
                    self.language.pick(
                        format!(
                            "{} {} 版 {}",
                            self.agreement.terms.title, reference.id, reference.version
                        ),
                        format!(
                            "{} {} version {}",
                            self.agreement.terms.title, reference.id, reference.version
                        ),
                    ),
                ),
                (
                    say("取り決めの SHA-256", "Its SHA-256"),
                    reference.hash.to_string(),
                ),
                (say("内容の時点", "As of"), date(self.at, self.language)),
            ],
        }
    }

    fn missing(&self) -> Vec<Missing> {
        let mut gaps = Gaps::new(self.language);
        for found in finding::of_agreement(&self.material.ledger, self.agreement, self.at) {
            let weight = match found.reason {
                Reason::J5 | Reason::J6 | Reason::J7 | Reason::J8 => Weight::Later,
                _ => Weight::Text,
            };
            gaps.finding(&found, None, weight);
        }
        gaps.sorted()
    }

    fn heading(&self, blocks: &mut Vec<Block>, ja: &str, en: &str) {
        blocks.push(Block::Heading(self.language.say(ja, en)));
    }

    fn text(&self, blocks: &mut Vec<Block>, ja: &str, en: &str) {
        blocks.push(Block::Text(self.language.say(ja, en)));
    }

    /// Words of the agreement, or that they are missing.
    fn words(&self, words: &str) -> String {
        if words.trim().is_empty() {
            undecided(self.language)
        } else {
            words.trim().to_owned()
        }
    }

    fn fact(&self, blocks: &mut Vec<Block>) {
        self.text(
            blocks,
            "個人情報の保護に関する法律第 27 条第 5 項第 3 号に基づき、診療情報などの個人データの共同利用について、次のとおりお知らせします。",
            "Under Article 27(5)(3) of the Act on the Protection of Personal Information you are told of the joint use of \
             personal data, such as medical records.",
        );
        self.heading(blocks, "共同利用する旨", "That data are used jointly");
        blocks.push(Block::Text(self.words(&self.agreement.terms.statement)));
    }

    fn items(&self, blocks: &mut Vec<Block>) {
        let terms = &self.agreement.terms;
        self.heading(
            blocks,
            "共同して利用される個人データの項目",
            "What is used jointly",
        );
        let rows: Vec<Vec<String>> = terms
            .items
            .iter()
            .map(|item| {
                let types = item.types.iter().map(ToString::to_string);
                vec![
                    self.material.names.of(&item.class),
                    if item.types.is_empty() {
                        self.language.say("すべて", "all")
                    } else {
                        self.language.list(types)
                    },
                    if item.restricted {
                        self.language
                            .say("通常のもの、閲覧を制限したもの", "normal and restricted ones")
                    } else {
                        self.language.say("通常のもの", "normal ones")
                    },
                ]
            })
            .collect();
        if rows.is_empty() {
            blocks.push(Block::Text(undecided(self.language)));
        } else {
            let columns = self.language.pick(
                ["文書の種類", "そのうち", "閲覧の制限"],
                ["Class of documents", "Of which", "Confidentiality"],
            );
            blocks.push(Block::Table {
                columns: columns.map(str::to_owned).to_vec(),
                rows,
            });
        }
        let metadata = self.language.list(terms.metadata_items.iter().cloned());
        let metadata = self.words(&metadata);
        blocks.push(Block::Text(self.language.pick(
            format!("これらの文書に付いた次の事項も共同利用します: {metadata}"),
            format!("So are these items about the documents: {metadata}"),
        )));
        self.sensitive(blocks);
    }

    fn sensitive(&self, blocks: &mut Vec<Block>) {
        let named = &self.material.ledger.policy(self.at).sensitivities;
        let named = self.language.list(named.values().cloned());
        blocks.push(Block::Text(self.language.pick(
            format!("特に慎重な取扱いを要する情報({named} など)は、共同利用しません。"),
            format!("Information that needs special care ({named} and the like) is not used jointly."),
        )));
        blocks.push(Block::Text(
            self.words(&self.agreement.terms.clauses.sensitive_classes),
        ));
    }

    fn users(&self, blocks: &mut Vec<Block>) {
        self.heading(blocks, "共同して利用する者の範囲", "Who uses it");
        let rows: Vec<Vec<String>> = self
            .agreement
            .terms
            .users
            .iter()
            .map(|user| self.user(&user.organisation))
            .collect();
        if rows.is_empty() {
            blocks.push(Block::Text(undecided(self.language)));
            return;
        }
        let columns = self.language.pick(
            ["機関", "種別", "開設者・事業者"],
            ["Organisation", "Kind", "Legal entity"],
        );
        blocks.push(Block::Table {
            columns: columns.map(str::to_owned).to_vec(),
            rows,
        });
        self.text(
            blocks,
            "この表にある機関だけが利用します。機関を加えるときは、新しい取り決めを結び、改めてお知らせします。",
            "Nobody else uses it. Before an organisation is added there is a new agreement, and a new notice.",
        );
    }

    fn user(&self, id: &xds_model::principal::OrganisationId) -> Vec<String> {
        let (name, kind, entity) = match self.material.ledger.organisation(id, self.at) {
            Some(known) => (
                known.terms.name.clone(),
                organisation_kind(known.terms.kind, self.language).to_owned(),
                self.material.entity_name(&known.terms.entity, self.at),
            ),
            None => (id.to_string(), String::new(), String::new()),
        };
        vec![self.words(&name), self.words(&kind), self.words(&entity)]
    }

    fn purpose(&self, blocks: &mut Vec<Block>) {
        let terms = &self.agreement.terms;
        self.heading(blocks, "利用する者の利用目的", "What for");
        blocks.push(Block::Text(self.words(&terms.purpose_text)));
        let purposes = terms
            .purposes
            .iter()
            .map(|code| purpose(*code, self.language).to_owned());
        let purposes = self.words(&self.language.list(purposes));
        blocks.push(Block::Text(self.language.pick(
            format!("閲覧のたびに目的を記録し、次の目的以外では開きません: {purposes}"),
            format!("The purpose of each access is recorded; there is none but for: {purposes}"),
        )));
    }

    fn responsible(&self, blocks: &mut Vec<Block>) {
        self.heading(
            blocks,
            "個人データの管理について責任を有する者",
            "Who is responsible for the management of the data",
        );
        blocks.push(Block::Facts(
            self.responsible_facts(&self.agreement.terms.responsible),
        ));
    }

    fn responsible_facts(&self, responsible: &Responsible) -> Vec<(String, String)> {
        let say = |ja, en| self.language.say(ja, en);
        let mut facts = vec![
            (say("氏名又は名称", "Name"), self.words(&responsible.name)),
            (say("住所", "Address"), self.words(&responsible.address)),
        ];
        if responsible.corporation {
            let representative = self.words(&responsible.representative);
            facts.push((say("代表者の氏名", "Representative"), representative));
        }
        facts
    }

    fn time(&self, blocks: &mut Vec<Block>) {
        let terms = &self.agreement.terms;
        self.heading(blocks, "共同利用の期間と対象", "Since when, and of which records");
        let (from, to) = (self.agreement.effective_from, self.agreement.effective_to);
        let began = date(terms.began, self.language);
        let records = if terms.covers_existing_data.is_some() {
            self.language.pick(
                format!("{began}より前に登録された文書を含みます。"),
                format!("Records from before {began} are included."),
            )
        } else {
            self.language.pick(
                format!("{began}以後に登録された文書に限ります。"),
                format!("Only records since {began} are included."),
            )
        };
        let term = term(from, to, self.language);
        blocks.push(Block::Text(format!("{term}\n{records}")));
    }

    fn refusing(&self, blocks: &mut Vec<Block>) {
        self.heading(blocks, "共同利用を望まない場合", "If you do not want this");
        if self.material.ledger.policy(self.at).joint_requires_enrolment {
            self.text(
                blocks,
                "参加の同意をいただいた方の情報だけを共同利用します。同意は、いつでも取り消せます。",
                "Only records of persons who agreed to take part are used jointly. You can take that back at any time.",
            );
        }
        self.text(
            blocks,
            "同意の有無にかかわらず、いつでも、理由を問わず断ることができます。断っても、受けられる診療は変わりません。上の表のどの機関の窓口でも受け付けます。断る範囲は次から選べます。",
            "You can refuse at any time and need not say why; your treatment does not change. Any organisation in the table \
             takes your refusal. You can refuse:",
        );
        let levels = self.language.pick(
            [
                "すべての共有",
                "特定の機関が持つ情報の共有",
                "特定の機関による閲覧",
                "特定の職員による閲覧",
                "特定の種類の文書",
                "特定の機微な情報",
                "特定の文書",
            ],
            [
                "all sharing",
                "that what one organisation has is shared",
                "that one organisation sees it",
                "that one person there sees it",
                "one class of documents",
                "one kind of sensitive information",
                "one document",
            ],
        );
        blocks.push(Block::Items(levels.map(str::to_owned).to_vec()));
        self.text(
            blocks,
            "申し出は、登録された時から効力を持ちます。それまでに閲覧した機関の診療録に写された内容は、その機関の記録として残ります。意識がないなど同意を得られない緊急の場合に、生命や身体を守るため閲覧することがあります。緊急の場合も含めて断ることもできます。",
            "A refusal holds from when it is entered. What an organisation took into its own records before remains there. \
             In an emergency in which you cannot be asked, records may be seen to protect your life; you can refuse that too.",
        );
        blocks.push(Block::Text(self.words(&self.agreement.terms.clauses.withdrawal)));
    }

    fn complaints(&self, blocks: &mut Vec<Block>) {
        self.heading(blocks, "苦情・お問い合わせ", "Complaints and questions");
        self.text(
            blocks,
            "次の責任者、または受診された機関の窓口にお申し出ください。誰が記録を見たかもお調べします。",
            "Turn to the responsible person below, or to the organisation that treats you. You can also ask who saw your \
             records.",
        );
        let mut facts = self.responsible_facts(&self.agreement.terms.responsible);
        if let Some(contact) = self.contact.filter(|contact| !contact.trim().is_empty()) {
            facts.push((
                self.language.say("連絡先", "How to reach"),
                contact.trim().to_owned(),
            ));
        }
        blocks.push(Block::Facts(facts));
    }
}
