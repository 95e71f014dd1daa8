//! ATNA audit messages: from the journal's events to DICOM XML and FHIR, and back.
