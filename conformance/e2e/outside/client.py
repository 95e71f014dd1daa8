#!/usr/bin/env python3
"""An XDS client that shares nothing with Renkei: Python's ssl and http.client, and lxml.

Registers a document by ITI-42 and finds it by ITI-18. Prints one JSON object; exit status 0 only if both went well.
Usage: client.py REGISTRY_URL CA CERTIFICATE KEY PATIENT_CX AUTHOR_XON CODES_JSON
"""
import http.client
import json
import ssl
import sys
import urllib.parse
import uuid

from lxml import etree

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
LCM = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
RS = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
QUERY = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
NS = {"soap": SOAP, "wsa": WSA, "rim": RIM, "rs": RS, "query": QUERY}


def q(namespace, name):
    return "{%s}%s" % (namespace, name)


def envelope(action, body):
    # Prefixes that no other client of ours uses.
    root = etree.Element(q(SOAP, "Envelope"), nsmap={"S12": SOAP, "addr": WSA})
    header = etree.SubElement(root, q(SOAP, "Header"))
    block = etree.SubElement(header, q(WSA, "Action"))
    block.set(q(SOAP, "mustUnderstand"), "true")
    block.text = action
    message_id = uuid.uuid4().urn
    etree.SubElement(header, q(WSA, "MessageID")).text = message_id
    reply = etree.SubElement(header, q(WSA, "ReplyTo"))
    etree.SubElement(reply, q(WSA, "Address")).text = "http://www.w3.org/2005/08/addressing/anonymous"
    etree.SubElement(root, q(SOAP, "Body")).append(body)
    return message_id, etree.tostring(root, xml_declaration=True, encoding="UTF-8")


class Registry:
    def __init__(self, url, ca, certificate, key):
        self.url = urllib.parse.urlsplit(url)
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca)
        context.load_cert_chain(certificate, key)
        self.connection = http.client.HTTPSConnection(self.url.hostname, self.url.port, context=context, timeout=30)
        self.replies = []

    def call(self, action, body):
        message_id, message = envelope(action, body)
        self.connection.request("POST", self.url.path, message, {"Content-Type": "application/soap+xml; charset=UTF-8"})
        answer = self.connection.getresponse()
        text = answer.read()
        self.replies.append(text.decode("UTF-8"))
        root = etree.fromstring(text)
        related = root.findtext("soap:Header/wsa:RelatesTo", namespaces=NS)
        assert related == message_id, (related, message_id)
        assert root.findtext("soap:Header/wsa:Action", namespaces=NS) == action + "Response"
        return answer.status, root.find("soap:Body", NS)[0]


def slot(parent, name, *values):
    element = etree.SubElement(parent, q(RIM, "Slot"), name=name)
    values_list = etree.SubElement(element, q(RIM, "ValueList"))
    for value in values:
        etree.SubElement(values_list, q(RIM, "Value")).text = value


def name(parent, text):
    element = etree.SubElement(parent, q(RIM, "Name"))
    etree.SubElement(element, q(RIM, "LocalizedString"), value=text)


def classification(parent, scheme, node, slots=(), display=None):
    element = etree.SubElement(
        parent, q(RIM, "Classification"), id="c-%s" % uuid.uuid4(), classificationScheme=scheme,
        classifiedObject=parent.get("id"), nodeRepresentation=node,
        objectType="urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification")
    for key, values in slots:
        slot(element, key, *values)
    if display is not None:
        name(element, display)


def identifier(parent, scheme, value, what):
    element = etree.SubElement(
        parent, q(RIM, "ExternalIdentifier"), id="e-%s" % uuid.uuid4(), registryObject=parent.get("id"),
        identificationScheme=scheme, value=value,
        objectType="urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:ExternalIdentifier")
    name(element, what)


def fresh_oid():
    return "2.25.%d" % uuid.uuid4().int


