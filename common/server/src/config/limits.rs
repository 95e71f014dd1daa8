//! Every limit of a server, in one table of the configuration.

use std::time::Duration;

use serde::Deserialize;
use xds_xml::Limits as XmlLimits;

macro_rules! limits {
    ($($(#[$doc:meta])+ $name:ident: $type:ty = $default:expr;)+) => {
        /// The `[limits]` table. Each has a default that suits a regional network.
        #[derive(Clone, Debug, Eq, PartialEq, Deserialize)]
        #[serde(try_from = "AsWritten")]
        pub struct Limits { $($(#[$doc])+ pub $name: $type,)+ }

        /// The table as it stands in a file: the values may contradict each other.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, default)]
        struct AsWritten { $($name: $type,)+ }

        impl Default for AsWritten {
            fn default() -> Self {
                let Limits { $($name,)+ } = Limits::default();
                Self { $($name,)+ }
            }
        }

        impl TryFrom<AsWritten> for Limits {
            type Error = String;

            fn try_from(AsWritten { $($name,)+ }: AsWritten) -> Result<Self, String> {
                let limits = Self { $($name,)+ };
                match limits.complaints() {
                    complaints if complaints.is_empty() => Ok(limits),
                    complaints => Err(complaints.join("; ")),
                }
            }
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl Limits {
            /// Name and value of every limit, for `check-config` and the documentation.
            pub fn table(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), u64::from(self.$name)),)+]
            }
        }
    };
}

limits! {
    /// Bytes of an HTTP head.
    head_bytes_max: u32 = 32 * 1024;
    /// Header lines of an HTTP head.
    head_lines_max: u32 = 64;
    /// Bytes of a SOAP message, or of the root part of a multipart one.
    root_part_bytes_max: u32 = 8 * 1024 * 1024;
    /// Bytes of one document.
    document_bytes_max: u64 = 256 * 1024 * 1024;
    /// Bytes of one HTTP request.
    request_bytes_max: u64 = 512 * 1024 * 1024;
    /// Parts of a multipart message.
    mime_parts_max: u32 = 256;
    /// Bytes of one MIME part's headers.
    mime_head_bytes_max: u32 = 16 * 1024;
    /// Levels of XML elements.
    xml_depth_max: u32 = 64;
    /// XML elements in a message.
    xml_elements_max: u32 = 200_000;
    /// Attributes of an XML element.
    xml_attributes_max: u32 = 64;
    /// Namespace declarations of an XML element.
    xml_namespaces_max: u32 = 32;
    /// Bytes of an XML attribute's value.
    xml_attribute_bytes_max: u32 = 64 * 1024;
    /// Bytes of an XML text, other than a document carried inline.
    xml_text_bytes_max: u32 = 1024 * 1024;
    /// DocumentEntries of a submission.
    submission_entries_max: u32 = 200;
    /// Values of a slot.
    slot_values_max: u32 = 1_000;
    /// Ids and values that a query may name.
    query_values_max: u32 = 1_000;
    /// Objects of an answer in LeafClass form.
    leaf_class_results_max: u32 = 5_000;
    /// Objects of an answer in ObjectRef form.
    object_ref_results_max: u32 = 50_000;
    /// Documents of one retrieval.
    retrieve_documents_max: u32 = 200;
    /// Bytes of one HL7 v2 message.
    mllp_frame_bytes_max: u32 = 1024 * 1024;
    /// Seconds for a TLS handshake.
    handshake_seconds_max: u32 = 10;
    /// Handshakes going on at once. Who comes then is turned away, so it must be more than can stall.
    handshakes_max: u32 = 4_096;
    /// Seconds for an HTTP head.
    head_seconds_max: u32 = 10;
    /// Seconds that an idle connection stays open.
    keep_alive_seconds: u32 = 300;
    /// Bytes a second that a body must bring on average over the window.
    body_bytes_per_second_min: u32 = 1024;
    /// Seconds of that window.
    body_window_seconds: u32 = 15;
    /// Seconds for a whole body.
    body_seconds_max: u32 = 600;
    /// Seconds of waiting for a client to take an answer, in which it must take what the next limit says.
    write_stall_seconds_max: u32 = 30;
    /// Bytes a second that a client must take on average over those seconds.
    write_bytes_per_second_min: u32 = 4_096;
    /// Requests in flight of one node, unless its entry says otherwise.
    node_in_flight_max: u32 = 32;
    /// Requests in flight of the process.
    process_in_flight_max: u32 = 256;
    /// Connections of one listener's worker.
    connections_max: u32 = 10_000;
    /// Seconds that requests may take to end after SIGTERM.
    drain_seconds_max: u32 = 30;
}

impl Limits {
    /// What the XML door is told. `with_documents`: a text may be as long as the message, for documents
    /// travel inline too.
    pub fn xml(&self, with_documents: bool) -> XmlLimits {
        let usize_of = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        let text_bytes_max = if with_documents {
            self.root_part_bytes_max
        } else {
            self.xml_text_bytes_max
        };
        XmlLimits {
            document_bytes_max: usize_of(self.root_part_bytes_max),
            depth_max: usize_of(self.xml_depth_max),
            elements_max: usize_of(self.xml_elements_max),
            attributes_max: usize_of(self.xml_attributes_max),
            namespaces_max: usize_of(self.xml_namespaces_max),
            attribute_bytes_max: usize_of(self.xml_attribute_bytes_max),
            text_bytes_max: usize_of(text_bytes_max),
            ..XmlLimits::default()
        }
    }

    /// Limits that cannot hold together, or that would let nothing pass.
    fn complaints(&self) -> Vec<String> {
        let nothing = self.table().into_iter().filter(|(_, value)| *value == 0);
        let nothing = nothing.map(|(name, _)| format!("limits.{name} is 0: nothing would pass"));
        let [request, root] = [self.request_bytes_max, u64::from(self.root_part_bytes_max)];
        let pairs = [
            ("root_part_bytes_max", root, "request_bytes_max", request),
            (
                "document_bytes_max",
                self.document_bytes_max,
                "request_bytes_max",
                request,
            ),
            (
                "xml_text_bytes_max",
                u64::from(self.xml_text_bytes_max),
                "root_part_bytes_max",
                root,
            ),
            (
                "node_in_flight_max",
                u64::from(self.node_in_flight_max),
                "process_in_flight_max",
                u64::from(self.process_in_flight_max),
            ),
            (
                "body_window_seconds",
                u64::from(self.body_window_seconds),
                "body_seconds_max",
                u64::from(self.body_seconds_max),
            ),
        ];
        let upside_down = pairs.into_iter().filter(|(_, small, _, large)| small > large);
        nothing
            .chain(
                upside_down.map(|(small, _, large, _)| format!("limits.{small} is more than limits.{large}")),
            )
            .collect()
    }

    /// A limit in seconds as a duration.
    pub fn seconds(value: u32) -> Duration {
        Duration::from_secs(u64::from(value))
    }
}
