//! Consent forms 同意書, one for each consent model (Act on the Protection of Personal Information, Article 27(1)).

use time::OffsetDateTime;
use xds_policy::instruments::consent::{ConsentModel, ConsentText};
use xds_policy::instruments::policy::PURPOSES_SERVED;
use xds_policy::reasons::Reason;
use xds_policy::version::Version;
use xds_policy::words::Purpose;

use crate::Language;
use crate::legal::{consent_model, purpose};
use crate::local::date;
use crate::material::Material;
use crate::paper::{Block, Gaps, Paper, undecided};

/// What a form is made from.
#[derive(Clone, Copy, Debug)]
pub enum ConsentSource<'a> {
    /// A text that was entered: consents refer to it by id, version and hash.
    Text(&'a Version<ConsentText>),
    /// Standard words of a model, to be entered as a text; a form without an entered text cannot be signed.
    Model(ConsentModel),
}

/// The form as of an instant.
pub fn consent_form(
    material: &Material,
    source: ConsentSource<'_>,
    at: OffsetDateTime,
    language: Language,
) -> Paper {
    let at = match source {
        ConsentSource::Text(text) => at.max(text.known_from()),
        ConsentSource::Model(_) => at,
    };
    let form = Form {
        material,
        source,
        at,
        language,
    };
    form.paper()
}

struct Form<'a> {
    material: &'a Material,
    source: ConsentSource<'a>,
    at: OffsetDateTime,
    language: Language,
}

