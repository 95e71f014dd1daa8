//! A refused assertion as a SOAP fault (WSS: SOAP Message Security 1.1, section 12).

use xds_soap::{Fault, Subcode};
use xds_xua::{Refused, SecurityFault};

/// Sender, with the subcode of the rule; the text says code, rule, section and repair, and no word of the assertion.
pub(crate) fn fault_of(refused: Refused) -> Fault {
    let reason = format!(
        "{}: {} ({}); {}",
        refused.code(),
        refused.rule(),
        refused.section(),
        refused.repair()
    );
    Fault::security(subcode(refused.fault()), reason)
}

fn subcode(fault: SecurityFault) -> Subcode {
    match fault {
        SecurityFault::SecurityTokenUnavailable => Subcode::SecurityTokenUnavailable,
        SecurityFault::InvalidSecurityToken => Subcode::InvalidSecurityToken,
        SecurityFault::FailedAuthentication => Subcode::FailedAuthentication,
        SecurityFault::InvalidSecurity => Subcode::InvalidSecurity,
        SecurityFault::FailedCheck => Subcode::FailedCheck,
        SecurityFault::UnsupportedAlgorithm => Subcode::UnsupportedAlgorithm,
        SecurityFault::UnsupportedSecurityToken => Subcode::UnsupportedSecurityToken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_the_subcode_that_the_table_names() {
        for refused in Refused::all() {
            let xml = fault_of(refused).write(None, "urn:uuid:1");
            let subcode = format!("<soap12:Value>wsse:{}</soap12:Value>", refused.fault().as_str());
            assert!(xml.contains(&subcode), "{}", refused.code());
            assert!(xml.contains(refused.code()));
        }
    }
}
