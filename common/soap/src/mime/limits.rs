/// How much of a multipart message is read before it is refused. Each limit is inclusive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MimeLimits {
    /// Parts, the root part included.
    pub parts_max: usize,
    /// Bytes of the headers of one part.
    pub header_bytes_max: usize,
    /// Header lines of one part, folded ones counted line by line.
    pub header_lines_max: usize,
    /// Bytes before the first delimiter.
    pub preamble_bytes_max: u64,
    /// Bytes of one part's content, decoded.
    pub part_bytes_max: u64,
    /// Bytes of the root part; only [`MtomReader`](crate::MtomReader) knows which part that is.
    pub root_bytes_max: usize,
}

impl Default for MimeLimits {
    fn default() -> Self {
        Self {
            parts_max: 256,
            header_bytes_max: 8 << 10,
            header_lines_max: 32,
            preamble_bytes_max: 64 << 10,
            part_bytes_max: 256 << 20,
            root_bytes_max: 8 << 20,
        }
    }
}
