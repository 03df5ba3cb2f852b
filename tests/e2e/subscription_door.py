# SPDX-License-Identifier: Apache-2.0
"""A door in front of kinesis-local's port for HTTP/2: bytes pass as they are, and what asks for a subscription is written down,
with the place from which it wants records. The door shows the server's own certificate."""
import json
import os
import re
import socket
import ssl
import threading
import urllib.parse

DATA = 0  # the type of a frame with a piece of a body


class SubscriptionDoor:
    def __init__(self, server):
        self.behind = urllib.parse.urlparse(server.tls)
        self.asked = []  # StartingPosition of each subscription
        self.inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.inside.load_cert_chain(server.ca_file, os.path.join(os.path.dirname(server.ca_file), "key.pem"))
        self.outside = ssl.create_default_context(cafile=server.ca_file)
        for context in (self.inside, self.outside):
            context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "https://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        """one connection: non-blocking would be in order, but each direction of TLS may have a thread of its own"""
        try:
            client = self.inside.wrap_socket(client, server_side=True)
            server = self.outside.wrap_socket(socket.create_connection((self.behind.hostname, self.behind.port)),
                                              server_hostname=self.behind.hostname)
        except OSError:
            client.close()
            return
        threading.Thread(target=self.carry, args=(server, client, lambda _: None), daemon=True).start()
        self.carry(client, server, Frames(self.note).add)

    @staticmethod
    def carry(source, target, look):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                look(data)
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def note(self, body):
        found = re.search(rb'"StartingPosition":(\{[^}]*\})', body)
        if found:
            self.asked.append(json.loads(found.group(1)))


class Frames:
    """The frames that a client sends, behind its preface of 24 bytes."""

    def __init__(self, on_body):
        self.bytes, self.at, self.on_body = b"", 24, on_body

    def add(self, data):
        self.bytes += data
        while len(self.bytes) >= self.at + 9:
            length = int.from_bytes(self.bytes[self.at:self.at + 3], "big")
            if len(self.bytes) < self.at + 9 + length:
                return
            if self.bytes[self.at + 3] == DATA:
                self.on_body(self.bytes[self.at + 9:self.at + 9 + length])
            self.bytes, self.at = self.bytes[self.at + 9 + length:], 0
