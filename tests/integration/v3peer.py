# SPDX-License-Identifier: MIT
"""Both ends of the capture protocol as the ecosystem's programs of 2025 speak it, with their quirks, for tests.

Written from the published tables of the protocol alone, octet by octet: neither the project's C code nor a msgpack library takes part,
except for reading what comes back. Capture: a capture program that feeds a host. Server: a host with the strictness of theirs, that
drops a link for what theirs does."""
import socket
import struct

import msgpack

PING, PONG, SHUTDOWN, MESSAGE, ERROR = 2, 3, 4, 5, 6
PROBEREQ, PROBEREPORT, OPENREQ, OPENREPORT, LISTREQ, LISTREPORT = 10, 11, 12, 13, 14, 15
PACKET, CONFIGREQ, CONFIGREPORT, NEWSOURCE = 16, 17, 18, 19
FRAME_LIMIT = 16384  # the server refuses frames of so many octets and more, the header's 20 included


# msgpack as the framework's writer makes it: keys in the shortest form, values in a width of their own

def u8(v):
    return b"\xcc" + struct.pack(">B", v)


def u16(v):
    return b"\xcd" + struct.pack(">H", v)


def u32(v):
    return b"\xce" + struct.pack(">I", v & 0xFFFFFFFF)


def u64(v):
    return b"\xcf" + struct.pack(">Q", v)


def f32(v):
    return b"\xca" + struct.pack(">f", v)


def f64(v):
    return b"\xcb" + struct.pack(">d", v)


def boolean(v):
    return b"\xc3" if v else b"\xc2"


def shortest(v):
    return struct.pack(">B", v) if v < 128 else u8(v) if v < 256 else u16(v) if v < 65536 else u32(v)


def text(v):
    v = v.encode() if isinstance(v, str) else v
    n = len(v)
    return (bytes([0xA0 | n]) if n < 32 else b"\xd9" + bytes([n]) if n < 256 else b"\xda" + struct.pack(">H", n)) + v


def octets(v):
    n = len(v)
    return (b"\xc4" + bytes([n]) if n < 256 else b"\xc5" + struct.pack(">H", n) if n < 65536 else b"\xc6" + struct.pack(">I", n)) + v


def array(*values):
    n = len(values)
    return (bytes([0x90 | n]) if n < 16 else b"\xdc" + struct.pack(">H", n)) + b"".join(values)


def mapping(*pairs):
    """Of (key, encoded value); a key may come twice."""
    n = len(pairs)
    return (bytes([0x80 | n]) if n < 16 else b"\xde" + struct.pack(">H", n)) + b"".join(shortest(k) + v for k, v in pairs)


def frame(command, body=b"", code=0, seqno=0):
    return struct.pack(">IHHIHHI", 0xDECAFBAD, 0xA9A9, 3, len(body), command, code, seqno) + body


class Received:
    def __init__(self, data):
        signature, sentinel, version, length, self.command, self.code, self.seqno = struct.unpack(">IHHIHHI", data[:20])
        assert (signature, sentinel, version, length) == (0xDECAFBAD, 0xA9A9, 3, len(data) - 20), data[:20].hex()
        self.size, self.body = len(data), data[20:]

    def map(self):
        return msgpack.unpackb(self.body, strict_map_key=False) if self.body else {}