impl Form<'_> {
    fn paper(&self) -> Paper {
        let mut gaps = Gaps::new(self.language);
        let mut blocks = Vec::new();
        self.explained(&mut blocks, &mut gaps);
        match self.model() {
            ConsentModel::Scoped => self.scope(&mut blocks, &mut gaps),
            ConsentModel::OnQuery => self.visit(&mut blocks, &mut gaps),
            ConsentModel::Enrolment => self.network(&mut blocks, &mut gaps),
        }
        self.freedom(&mut blocks);
        self.signature(&mut blocks);
        Paper {
            language: self.language,
            title: self.title(&mut gaps),
            blocks,
            made_from: self.made_from(&mut gaps),
            missing: gaps.sorted(),
        }
    }

    fn model(&self) -> ConsentModel {
        match self.source {
            ConsentSource::Text(text) => text.terms.model,
            ConsentSource::Model(model) => model,
        }
    }

    fn title(&self, gaps: &mut Gaps) -> String {
        match self.source {
            ConsentSource::Text(text) => {
                let what = ["同意文書の名称", "the name of the text"];
                gaps.known(&text.terms.title, "C4", Some(text.id.as_str()), what)
            }
            ConsentSource::Model(model) => {
                let model = consent_model(model, self.language);
                self.language
                    .pick(format!("同意書 {model}"), format!("Consent form: {model}"))
            }
        }
    }

    fn made_from(&self, gaps: &mut Gaps) -> Vec<(String, String)> {
        let say = |ja, en| self.language.say(ja, en);
        let ConsentSource::Text(text) = self.source else {
            gaps.reason(Reason::C4, None);
            return vec![
                (say("同意文書", "Text"), undecided(self.language)),
                (say("同意文書の SHA-256", "Its SHA-256"), undecided(self.language)),
                (say("内容の時点", "As of"), date(self.at, self.language)),
            ];
        };
        if !text.in_force(self.at) {
            gaps.reason(Reason::C4, Some(text.id.as_str()));
        }
        let reference = text.reference();
        vec![
            (
                say("同意文書", "Text"),
                self.language.pick(
                    format!("{} 版 {}", reference.id, reference.version),
                    format!("{} version {}", reference.id, reference.version),
                ),
            ),
            (
                say("同意文書の SHA-256", "Its SHA-256"),
                reference.hash.to_string(),
            ),
            (
                say("同意を登録するときの記載", "As a consent refers to it"),
                format!(
                    "{{\"id\":\"{}\",\"version\":{},\"hash\":\"{}\"}}",
                    reference.id, reference.version, reference.hash
                ),
            ),
            (say("内容の時点", "As of"), date(self.at, self.language)),
        ]
    }

    fn heading(&self, blocks: &mut Vec<Block>, ja: &str, en: &str) {
        blocks.push(Block::Heading(self.language.say(ja, en)));
    }

    fn text(&self, blocks: &mut Vec<Block>, ja: &str, en: &str) {
        blocks.push(Block::Text(self.language.say(ja, en)));
    }

    /// The words that are signed: those that were entered as they stand, or the standard ones.
    fn explained(&self, blocks: &mut Vec<Block>, gaps: &mut Gaps) {
        self.heading(blocks, "説明", "What this is about");
        match self.source {
            ConsentSource::Text(text) if !text.terms.words.trim().is_empty() => {
                blocks.push(Block::Text(text.terms.words.trim().to_owned()));
            }
            source => {
                if let ConsentSource::Text(text) = source {
                    gaps.reason(Reason::C4, Some(text.id.as_str()));
                }
                self.standard_words(blocks);
            }
        }
    }

    fn standard_words(&self, blocks: &mut Vec<Block>) {
        match self.model() {
            ConsentModel::Scoped => self.text(
                blocks,
                "私は、下に印を付けた機関が持つ私の診療情報を、下に印を付けた機関が、印を付けた目的のために見ることに同意します(個人情報の保護に関する法律第 27 条第 1 項)。同意のない情報は提供されません。提供のたびに、提供した機関と受け取った機関の双方が記録を作ります。",
                "I agree that the organisations marked below as receiving may see my medical records of those marked as \
                 providing, for the purposes marked (Article 27(1) of the Act on the Protection of Personal Information). \
                 Nothing else is provided. Both sides keep a record of each provision.",
            ),
            ConsentModel::OnQuery => self.text(
                blocks,
                "私は、本日受診した機関が、私の診療のために、ネットワークに参加する他の機関が持つ私の診療情報を照会し、見ることに同意します(個人情報の保護に関する法律第 27 条第 1 項)。",
                "I agree that the organisation that I visit today asks the others in the network for my medical records, and \
                 sees them, for my treatment (Article 27(1) of the Act on the Protection of Personal Information).",
            ),
            ConsentModel::Enrolment => self.text(
                blocks,
                "私は、下の取り決めに基づく診療情報の共同利用に参加します。この同意だけで他の事業者に情報が提供されることはなく、取り決めに書かれた範囲と目的に限って利用されます。",
                "I take part in the joint use of medical records under the agreements below. This consent alone gives nobody \
                 my records: they are used within the range and for the purpose of the agreements only.",
            ),
        }
    }

    fn scope(&self, blocks: &mut Vec<Block>, gaps: &mut Gaps) {
        let policy = self.material.ledger.policy(self.at);
        self.heading(
            blocks,
            "情報を提供する機関(印を付けたもの)",
            "Providing organisations (those marked)",
        );
        self.members(blocks, gaps);
        self.heading(
            blocks,
            "情報を受け取る機関(印を付けたもの)",
            "Receiving organisations (those marked)",
        );
        self.members(blocks, gaps);
        self.later_members(blocks);
        self.heading(
            blocks,
            "文書の種類(印を付けたもの)",
            "Classes of documents (those marked)",
        );
        let all = self.language.say("すべての種類", "all classes");
        let named = self
            .material
            .names
            .0
            .iter()
            .map(|(code, name)| format!("{name} ({code})"));
        let choices = std::iter::once(all).chain(named).collect();
        blocks.push(Block::Choices(choices));
        self.heading(
            blocks,
            "特に慎重な取扱いを要する情報(印を付けたものだけ提供します)",
            "Information that needs special care (only what is marked is provided)",
        );
        let sensitive = policy
            .sensitivities
            .iter()
            .map(|(code, name)| format!("{name} ({code})"));
        let restricted = [
            self.language
                .say("閲覧を制限した文書 (R)", "restricted documents (R)"),
            self.language
                .say("強く閲覧を制限した文書 (V)", "very restricted documents (V)"),
        ];
        blocks.push(Block::Choices(sensitive.chain(restricted).collect()));
        self.heading(blocks, "利用目的(印を付けたもの)", "Purposes (those marked)");
        let purposes = PURPOSES_SERVED.into_iter().filter(|code| {
            matches!(
                code,
                Purpose::Treatment | Purpose::Emergency | Purpose::PatientRequest
            )
        });
        let purposes = purposes.map(|code| purpose(code, self.language).to_owned());
        blocks.push(Block::Choices(purposes.collect()));
        self.heading(blocks, "期間", "Term");
        let lines = self.language.pick(["から", "まで"], ["From", "Until"]);
        blocks.push(Block::Lines(lines.map(str::to_owned).to_vec()));
    }

    fn members(&self, blocks: &mut Vec<Block>, gaps: &mut Gaps) {
        let members = self.material.members(self.at);
        if members.is_empty() {
            gaps.note("members", None, ["参加機関", "the members of the network"]);
            blocks.push(Block::Text(undecided(self.language)));
            return;
        }
        let all = self.language.say(
            "すべての参加機関(除く機関:                 )",
            "all members (but not:                 )",
        );
        let named = members
            .iter()
            .map(|member| format!("{} ({})", member.terms.name, member.id));
        blocks.push(Block::Choices(std::iter::once(all).chain(named).collect()));
    }

    fn later_members(&self, blocks: &mut Vec<Block>) {
        let includes = matches!(self.source, ConsentSource::Text(text) if text.terms.includes_later_members);
        if includes {
            self.text(
                blocks,
                "「すべての参加機関」に印を付けた場合、後から加わる機関も、加わることをお知らせした時から含みます。",
                "Where all members are marked, those who join later are included from when you are told of them.",
            );
        } else {
            self.text(
                blocks,
                "後から加わる機関は含みません。",
                "Members who join later are not included.",
            );
        }
    }

    fn visit(&self, blocks: &mut Vec<Block>, gaps: &mut Gaps) {
        let policy = self.material.ledger.policy(self.at);
        if !policy.on_query_adopted(self.at) {
            gaps.note(
                "on-query-rule",
                None,
                [
                    "照会のたびに明示の同意を得るという共通ルールの採択",
                    "the adoption of the common rule that consent is obtained at each query",
                ],
            );
        }
        self.heading(blocks, "受診", "The visit");
        let lines = self.language.pick(
            ["受診した機関", "受診番号", "受診日時"],
            ["Organisation visited", "Number of the visit", "Date and time"],
        );
        blocks.push(Block::Lines(lines.map(str::to_owned).to_vec()));
        let (hours, days) = (policy.on_query_hours, policy.on_query_inpatient_days);
        blocks.push(Block::Choices(vec![
            self.language.pick(
                format!("外来(この同意は {hours} 時間有効です)"),
                format!("outpatient (this consent holds {hours} hours)"),
            ),
            self.language.pick(
                format!("在宅(この同意は {hours} 時間有効です)"),
                format!("at home (this consent holds {hours} hours)"),
            ),
            self.language.pick(
                format!("入院(この同意は退院まで、最長 {days} 日有効です)"),
                format!("inpatient (this consent holds until discharge, {days} days at most)"),
            ),
        ]));
    }

    fn network(&self, blocks: &mut Vec<Block>, gaps: &mut Gaps) {
        self.heading(blocks, "参加する共同利用", "The joint use that this is about");
        let agreements = self.material.agreements(self.at);
        if agreements.is_empty() {
            gaps.note(
                "agreement",
                None,
                ["効力のある共同利用の取り決め", "a joint-use agreement in force"],
            );
            blocks.push(Block::Text(undecided(self.language)));
            return;
        }
        let rows = agreements.iter().map(|agreement| {
            let terms = &agreement.terms;
            let users = terms
                .users
                .iter()
                .map(|user| self.material.organisation(&user.organisation, self.at));
            vec![
                format!("{} ({})", terms.title, agreement.id),
                self.language.list(users),
                if terms.purpose_text.trim().is_empty() {
                    undecided(self.language)
                } else {
                    terms.purpose_text.clone()
                },
            ]
        });
        let columns = self.language.pick(
            ["取り決め", "利用する機関", "利用目的"],
            ["Agreement", "Who uses it", "What for"],
        );
        blocks.push(Block::Table {
            columns: columns.map(str::to_owned).to_vec(),
            rows: rows.collect(),
        });
    }

    fn freedom(&self, blocks: &mut Vec<Block>) {
        self.heading(blocks, "断ること・取り消すこと", "Refusing, and taking it back");
        self.text(
            blocks,
            "同意しなくても、受けられる診療は変わりません。同意は、いつでも、理由を問わず取り消せます。取り消しは登録された時から効力を持ち、それまでに提供された内容は提供先の記録として残ります。どの参加機関の窓口でも受け付けます。",
            "Your treatment does not change if you do not agree. You can take it back at any time and need not say why. That \
             holds from when it is entered; what was provided before remains in the records of who got it. Any member takes it.",
        );
    }

    fn signature(&self, blocks: &mut Vec<Block>) {
        self.heading(blocks, "署名", "Signature");
        let lines = self.language.pick(
            [
                "同意した日時",
                "本人の氏名",
                "生年月日",
                "患者ID",
                "署名",
                "代理人の氏名と続柄",
                "代理権の終わる日(未成年者は成年に達する日)",
                "説明し記録した者",
            ],
            [
                "Date and time",
                "Name of the person",
                "Date of birth",
                "Patient id",
                "Signature",
                "Proxy: name and relation",
                "Day on which the proxy's authority ends (a minor: comes of age)",
                "Explained and taken down by",
            ],
        );
        blocks.push(Block::Lines(lines.map(str::to_owned).to_vec()));
        let methods = self.language.pick(
            ["紙", "電子", "口頭(記録者が書き取る)"],
            ["on paper", "electronically", "orally, taken down"],
        );
        blocks.push(Block::Choices(methods.map(str::to_owned).to_vec()));
    }
}
