//! XUA: validation of SAML 2.0 assertions from WS-Security headers (ITI-40, ITI TF-2 3.40).
//!
//! Pure: no I/O and no clock. Time, trust and the replay cache are parameters.
//!
//! 1. `locate`: the one assertion of the message, by place; its one signature, in its place. Nothing else in the
//!    message is an assertion or has its ID.
//! 2. `signature`: the issuer's configured key verifies the canonical SignedInfo; the digest in it is that of the
//!    canonical assertion without its signature. KeyInfo is not looked into.
//! 3. `statements`: those canonical octets, and only they, are parsed again and read.
//! 4. `judge`: times, audience, confirmation, sign-in, organisation, attributes.
//! 5. [`ReplayCache`]: who used it before.
//!
//! Each refusal has a code, the rule, its section and what to do about it; none holds a word of the assertion.
//! What is accepted and refused stands in docs/conformance/xua.md.

mod algorithm;
mod assertion;
mod attributes;
mod form;
mod forward;
mod judge;
mod limits;
mod locate;
pub mod names;
mod ns;
mod refused;
mod replay;
mod rules;
mod signature;
mod signed_info;
mod statements;
mod trust;
mod validator;

pub use assertion::{Assertion, BreakGlass, Claims, Contractor, Encounter};
pub use attributes::{Coded, InstanceIdentifier};
pub use forward::assertion_xml;
pub use limits::Limits;
pub use refused::{Refused, SecurityFault};
pub use replay::{ReplayCache, Use, Used};
pub use rules::Rules;
pub use trust::{CertificateError, SigningCertificate, Trust, TrustedIssuer, Vouching};
pub use validator::Validator;
