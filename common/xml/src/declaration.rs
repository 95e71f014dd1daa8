//! The XML declaration, XML 1.0 section 2.8.

use crate::{chars::is_space, error::XmlErrorKind};

/// Checks what stands between `<?xml` and `?>`: version 1.0, UTF-8 if an encoding is named.
pub(crate) fn check(content: &str) -> Result<(), XmlErrorKind> {
    let mut rest = content;
    let version = take(&mut rest, "version")?.ok_or(XmlErrorKind::MalformedDeclaration)?;
    if version != "1.0" {
        return Err(XmlErrorKind::UnsupportedVersion);
    }
    if let Some(encoding) = take(&mut rest, "encoding")?
        && !encoding.eq_ignore_ascii_case("UTF-8")
    {
        return Err(XmlErrorKind::UnsupportedEncoding);
    }
    if let Some(standalone) = take(&mut rest, "standalone")?
        && !matches!(standalone, "yes" | "no")
    {
        return Err(XmlErrorKind::MalformedDeclaration);
    }
    if rest.bytes().all(is_space) {
        Ok(())
    } else {
        Err(XmlErrorKind::MalformedDeclaration)
    }
}

/// Takes ` name="value"` off the front; `None` if something else stands there.
fn take<'a>(rest: &mut &'a str, name: &str) -> Result<Option<&'a str>, XmlErrorKind> {
    let Some(after_name) = trim(rest).strip_prefix(name) else {
        return Ok(None);
    };
    if !rest.bytes().next().is_some_and(is_space) {
        return Err(XmlErrorKind::MalformedDeclaration);
    }
    let value = trim(after_name)
        .strip_prefix('=')
        .map(trim)
        .ok_or(XmlErrorKind::MalformedDeclaration)?;
    let (value, after) = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.split_once(quote))
        .ok_or(XmlErrorKind::MalformedDeclaration)?;
    *rest = after;
    Ok(Some(value))
}

fn trim(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_version_1_0_and_utf_8_pass() {
        use XmlErrorKind::{MalformedDeclaration, UnsupportedEncoding, UnsupportedVersion};
        for (content, verdict) in [
            (" version=\"1.0\"", Ok(())),
            (" version='1.0' encoding='utf-8' ", Ok(())),
            (
                "\n\tversion = \"1.0\"\r\nencoding = \"UTF-8\" standalone = 'no'",
                Ok(()),
            ),
            (" version=\"1.0\" standalone=\"yes\"", Ok(())),
            ("", Err(MalformedDeclaration)),
            ("version=\"1.0\"", Err(MalformedDeclaration)),
            (" encoding=\"UTF-8\"", Err(MalformedDeclaration)),
            (" version=\"1.0\"encoding=\"UTF-8\"", Err(MalformedDeclaration)),
            (
                " version=\"1.0\" standalone=\"no\" encoding=\"UTF-8\"",
                Err(MalformedDeclaration),
            ),
            (" version=\"1.0\" standalone=\"maybe\"", Err(MalformedDeclaration)),
            (" version=\"1.0'", Err(MalformedDeclaration)),
            (" version=1.0", Err(MalformedDeclaration)),
            (" version=\"1.0\" x=\"y\"", Err(MalformedDeclaration)),
            (" version=\"1.1\"", Err(UnsupportedVersion)),
            (" version=\"9\"", Err(UnsupportedVersion)),
            (" version=\"1.0\" encoding=\"UTF-16\"", Err(UnsupportedEncoding)),
            (" version=\"1.0\" encoding=\"utf8\"", Err(UnsupportedEncoding)),
            (" version=\"1.0\" encoding=\"\"", Err(UnsupportedEncoding)),
        ] {
            assert_eq!(check(content), verdict, "{content:?}");
        }
    }
}
