# SPDX-License-Identifier: MIT
"""A WebSocket client (RFC 6455) for tests, by hand and on purpose able to do everything wrong."""
import base64
import hashlib
import os
import socket
import struct

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Refused(Exception):
    """The handshake was answered with something other than 101."""

    def __init__(self, status, headers, body):
        super().__init__(f"{status} {body!r}")
        self.status, self.headers, self.body = status, headers, body


class Ended(Exception):
    """The connection is gone, without a close frame."""


def read_head(sock):
    """Status, headers and the first octets after them."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        piece = sock.recv(65536)
        if not piece:
            raise Ended(octets)
        octets += piece
    head, rest = octets.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, value = line.split(":", 1)
        headers[name.strip().lower()] = value.strip()
    return int(lines[0].split()[1]), headers, rest


def frame(opcode, payload=b"", fin=True, mask=True, rsv=0, length=None):
    """The octets of a frame. length: what the header says, instead of the truth."""
    n = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    if n < 126:
        head += bytes([bit | n])
    elif n < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", n)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", n)
    if not mask:
        return head + payload
    key = os.urandom(4)
    long_key = (key * (len(payload) // 4 + 1))[:len(payload)]
    masked = (int.from_bytes(payload, "big") ^ int.from_bytes(long_key, "big")).to_bytes(len(payload), "big")
    return head + key + masked


class WebSocket:
    def __init__(self, port, path, headers=(), omit=(), protocols=None, timeout=60, method="GET", version="HTTP/1.1", wrap=None,
                 key=None, early=b"", receive_buffer=None):
        """Opens a connection. headers: more of them; omit: names of those to leave out; wrap: makes a TLS socket of a socket;
        early: octets that go out together with the request."""
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        self.sock.connect(("127.0.0.1", port))
        if wrap:
            self.sock = wrap(self.sock)
        key = base64.b64encode(os.urandom(16)).decode() if key is None else key
        fields = [("Host", f"127.0.0.1:{port}"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
                  ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key)]
        if protocols:
            fields.append(("Sec-WebSocket-Protocol", protocols))
        fields = [f for f in fields if f[0] not in omit] + list(headers)
        request = f"{method} {path} {version}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields) + "\r\n"
        self.sock.sendall(request.encode("latin-1") + early)
        status, self.headers, self.buffer = read_head(self.sock)
        if status != 101:
            body, length = self.buffer, int(self.headers.get("content-length", 1 << 30))
            try:
                while len(body) < length and (piece := self.sock.recv(65536)):
                    body += piece
            except OSError:
                pass
            self.sock.close()
            raise Refused(status, self.headers, body)
        wanted = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        assert self.headers["sec-websocket-accept"] == wanted, self.headers
        assert self.headers["upgrade"].lower() == "websocket", self.headers
        assert "upgrade" in self.headers["connection"].lower(), self.headers

    def raw(self, octets):
        self.sock.sendall(octets)

    def send(self, payload, opcode=None, **options):
        if isinstance(payload, str):
            opcode, payload = TEXT if opcode is None else opcode, payload.encode()
        self.raw(frame(BINARY if opcode is None else opcode, payload, **options))

    def take(self, n):
        while len(self.buffer) < n:
            piece = self.sock.recv(max(65536, n - len(self.buffer)))
            if not piece:
                raise Ended(self.buffer)
            self.buffer += piece
        octets, self.buffer = self.buffer[:n], self.buffer[n:]
        return octets

    def frame(self):
        """The next frame: opcode and payload. Servers do not mask, and ours does not fragment."""
        a, b = self.take(2)
        assert a & 0x80 and not a & 0x70 and not b & 0x80, (a, b)
        n = b & 0x7F
        if n == 126:
            n = struct.unpack(">H", self.take(2))[0]
            assert n >= 126
        elif n == 127:
            n = struct.unpack(">Q", self.take(8))[0]
            assert n >= 65536
        return a & 15, self.take(n)

    def message(self):
        """The next message; pings are answered on the way."""
        while True:
            opcode, payload = self.frame()
            if opcode == PING:
                self.send(payload, PONG)
            elif opcode in (TEXT, BINARY):
                return payload.decode() if opcode == TEXT else payload
            elif opcode == CLOSE:
                raise Ended(payload)

    def closing(self):
        """The code and reason of the close frame that must come before anything but data and pings; answers it and waits for the
        server to end the connection."""
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                break
        if len(payload) == 0:
            result = None, ""
        else:
            result = struct.unpack(">H", payload[:2])[0], payload[2:].decode()
        try:
            self.send(payload[:2], CLOSE)
        except OSError:
            pass
        self.ended()
        return result

    def ended(self):
        """The server has ended the connection: nothing more comes."""
        try:
            assert self.buffer == b"", self.buffer
            octets = self.sock.recv(65536)
            assert octets == b"", octets
        except ConnectionResetError:
            pass
        self.sock.close()

    def close(self, code=1000, reason=""):
        """A close handshake that the client begins; what the server answered."""
        self.send(struct.pack(">H", code) + reason.encode() if code else b"", CLOSE)
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                break
        self.ended()
        return payload
