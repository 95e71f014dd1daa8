"""Makes the good assertions of this folder: 200 SOAP messages whose assertion an outside program signed.

Usage: python make.py xmlsec1|signxml|java > FILE      (from this folder; needs that program)
Needs xmlsec1 (Debian package xmlsec1), signxml (PyPI), or a JDK 17 or later for Sign.java.
Deterministic but for the random parts of PSS and ECDSA.
"""
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KEYS = HERE.parent / "keys"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MGF1 = "http://www.w3.org/2007/05/xmldsig-more#"
DIGESTS = {
    "256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "384": MORE + "sha384",
    "512": "http://www.w3.org/2001/04/xmlenc#sha512",
}
RSA = [("rsa", f"{MORE}rsa-sha{bits}", bits) for bits in DIGESTS]
PSS = [("rsa", f"{MGF1}sha{bits}-rsa-MGF1", bits) for bits in DIGESTS]
ECDSA = [(curve, f"{MORE}ecdsa-sha{bits}", bits) for curve in ("p256", "p384") for bits in DIGESTS]
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
DS = "http://www.w3.org/2000/09/xmldsig#"
PLACE = "@@SIGNATURE@@"

NAMES = ["山田 太郎", "Dr. O'Neil <chief>", "佐藤 &amp; 花子", "𠮷野 家", "か\u3099 ｶﾞ ～ 〜", "Zoë\u00a0Ångström", "a&#xD;b"]
ROLES = [("158965000", "2.16.840.1.113883.6.96", "Doctor"), ("106292003", "2.16.840.1.113883.6.96", "看護師 &amp; 助産師")]
PURPOSES = [("TREAT", "2.16.840.1.113883.1.11.20448"), ("ETREAT", "2.16.840.1.113883.1.11.20448")]


def clean(text):
    return text.replace("<chief>", "&lt;chief&gt;")


def assertion(index, rng):
    """An assertion with PLACE where the signature goes. Prefix, order of attributes, white space and content vary."""
    style = index % 3
    p, xmlns = [("saml2:", "xmlns:saml2"), ("", "xmlns"), ("s:", "xmlns:s")][style]
    nl = ["", "\n  ", "\r\n\t"][rng.randrange(3)]
    empty = rng.randrange(2)
    ident = f"_{rng.getrandbits(96):024x}"
    attrs = [f'ID="{ident}"', "Version='2.0'", 'IssueInstant="2026-12-31T23:59:00Z"',
             f'{xmlns}="urn:oasis:names:tc:SAML:2.0:assertion"']
    rng.shuffle(attrs)
    if rng.randrange(2):
        attrs.append('xmlns:xs="http://www.w3.org/2001/XMLSchema"')
    if rng.randrange(2):
        attrs.append('xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"')
    has_types = len(attrs) == 6
    out = [f"<{p}Assertion {' '.join(attrs)}>", f"<{p}Issuer>https://idp.h1.example/saml</{p}Issuer>{PLACE}"]
    method = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    data = f"<{p}SubjectConfirmationData NotOnOrAfter='2027-01-01T01:00:00Z'" + ("/>" if empty else f"></{p}SubjectConfirmationData>")
    confirm = f'<{p}SubjectConfirmation Method="{method}"' + ("/>" if rng.randrange(2) else f">{data}</{p}SubjectConfirmation>")
    out.append(f"<{p}Subject><{p}NameID Format='urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'>user{index}@h1.example</{p}NameID>{confirm}</{p}Subject>")
    once = [f"<{p}OneTimeUse/>", ""][rng.randrange(2)]
    out.append(f"<{p}Conditions NotOnOrAfter=\"2027-01-01T01:00:00.250Z\" NotBefore='2026-12-31T23:59:00Z'>"
               f"<{p}AudienceRestriction><{p}Audience>urn:oid:1.2.392.200270.1</{p}Audience>"
               f"<{p}Audience>https://elsewhere.example</{p}Audience></{p}AudienceRestriction>{once}</{p}Conditions>")
    out.append(f'<{p}AuthnStatement SessionIndex="s{index}" AuthnInstant="2026-12-31T23:58:00Z"><{p}AuthnContext>'
               f"<{p}AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI</{p}AuthnContextClassRef></{p}AuthnContext></{p}AuthnStatement>")
    role, purpose = ROLES[rng.randrange(2)], PURPOSES[rng.randrange(2)]
    xsi = "" if has_types and rng.randrange(2) else ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    kind = ' xsi:type="xs:string"' if has_types else ""
    hl7 = [("", "xmlns"), ("h:", "xmlns:h")][rng.randrange(2)]
    out.append(
        f"<{p}AttributeStatement>{nl}"
        f'<{p}Attribute Name="urn:oasis:names:tc:xspa:1.0:subject:subject-id"><{p}AttributeValue{kind}>{clean(rng.choice(NAMES))}</{p}AttributeValue></{p}Attribute>{nl}'
        f'<{p}Attribute NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri" Name="urn:oasis:names:tc:xspa:1.0:subject:organization-id"><{p}AttributeValue>urn:oid:1.2.392.200270.1.1</{p}AttributeValue></{p}Attribute>{nl}'
        f'<{p}Attribute Name="urn:oasis:names:tc:xacml:2.0:subject:role"><{p}AttributeValue><{hl7[0]}Role {hl7[1]}="urn:hl7-org:v3"{xsi} xsi:type="CE" codeSystem="{role[1]}" code="{role[0]}" displayName="{role[2]}"/></{p}AttributeValue></{p}Attribute>{nl}'
        f'<{p}Attribute Name="urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"><{p}AttributeValue><{hl7[0]}PurposeOfUse code="{purpose[0]}" {hl7[1]}="urn:hl7-org:v3" codeSystem="{purpose[1]}" displayName="a&#9;b&#10;c&quot;"></{hl7[0]}PurposeOfUse></{p}AttributeValue></{p}Attribute>{nl}'
        f'<{p}Attribute Name="urn:oasis:names:tc:xacml:2.0:resource:resource-id"><{p}AttributeValue><![CDATA[P{index}^^^&1.2.392.200270.1.9&ISO]]></{p}AttributeValue></{p}Attribute>'
        f"</{p}AttributeStatement></{p}Assertion>")
    glue = nl if nl != "" else ""
    return ident, has_types, glue.join(out)


