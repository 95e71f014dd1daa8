//! Papers for people, made from instruments: the notice of joint use 共同利用のお知らせ ([`notice()`]), consent forms 同意書
//! ([`consent_form()`]) and the responsibility sheet 責任分界表 ([`responsibility()`]).
//!
//! Pure: same instruments, same instant, same paper. Each is one [`Paper`], from which Markdown ([`Paper::markdown`]) and
//! a page to print ([`Paper::html`]) are written, so that they cannot say different things. What an instrument lacks is
//! said on top ([`Paper::missing`]) and never printed as an empty field.
//!
//! [`page()`] is the frame of every printed page, also of those of other crates.

mod classes;
mod consent_form;
mod language;
mod legal;
mod local;
mod markdown;
mod material;
mod notice;
mod page;
mod paper;
mod print;
mod responsibility;

pub use classes::ClassNames;
pub use consent_form::{ConsentSource, consent_form};
pub use language::Language;
pub use material::Material;
pub use notice::notice;
pub use page::{escaped, is_unsafe, page};
pub use paper::{Block, Missing, Paper, Weight};
pub use responsibility::{Connected, Connection, Installation, responsibility};
