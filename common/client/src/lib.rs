//! The SOAP caller: mutual TLS, SIMPLE and MTOM, streamed.