class Capture:
    """A capture program. stream: has send(octets of a frame) and receive() -> the octets of one."""

    def __init__(self, stream, definition, kind, uuid):
        self.stream, self.definition, self.kind, self.uuid = stream, definition, kind, uuid
        self.seqno = 1
        self.pings = 0
        self.request = None  # the number of the last request

    def number(self):
        self.seqno = self.seqno % 0xFFFFFFFF + 1
        return self.seqno

    def send(self, command, body=b"", code=0, seqno=None):
        self.stream.send(frame(command, body, code, self.number() if seqno is None else seqno))

    def newsource(self):
        pairs = [(1, text(self.definition)), (2, text(self.kind))]
        if self.uuid:
            pairs.append((3, text(self.uuid)))
        self.send(NEWSOURCE, mapping(*pairs))

    def expect(self, command):
        """The next frame that is no PING; PINGs are answered on the way."""
        while True:
            f = Received(self.stream.receive())
            assert f.code == 1, f.code  # every frame of a server has code 1
            if f.command == PING:
                assert f.size == 20
                self.pings += 1
                self.send(PONG, seqno=f.seqno)
                continue
            assert f.command == command, (f.command, f.body)
            self.request = f.seqno
            return f.map()

    def openreport(self, dlt, capif="", channels=(), channel="", hardware="", message="", code=1, uuid=True):
        pairs = [(1, u32(self.request)), (2, u32(dlt))]
        if capif:
            pairs.append((3, text(capif)))
        if channels:
            pairs.append((4, array(*map(text, channels))))
        if channel:
            pairs.append((5, text(channel)))
        if hardware:
            pairs.append((7, text(hardware)))
        if uuid and self.uuid:
            pairs.append((8, text(self.uuid)))
        if message:
            pairs.append((9, text(message)))
        pairs.append((10, text("2025.09.0-abcdef1")))
        self.send(OPENREPORT, mapping(*pairs), code, self.request)

    def listreport(self, *interfaces):
        """(name, flags, hardware): keys 1, 4, 2, and a number of its own in the header."""
        rows = [mapping(*((k + 1, text(v)) for k, v in enumerate(i) if v)) for i in interfaces]
        self.send(LISTREPORT, mapping((1, u32(self.request)), (4, text("2025.09.0-abcdef1")), (2, array(*rows))))

    def hopping(self, rate, shuffle, skip, offset, channels, seqno=None, message=None):
        """A CONFIGREPORT of a program that hops: 6 (enabled) is an integer, not a truth value."""
        seqno = self.request if seqno is None else seqno
        hop = mapping((1, f32(rate)), (2, boolean(shuffle)), (3, u16(skip)), (4, u16(offset)), (5, array(*map(text, channels))), (6, u8(1)))
        pairs = [(1, u32(seqno)), (3, hop)]
        if message:
            pairs.append((4, text(message)))
        self.send(CONFIGREPORT, mapping(*pairs), 1, seqno)

    def tuned(self, channel, code=1, message=None):
        pairs = [(1, u32(self.request)), (2, text(channel))]
        if message:
            pairs.append((4, text(message)))
        self.send(CONFIGREPORT, mapping(*pairs), code, self.request)

    def message(self, kind, said):
        self.send(MESSAGE, mapping((1, u8(kind)), (2, text(said))))

    def shutdown(self, reason):
        self.send(SHUTDOWN, mapping((1, text(reason))))

    def error(self, said, seqno=0):
        self.send(ERROR, mapping((1, text(said))) if said is not None else b"", 1, seqno)

    @staticmethod
    def gps(lat, lon, alt, seconds, name):
        """As with --fixed-gps: kind and name, both under key 10."""
        return mapping((1, f64(lat)), (2, f64(lon)), (3, f32(alt)), (4, u8(3)), (5, f32(0)), (6, f32(0)), (7, f32(0)), (8, u64(seconds)),
                       (9, u64(0)), (10, text("remote-fixed")), (10, text(name)))

    @staticmethod
    def signal(dbm=0, noise=0, rssi=0, noise_rssi=0, khz=0, rate=0, channel=""):
        """Fields that are 0 are left out."""
        rows = ((1, u32, dbm), (2, u32, noise), (3, u32, rssi), (4, u32, noise_rssi), (5, u64, khz), (6, u64, rate), (7, text, channel))
        return mapping(*((k, write(v)) for k, write, v in rows if v))

    @staticmethod
    def content(dlt, seconds, microseconds, data, length=None, write=octets):
        return mapping((1, u32(dlt)), (2, u64(seconds)), (3, u32(microseconds)), (4, u32(len(data) if length is None else length)), (6, write(data)))

    def packet(self, content=None, signal=None, gps=None, json=None):
        rows = ((1, gps), (2, signal), (4, content), (5, json))
        self.send(PACKET, mapping(*((k, v) for k, v in rows if v is not None)))


class Stream:
    """Frames over TCP."""

    def __init__(self, sock, timeout=60):
        self.sock = sock
        sock.settimeout(timeout)

    @classmethod
    def to(cls, port):
        return cls(socket.create_connection(("127.0.0.1", port)))

    def send(self, data):
        self.sock.sendall(data)

    def exactly(self, n):
        data = b""
        while len(data) < n:
            piece = self.sock.recv(n - len(data))
            if not piece:
                raise EOFError(data)
            data += piece
        return data

    def receive(self):
        head = self.exactly(20)
        return head + self.exactly(struct.unpack(">I", head[8:12])[0])

    def close(self):
        self.sock.close()