def submission(patient, author, codes):
    def code(parent, attribute):
        scheme, (value, coding, display) = codes[attribute]
        classification(parent, scheme, value, [("codingScheme", [coding])], display)

    request = etree.Element(q(LCM, "SubmitObjectsRequest"), nsmap={"l": LCM, "r": RIM})
    objects = etree.SubElement(request, q(RIM, "RegistryObjectList"))
    entry = etree.SubElement(objects, q(RIM, "ExtrinsicObject"), id="doc", mimeType="application/pdf",
                             objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1")
    slot(entry, "hash", "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    slot(entry, "size", "0")
    slot(entry, "repositoryUniqueId", "1.2.392.9.9.9.7.99")
    slot(entry, "creationTime", "20261124090000")
    slot(entry, "languageCode", "ja-JP")
    slot(entry, "sourcePatientId", patient)
    name(entry, "外から届いた文書 <&>")
    classification(entry, "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d", "",
                   [("authorPerson", ["^外部^太郎"]), ("authorInstitution", [author])])
    for attribute in ("classCode", "typeCode", "formatCode", "confidentialityCode", "healthcareFacilityTypeCode",
                      "practiceSettingCode"):
        code(entry, attribute)
    unique_id = fresh_oid()
    identifier(entry, "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427", patient, "XDSDocumentEntry.patientId")
    identifier(entry, "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab", unique_id, "XDSDocumentEntry.uniqueId")
    package = etree.SubElement(objects, q(RIM, "RegistryPackage"), id="set")
    slot(package, "submissionTime", "20261124090001")
    code(package, "contentTypeCode")
    identifier(package, "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446", patient, "XDSSubmissionSet.patientId")
    identifier(package, "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832", "1.2.392.9.9.9.7.98", "XDSSubmissionSet.sourceId")
    identifier(package, "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8", fresh_oid(), "XDSSubmissionSet.uniqueId")
    etree.SubElement(objects, q(RIM, "Classification"), id="is-set", classifiedObject="set",
                     classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd",
                     objectType="urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification")
    link = etree.SubElement(objects, q(RIM, "Association"), id="link", sourceObject="set", targetObject="doc",
                            associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember")
    slot(link, "SubmissionSetStatus", "Original")
    return unique_id, request


def find_documents(patient):
    request = etree.Element(q(QUERY, "AdhocQueryRequest"), nsmap={"qq": QUERY, "r": RIM})
    etree.SubElement(request, q(QUERY, "ResponseOption"), returnComposedObjects="true", returnType="LeafClass")
    query = etree.SubElement(request, q(RIM, "AdhocQuery"), id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d")
    slot(query, "$XDSDocumentEntryPatientId", "'%s'" % patient)
    slot(query, "$XDSDocumentEntryStatus", "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')")
    return request


def main():
    url, ca, certificate, key, patient, author, codes_file = sys.argv[1:]
    with open(codes_file, encoding="UTF-8") as file:
        sets = json.load(file)["codeSets"]
    codes = {attribute: (of["classificationScheme"], of["codes"][0]) for attribute, of in sets.items()}
    registry = Registry(url, ca, certificate, key)
    unique_id, request = submission(patient, author, codes)
    status, registered = registry.call("urn:ihe:iti:2007:RegisterDocumentSet-b", request)
    assert (status, registered.get("status")) == (200, SUCCESS), registry.replies[-1]
    status, found = registry.call("urn:ihe:iti:2007:RegistryStoredQuery", find_documents(patient))
    assert (status, found.get("status")) == (200, SUCCESS), registry.replies[-1]
    entries = found.findall("rim:RegistryObjectList/rim:ExtrinsicObject", NS)
    ids = [e.get("value") for e in found.iterfind(".//rim:ExternalIdentifier", NS) if e.get("value") == unique_id]
    titles = [t.get("value") for t in found.iterfind(".//rim:ExtrinsicObject/rim:Name/rim:LocalizedString", NS)]
    assert len(entries) == 1 and ids == [unique_id], registry.replies[-1]
    assert titles == ["外から届いた文書 <&>"], titles
    print(json.dumps({"unique_id": unique_id, "replies": registry.replies}))


main()
