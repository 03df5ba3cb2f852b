# SPDX-License-Identifier: Apache-2.0
"""HTTP and WebSockets byte by byte, for tests that say what no library would say: raw sockets, event streams that
can be cut anywhere, frames that are wrong."""
import base64
import hashlib
import json
import os
import socket
import ssl
import struct

LIMIT_S = 60
ACCEPT_SALT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Closed(Exception):
    """The other side has ended the connection."""


class Raw:
    """One connection; what has come and was not used yet is in `held`."""

    def __init__(self, address, authority=None, receive_bytes=None):
        scheme, _, place = address.partition("://")
        self.place = place.rstrip("/")
        host, _, port = self.place.rpartition(":")
        self.socket = socket.socket(socket.AF_INET6 if host.startswith("[") else socket.AF_INET)
        self.socket.settimeout(LIMIT_S)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect((host.strip("[]"), int(port)))
        if scheme == "https":
            context = ssl.create_default_context(cafile=authority)
            self.socket = context.wrap_socket(self.socket, server_hostname=host.strip("[]"))
        self.held = b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- bytes

    def send(self, data):
        self.socket.sendall(data)

    def fill(self):
        try:
            got = self.socket.recv(65536)
        except (ConnectionError, ssl.SSLError):
            got = b""
        if not got:
            raise Closed
        self.held += got

    def until(self, mark):
        while mark not in self.held:
            self.fill()
        part, _, self.held = self.held.partition(mark)
        return part

    def take(self, count):
        while len(self.held) < count:
            self.fill()
        part, self.held = self.held[:count], self.held[count:]
        return part

    # ---- requests and replies

    def ask(self, target, method="GET", body=b"", host=None, **headers):
        """underlines in names of headers stand for -"""
        lines = ["%s %s HTTP/1.1" % (method, target), "Host: %s" % (host or self.place)]
        lines += ["%s: %s" % (name.replace("_", "-"), value) for name, value in headers.items() if value is not None]
        if body:
            lines.append("Content-Length: %d" % len(body))
        self.send("\r\n".join(lines + ["", ""]).encode() + body)

    def head(self):
        """(status, headers by their small names)"""
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return int(lines[0].split()[1]), headers

    def reply(self, is_head=False):
        """(status, headers, body)"""
        status, headers = self.head()
        if is_head or status in (204, 304):
            return status, headers, b""
        if headers.get("transfer-encoding") == "chunked":
            return status, headers, b"".join(self.chunks())
        return status, headers, self.take(int(headers.get("content-length", "0")))

    def chunks(self):
        while True:
            size = int(self.until(b"\r\n"), 16)
            data = self.take(size + 2)[:-2]
            if size == 0:
                return
            yield data

    def lines(self):
        rest = b""
        for data in self.chunks():
            *whole, rest = (rest + data).split(b"\n")
            yield from whole

    def events(self):
        """(type, id or None, data) of an event stream"""
        kind, number, data = "message", None, []
        for line in self.lines():
            name, _, value = line.decode().partition(": ")
            if line == b"":
                if data:
                    yield kind, number, json.loads("\n".join(data))
                kind, number, data = "message", None, []
            elif name == "event":
                kind = value
            elif name == "id":
                number = value
            elif name == "data":
                data.append(value)


def ask(address, target, method="GET", body=b"", authority=None, **headers):
    """one request on a connection of its own"""
    with Raw(address, authority) as raw:
        raw.ask(target, method, body, **headers)
        return raw.reply(method == "HEAD")


class WebSocket:
    """A client that does what it is told, also what is wrong."""

    def __init__(self, address, target, authority=None, **headers):
        self.raw = Raw(address, authority)
        key = base64.b64encode(os.urandom(16)).decode()
        asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": key, **headers}
        self.raw.ask(target, **asked)
        self.status, self.headers = self.raw.head()
        self.body = b""
        if self.status != 101:
            self.body = self.raw.take(int(self.headers.get("content-length", "0")))
            return
        digest = hashlib.sha1(key.encode() + ACCEPT_SALT).digest()
        assert self.headers["sec-websocket-accept"] == base64.b64encode(digest).decode()

    def send(self, opcode, payload=b"", is_final=True, is_masked=True, reserved=0):
        head = bytes([(0x80 if is_final else 0) | reserved | opcode])
        mask_bit = 0x80 if is_masked else 0
        if len(payload) < 126:
            head += bytes([mask_bit | len(payload)])
        elif len(payload) < 65536:
            head += bytes([mask_bit | 126]) + struct.pack(">H", len(payload))
        else:
            head += bytes([mask_bit | 127]) + struct.pack(">Q", len(payload))
        if is_masked:
            mask = os.urandom(4)
            head += mask
            payload = bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))
        self.raw.send(head + payload)

    def frame(self):
        """(is final, opcode, payload)"""
        first, second = self.raw.take(2)
        length = second & 127
        assert second < 128, "frames of a server have no mask"
        if length == 126:
            length = struct.unpack(">H", self.raw.take(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.raw.take(8))[0]
        return bool(first & 0x80), first & 15, self.raw.take(length)

    def message(self):
        """(opcode, payload): control frames as they come, parts of a message put together"""
        parts = b""
        while True:
            is_final, opcode, payload = self.frame()
            if opcode >= 8:
                return opcode, payload
            parts += payload
            if is_final:
                return 1, parts

    def close_code(self):
        """reads up to the close frame"""
        while True:
            opcode, payload = self.message()
            if opcode == 8:
                return struct.unpack(">H", payload[:2])[0]

    def close(self):
        self.raw.close()