class Messages:
    """Frames over a WebSocket (wsclient.WebSocket): one in each binary message."""

    def __init__(self, socket_):
        self.socket = socket_

    def send(self, data):
        self.socket.send(data)

    def receive(self):
        return self.socket.message()

    def close(self):
        self.socket.sock.close()


class Dropped(Exception):
    """The server has dropped the link, and why."""


class Server:
    """A host of the ecosystem, for one capture program. It keeps what it understood; what theirs drops a link for raises Dropped.
    link: has send(octets), exactly(n) or receive()."""

    def __init__(self, link):
        self.link = link
        self.seqno = 0
        self.reports, self.packets, self.messages = [], [], []
        self.largest = 0

    def send(self, command, body=b"", seqno=None):
        if seqno is None:
            self.seqno = seqno = self.seqno % 0xFFFFFFFF + 1
        self.link.send(frame(command, body, 1, seqno))
        return seqno

    def ping(self):
        return self.send(PING)

    def ask_v2(self):
        """What their host says first to a program that it started: a PING of version 2."""
        self.link.send(struct.pack(">IHHI32sI", 0xDECAFBAD, 0xABCD, 2, 0, b"PING", 0))

    def receive(self):
        """The next frame, as theirs reads it: the number of the header narrow, what is asked looked up by the body."""
        data = self.link.receive()
        if len(data) >= FRAME_LIMIT:
            raise Dropped(f"frame of {len(data)} octets")
        self.largest = max(self.largest, len(data))
        f = Received(data)
        f.seqno &= 0xFFFF
        if f.command in (PROBEREPORT, OPENREPORT, LISTREPORT, CONFIGREPORT) and 1 not in f.map():
            raise Dropped(f"report {f.command} without a number in its body")
        if f.command == PACKET:
            block = f.map()
            gps = block.get(1)
            if gps is not None and not {8, 9} <= set(gps):
                raise Dropped("location without a time")
            if 4 in block:
                self.packets.append(block)
        elif f.command == MESSAGE:
            self.messages.append((f.map()[1], f.map()[2]))
        elif f.command == PING:
            self.send(PONG, seqno=f.seqno)
        return f

    def until(self, command):
        """The next frame of this kind."""
        while (f := self.receive()).command != command:
            pass
        return f

    def newsource(self):
        """Theirs takes nothing before it, and all three of its members must be there."""
        f = self.receive()
        if f.command != NEWSOURCE:
            raise Dropped(f"command {f.command} before NEWSOURCE")
        body = f.map()
        if not {1, 2, 3} <= set(body):
            raise Dropped(f"NEWSOURCE without {({1, 2, 3} - set(body))}")
        return body

    def open(self, definition):
        """Asks to open, and PINGs at once, as theirs does with a remote capture. A short file may have ended before that is read."""
        asked = self.send(OPENREQ, mapping((1, text(definition))))
        pinged = self.ping()
        answers = {}
        while len(answers) < 2:
            try:
                f = self.receive()
            except EOFError:
                assert self.packets, "it ended without a packet"
                break
            if f.command in (OPENREPORT, PONG):
                answers[f.command] = f
        assert PONG not in answers or answers[PONG].seqno == pinged & 0xFFFF
        report = answers[OPENREPORT]
        assert report.map()[1] == asked
        if report.code == 0:
            raise Dropped(report.map().get(9, ""))
        return report.map()

    def hop(self, rate, channels, shuffle=True, offset=0):
        """Theirs sends no step and no 'enabled'."""
        asked = self.send(CONFIGREQ, mapping((2, mapping((1, f64(rate)), (2, boolean(shuffle)), (4, u16(offset)), (5, array(*map(text, channels)))))))
        f = self.until(CONFIGREPORT)
        assert f.map()[1] == asked
        return f

    def tune(self, channel):
        asked = self.send(CONFIGREQ, mapping((1, text(channel))))
        f = self.until(CONFIGREPORT)
        assert f.map()[1] == asked
        return f
