"""An Audit Record Repository of ATX: FHIR Feed, for tests: what it takes it writes to a file, with fsync, before it answers.

Arguments: port, folder with ca.crt, arr.crt and arr.key, file of what was taken, and how it refuses: "entry" (that entry of a
batch) or "bundle" (the whole Bundle, HTTP 400).
"""
import http.server
import json
import os
import ssl
import sys
import threading

port, folder, taken, refuses = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
lock = threading.Lock()


def is_event(event):
    return (event["resourceType"] == "AuditEvent" and event["type"]["system"] and event["type"]["code"]
            and event["recorded"] and event["agent"] and event["source"]["observer"] and event["outcome"] in "04812")


def is_refused(event):
    return not is_event(event) or "POISON" in json.dumps(event)


def keep(events):
    with lock, open(taken, "a", encoding="utf-8") as file:
        for event in events:
            file.write(event["id"] + "\n")
        file.flush()
        os.fsync(file.fileno())


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Content-Type"] != "application/fhir+json":
            return self.answer(415)
        if self.path == "/fhir/AuditEvent":
            if is_refused(document):
                return self.answer(422)
            keep([document])
            return self.answer(201)
        if self.path != "/fhir" or document["resourceType"] != "Bundle" or document["type"] != "batch":
            return self.answer(404)
        entries = document["entry"]
        for entry in entries:
            if entry["request"] != {"method": "POST", "url": "AuditEvent"}:
                return self.answer(500)
        if refuses == "bundle" and any(is_refused(entry["resource"]) for entry in entries):
            return self.answer(400)
        keep([entry["resource"] for entry in entries if not is_refused(entry["resource"])])
        status = ["422 Unprocessable Entity" if is_refused(entry["resource"]) else "201 Created" for entry in entries]
        answer = {"resourceType": "Bundle", "type": "batch-response",
                  "entry": [{"response": {"status": text}} for text in status]}
        return self.answer(200, answer)

    def answer(self, status, document=None):
        body = json.dumps(document or {"resourceType": "OperationOutcome", "issue": []}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = True


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(folder, "arr.crt"), os.path.join(folder, "arr.key"))
context.load_verify_locations(os.path.join(folder, "ca.crt"))
context.verify_mode = ssl.CERT_REQUIRED
server = Server(("127.0.0.1", port), Receiver)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
