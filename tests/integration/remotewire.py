# SPDX-License-Identifier: MIT
"""A host for remote capture programs, for tests: listens, by TCP or as a WebSocket server, and speaks the capture
protocol with whoever connects. Framing and upgrade by hand from RFC 6455; nothing here uses the project's C code."""
import base64
import fcntl
import hashlib
import select
import socket
import ssl
import struct
import time

from capwire import Frame, encode

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Closed(Exception):
    pass


class Listener:
    def __init__(self, family=socket.AF_INET, address="127.0.0.1", port=0):
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self.socket.listen(8)
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()

    def accept(self, timeout=10):
        self.socket.settimeout(timeout)
        sock, _ = self.socket.accept()
        sock.settimeout(timeout)
        return sock


class Link:
    """A connection by TCP: v3 frames as a stream."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = bytearray()  # octets of frames
        self.messages = 0

    def close(self):
        self.sock.close()

    def send(self, command, body=None, seqno=1):
        self.send_raw(encode(command, body, seqno))

    def send_raw(self, data):
        self.sock.sendall(data)

    def fill(self, timeout):
        """More octets of frames, or Closed."""
        self.sock.settimeout(timeout)
        data = self.sock.recv(1 << 20)
        if not data:
            raise Closed
        self.buffer += data

    def frame(self, timeout=10):
        """The next frame, or None when the program has hung up."""
        end = time.monotonic() + timeout
        while True:
            if len(self.buffer) >= 20:
                need = 20 + struct.unpack(">I", self.buffer[8:12])[0]
                assert need < 16384, f"frame of {need} octets"
                if len(self.buffer) >= need:
                    raw = bytes(self.buffer[:need])
                    del self.buffer[:need]
                    return Frame(raw)
            try:
                self.fill(max(end - time.monotonic(), 0.001))
            except Closed:
                assert not self.buffer, "the link ended within a frame"
                return None

    def frames(self, timeout=10):
        out = []
        while (f := self.frame(timeout)) is not None:
            out.append(f)
        return out


class WebLink(Link):
    """A connection by WebSocket: one frame in each binary message, masked as a client must."""

    def __init__(self, sock, answer=True):
        super().__init__(sock)
        self.raw = bytearray()
        self.controls = []
        head = b""
        while b"\r\n\r\n" not in head:
            data = sock.recv(4096)
            if not data:
                raise Closed
            head += data
        head, rest = head.split(b"\r\n\r\n", 1)
        assert not rest, "the client speaks before the upgrade"
        lines = head.decode().split("\r\n")
        self.request = lines[0]
        self.headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        if answer:
            self.upgrade()

    def accept_value(self):
        return base64.b64encode(hashlib.sha1(self.headers["sec-websocket-key"].encode() + GUID).digest()).decode()

    def upgrade(self, extra=b""):
        self.sock.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nconnection: keep-alive, Upgrade\r\n"
                           f"Sec-WebSocket-Accept: {self.accept_value()}\r\n"
                           "Sec-WebSocket-Protocol: kismet-remote\r\n\r\n").encode() + extra)

    @staticmethod
    def message(data, opcode=2, fin=True):
        n = len(data)
        length = bytes([n]) if n < 126 else b"\x7e" + struct.pack(">H", n) if n < 65536 else b"\x7f" + struct.pack(">Q", n)
        return bytes([0x80 * fin | opcode]) + length + data

    def send_raw(self, data):
        self.sock.sendall(self.message(data))

    def take(self):
        """One WebSocket frame off what was read: (opcode, payload), or None."""
        raw = self.raw
        if len(raw) < 2:
            return None
        assert raw[0] & 0x80, "fragmented"
        assert raw[1] & 0x80, "not masked"
        n, at = raw[1] & 0x7F, 2
        if n >= 126:
            size = 2 if n == 126 else 8
            if len(raw) < at + size:
                return None
            n, at = int.from_bytes(raw[at:at + size], "big"), at + size
        if len(raw) < at + 4 + n:
            return None
        mask, payload = bytes(raw[at:at + 4]), bytes(raw[at + 4:at + 4 + n])
        del raw[:at + 4 + n]
        stream = (mask * (n // 4 + 1))[:n]
        return raw, (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(n, "big")

    def fill(self, timeout):
        while True:
            first = self.raw[0] & 0x0F if self.raw else None
            taken = self.take()
            if taken:
                payload = taken[1]
                if first == 8:
                    self.controls.append((8, payload))
                    try:
                        self.sock.sendall(self.message(payload, opcode=8))
                    except OSError:
                        pass  # the client, having said so first, may be gone
                    raise Closed
                if first != 2:
                    self.controls.append((first, payload))
                    continue
                self.messages += 1
                assert len(payload) == 20 + struct.unpack(">I", payload[8:12])[0], "not one frame in a message"
                self.buffer += payload
                return
            self.sock.settimeout(timeout)
            data = self.sock.recv(1 << 20)
            if not data:
                raise Closed
            self.raw += data


def tls_context(cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def wait_until_full(sock, octets=32768, timeout=10):
    """Waits until so many octets have come that nobody has read."""
    end = time.monotonic() + timeout
    while struct.unpack("i", fcntl.ioctl(sock, 0x541B, b"\0" * 4))[0] < octets:  # FIONREAD
        assert time.monotonic() < end, "nothing comes"
        select.select([], [], [], 0.005)
