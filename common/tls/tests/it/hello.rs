//! ClientHello messages as bytes, for protocols and suites that no current library would offer.

/// A hello for one protocol version and some suites.
pub(crate) struct Hello {
    pub(crate) version: u16,
    pub(crate) suites: Vec<u16>,
    /// The supported_versions extension; left out when empty.
    pub(crate) supported_versions: Vec<u16>,
}

impl Hello {
    pub(crate) fn tls12(suite: u16) -> Self {
        Self {
            version: 0x0303,
            suites: vec![suite],
            supported_versions: Vec::new(),
        }
    }

    /// The whole record, RFC 5246 7.4.1.2.
    pub(crate) fn record(&self) -> Vec<u8> {
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.extend(prefixed16(&words(&self.suites)));
        body.extend([1, 0]);
        body.extend(prefixed16(&self.extensions()));

        let mut handshake = vec![1, 0];
        handshake.extend(prefixed16(&body));
        let mut record = vec![22, 3, 1];
        record.extend(prefixed16(&handshake));
        record
    }

    fn extensions(&self) -> Vec<u8> {
        // x25519, P-256, P-384.
        let mut extensions = extension(10, &prefixed16(&words(&[0x001d, 0x0017, 0x0018])));
        extensions.extend(extension(11, &[1, 0]));
        extensions.extend(extension(
            13,
            &prefixed16(&words(&[0x0403, 0x0804, 0x0401, 0x0201])),
        ));
        // extended_master_secret, RFC 7627.
        extensions.extend(extension(23, &[]));
        if !self.supported_versions.is_empty() {
            let versions = words(&self.supported_versions);
            let mut content = vec![u8::try_from(versions.len()).unwrap()];
            content.extend(versions);
            extensions.extend(extension(43, &content));
        }
        extensions
    }
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend(prefixed16(content));
    bytes
}

fn words(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn prefixed16(content: &[u8]) -> Vec<u8> {
    let mut bytes = u16::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(content);
    bytes
}
