//! Syslog of audit messages (RFC 5424, 5425, 5426): sender with cursor and resend window, receiver.
