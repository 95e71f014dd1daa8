use uuid::Uuid;

use crate::mtom::ContentId;

/// Writes the frame of an MTOM message, piece by piece; the contents go between as they are.
///
/// In order: [`root_head`](Self::root_head), the envelope, for each document
/// [`part_head`](Self::part_head) and its bytes, [`closing`](Self::closing).
///
/// The boundary is 128 random bits drawn for this message after its documents were there, so that no
/// document can hold it.
#[derive(Clone, Debug)]
pub struct MultipartWriter {
    boundary: String,
    root_id: ContentId,
}

impl MultipartWriter {
    /// A writer with a boundary from random bits (UUID version 4) and the Content-ID of the root part.
    pub fn new(random: Uuid, root_id: ContentId) -> Self {
        Self {
            boundary: format!("MIMEBoundary_{}", random.simple()),
            root_id,
        }
    }

    /// The boundary.
    pub fn boundary(&self) -> &str {
        &self.boundary
    }

    /// The value of the HTTP Content-Type header.
    pub fn content_type(&self) -> String {
        format!(
            "multipart/related; type=\"application/xop+xml\"; boundary=\"{}\"; start=\"<{}>\"; \
             start-info=\"application/soap+xml\"",
            self.boundary, self.root_id
        )
    }

    /// What stands before the envelope.
    pub fn root_head(&self) -> String {
        format!(
            "--{}\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"\r\n\
             Content-Transfer-Encoding: binary\r\nContent-ID: <{}>\r\n\r\n",
            self.boundary, self.root_id
        )
    }

    /// What stands before the bytes of a document. A `content_type` that cannot stand in a header is
    /// replaced by `application/octet-stream`: it is informative only.
    pub fn part_head(&self, content_id: &ContentId, content_type: &str) -> String {
        let content_type = match is_header_text(content_type) {
            true => content_type,
            false => "application/octet-stream",
        };
        format!(
            "\r\n--{}\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: binary\r\n\
             Content-ID: <{content_id}>\r\n\r\n",
            self.boundary
        )
    }

    /// What stands after the last part.
    pub fn closing(&self) -> String {
        format!("\r\n--{}--\r\n", self.boundary)
    }
}

fn is_header_text(text: &str) -> bool {
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b));
    // Our own reader and others refuse a part that calls itself multipart.
    fits && !text.trim_start().to_ascii_lowercase().starts_with("multipart/")
}
