//! XUA: SAML 2.0 assertions in WS-Security headers (ITI-40, ITI TF-2 3.40).
