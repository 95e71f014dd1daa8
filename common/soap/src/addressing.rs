//! The WS-Addressing headers of a request (ITI TF-2 Appendix V.3.2.2).

use xds_xml::Element;

use crate::fault::{AddressingProblem, Fault};
use crate::ns;

/// What the addressing headers of a request said. Owns its texts, so that an answer can be addressed
/// after the message is gone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestHeaders {
    /// wsa:Action, exactly as sent.
    pub action: String,
    /// wsa:MessageID, exactly as sent: it goes back as wsa:RelatesTo.
    pub message_id: String,
    /// wsa:To, without white space around. Not checked: the connection says where a message went.
    pub to: Option<String>,
    /// The address in wsa:ReplyTo unless it is the anonymous one. Only with
    /// [`ReplyAddresses::AlsoHttp`]; the caller decides whether that host may be called at all.
    pub reply_to: Option<String>,
    /// The address in wsa:FaultTo, as for [`reply_to`](Self::reply_to).
    pub fault_to: Option<String>,
}

/// Where a request may ask its answer to be sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ReplyAddresses {
    /// On the same connection only: no asynchronous exchange.
    #[default]
    AnonymousOnly,
    /// Also to an absolute http or https URL.
    AlsoHttp,
}

/// Bytes of a wsa:MessageID; a longer one is refused, because it is kept and sent back.
pub const MESSAGE_ID_BYTES_MAX: usize = 1024;

const ADDRESS_BYTES_MAX: usize = 2048;

impl RequestHeaders {
    /// Reads them from the header blocks that are targeted at us.
    pub(crate) fn read(blocks: &[Element<'_>], allowed: ReplyAddresses) -> Result<Self, Fault> {
        at_most_once(blocks, "From")?;
        let to = at_most_once(blocks, "To")?
            .map(|block| text(block, "To"))
            .transpose()?;
        Ok(Self {
            action: action(blocks)?,
            message_id: message_id(blocks)?,
            to: to.map(|to| to.trim().to_owned()),
            reply_to: reply_address(blocks, "ReplyTo", allowed)?,
            fault_to: reply_address(blocks, "FaultTo", allowed)?,
        })
    }
}

/// Whether a text can be a MessageID that we reflect: a URI without white space inside, of bounded length.
pub(crate) fn is_message_id(text: &str) -> bool {
    let uri = text.trim();
    !uri.is_empty() && text.len() <= MESSAGE_ID_BYTES_MAX && !uri.contains(unfit_for_a_uri)
}

fn action(blocks: &[Element<'_>]) -> Result<String, Fault> {
    let block = at_most_once(blocks, "Action")?.ok_or_else(|| Fault::addressing_header_required("Action"))?;
    let action = text(block, "Action")?;
    if action.is_empty() || action.len() > ADDRESS_BYTES_MAX || action.contains(unfit_for_a_uri) {
        return Err(invalid("Action", AddressingProblem::InvalidAddress));
    }
    Ok(action.to_owned())
}

fn message_id(blocks: &[Element<'_>]) -> Result<String, Fault> {
    let block =
        at_most_once(blocks, "MessageID")?.ok_or_else(|| Fault::addressing_header_required("MessageID"))?;
    let message_id = text(block, "MessageID")?;
    match is_message_id(message_id) {
        true => Ok(message_id.to_owned()),
        false => Err(invalid("MessageID", AddressingProblem::InvalidAddress)),
    }
}

/// The address in an endpoint reference, if it asks for an answer elsewhere and that is allowed.
fn reply_address(
    blocks: &[Element<'_>],
    header: &'static str,
    allowed: ReplyAddresses,
) -> Result<Option<String>, Fault> {
    let Some(block) = at_most_once(blocks, header)? else {
        return Ok(None);
    };
    let mut addresses = block.children_named(ns::WSA, "Address");
    let (Some(address), None) = (addresses.next(), addresses.next()) else {
        return Err(invalid(header, AddressingProblem::MissingAddressInEpr));
    };
    let address = text(address, header)?.trim();
    if address == ns::ANONYMOUS {
        return Ok(None);
    }
    match allowed {
        ReplyAddresses::AnonymousOnly => {
            Err(invalid(header, AddressingProblem::OnlyAnonymousAddressSupported))
        }
        ReplyAddresses::AlsoHttp if is_http(address) => Ok(Some(address.to_owned())),
        ReplyAddresses::AlsoHttp => Err(invalid(header, AddressingProblem::InvalidAddress)),
    }
}

/// An absolute http or https URL, as far as can be told without resolving it. The address "none" of
/// WS-Addressing begins so too, but asks for no answer at all, which no transaction allows.
fn is_http(address: &str) -> bool {
    let scheme = address.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        && !address.contains(unfit_for_a_uri)
        && address.len() <= ADDRESS_BYTES_MAX
        && !address.starts_with(ns::WSA)
}

fn unfit_for_a_uri(char: char) -> bool {
    char.is_whitespace() || char.is_control()
}

fn at_most_once<'d>(blocks: &[Element<'d>], header: &'static str) -> Result<Option<Element<'d>>, Fault> {
    let mut found = blocks.iter().filter(|block| block.is(ns::WSA, header));
    let first = found.next().copied();
    match found.next() {
        None => Ok(first),
        Some(_) => Err(invalid(header, AddressingProblem::InvalidCardinality)),
    }
}

fn text<'d>(block: Element<'d>, header: &'static str) -> Result<&'d str, Fault> {
    block
        .text()
        .map_err(|_| invalid(header, AddressingProblem::InvalidAddress))
}

fn invalid(header: &'static str, problem: AddressingProblem) -> Fault {
    Fault::invalid_addressing_header(header, problem)
}
