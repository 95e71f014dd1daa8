#!/usr/bin/env python3
"""zeep, a SOAP toolkit that builds and reads messages by the schemas alone: a query by ITI-18 over mutual TLS.

Usage: zeep_client.py WSDL REGISTRY_URL CA CERTIFICATE KEY PATIENT_CX
Prints the uniqueIds that it found, one a line.
"""
import sys

import requests
from lxml import etree
from zeep import Client, Settings
from zeep.transports import Transport

RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
UNIQUE_ID = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
APPROVED = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"


def main():
    wsdl, url, ca, certificate, key, patient = sys.argv[1:]
    session = requests.Session()
    session.verify, session.cert, session.trust_env = ca, (certificate, key), False
    client = Client(wsdl, transport=Transport(session=session), settings=Settings(strict=True))
    service = client.create_service("{urn:ihe:iti:xds-b:2007}DocumentRegistry_Binding_Soap12", url)

    def slot(name, value):
        return {"name": name, "ValueList": {"_value_1": [{"Value": value}]}}

    # zeep reads no substitution groups, which ebRIM is made of: the answer is looked at with lxml.
    with client.settings(raw_response=True):
        answer = service.DocumentRegistry_RegistryStoredQuery(
            ResponseOption={"returnComposedObjects": True, "returnType": "LeafClass"},
            AdhocQuery={
                "id": "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d",
                "Slot": [slot("$XDSDocumentEntryPatientId", "'%s'" % patient), slot("$XDSDocumentEntryStatus", APPROVED)],
            },
        )
    assert answer.status_code == 200, answer.text
    for identifier in etree.fromstring(answer.content).iter("{%s}ExternalIdentifier" % RIM):
        if identifier.get("identificationScheme") == UNIQUE_ID:
            print(identifier.get("value"))


main()