def envelope(text, index):
    soap, action = [("S", 'xmlns:unused="urn:x"'), ("soap12", 'xmlns="urn:default" xmlns:xs="urn:not-schema"')][index % 2]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' if index % 4 == 0 else ""
    return (f'{head}<{soap}:Envelope xmlns:{soap}="http://www.w3.org/2003/05/soap-envelope" {action}><{soap}:Header>'
            f'<w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" {soap}:mustUnderstand="1">'
            f"{text}</w:Security></{soap}:Header><{soap}:Body/></{soap}:Envelope>\n")


def template(ident, method, bits, prefixes):
    inclusive = f'<i:InclusiveNamespaces xmlns:i="{EXC}" PrefixList="{prefixes}"/>' if prefixes else ""
    # SignedInfo has a PrefixList of its own in every second message that has one.
    own = inclusive if int(ident[1:], 16) % 2 else ""
    return (f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>\n<ds:CanonicalizationMethod Algorithm="{EXC}">{own}</ds:CanonicalizationMethod>'
            f'<ds:SignatureMethod Algorithm="{method}"/><ds:Reference URI="#{ident}"><ds:Transforms>'
            f'<ds:Transform Algorithm="{DS}enveloped-signature"/><ds:Transform Algorithm="{EXC}">{inclusive}</ds:Transform>'
            f'</ds:Transforms><ds:DigestMethod Algorithm="{DIGESTS[bits]}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>'
            f"<ds:SignatureValue/><ds:KeyInfo><ds:KeyName>any</ds:KeyName></ds:KeyInfo></ds:Signature>")


def with_xmlsec1(text, ident, key, method, bits, prefixes, index):
    message = envelope(text.replace(PLACE, template(ident, method, bits, prefixes)), index)
    with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8", newline="") as file:
        file.write(message)
        file.flush()
        return subprocess.check_output(
            ["xmlsec1", "--sign", "--privkey-pem", str(KEYS / f"{key}.key.pem"),
             "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", file.name]).decode()


def with_signxml(text, ident, key, method, bits, prefixes, index):
    import lxml.etree
    from signxml import XMLSigner, methods
    from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
    place = f'<ds:Signature xmlns:ds="{DS}" Id="placeholder"></ds:Signature>'
    root = lxml.etree.fromstring(text.replace(PLACE, place).encode())
    signer = XMLSigner(method=methods.enveloped, signature_algorithm=SignatureMethod(method),
                       digest_algorithm=DigestAlgorithm(DIGESTS[bits]),
                       c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    signed = signer.sign(root, key=(KEYS / f"{key}.key.pem").read_bytes(),
                         cert=(KEYS / f"{key}.cert.pem").read_text() if index % 2 else None,
                         reference_uri=ident, always_add_key_value=False)
    return envelope(lxml.etree.tostring(signed, encoding="unicode"), index)


def with_java(jobs):
    """All at once: starting Java takes longer than signing."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (text, ident, key, method, bits, prefixes, index) in enumerate(jobs):
            pathlib.Path(folder, f"{number}.xml").write_bytes(envelope(text.replace(PLACE, ""), index).encode())
            pathlib.Path(folder, f"{number}.job").write_text("\n".join(
                [ident, str(KEYS / f"{key}.key.pem"), "RSA" if key == "rsa" else "EC", method, DIGESTS[bits], prefixes]))
        subprocess.check_call(["java", str(HERE / "Sign.java"), folder, str(len(jobs))])
        return [pathlib.Path(folder, f"{number}.out").read_bytes().decode() for number in range(len(jobs))]


def main():
    signer = sys.argv[1]
    methods, count, seed = {"xmlsec1": (RSA + ECDSA, 63, 1), "signxml": (RSA + PSS + ECDSA, 72, 2),
                            "java": (RSA + PSS + ECDSA, 65, 3)}[signer]
    rng = random.Random(seed)
    jobs = []
    for index in range(count):
        key, method, bits = methods[index % len(methods)]
        ident, has_types, text = assertion(index, rng)
        # signxml 5.2 digests by the PrefixList without writing it into the Transform: xmlsec1 refuses that, and so do we.
        with_list = has_types and signer != "signxml"
        prefixes = ["", "xs", "xs #default xsi", "xsi unused nowhere"][index // len(methods) % 4] if with_list else ""
        jobs.append((text, ident, key, method, bits, prefixes, index))
    sign = {"xmlsec1": with_xmlsec1, "signxml": with_signxml}.get(signer)
    messages = [sign(*job) for job in jobs] if sign else with_java(jobs)
    for job, message in zip(jobs, messages):
        sys.stdout.buffer.write(f"=== {signer} {job[6]} {job[2]} {job[3]} [{job[5]}]\n{message}".encode())
        if not message.endswith("\n"):
            sys.stdout.buffer.write(b"\n")


main()
