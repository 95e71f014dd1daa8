//! SOAP 1.2, WS-Addressing, SIMPLE and MTOM packaging; no I/O.
