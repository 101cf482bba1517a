# SPDX-License-Identifier: MIT
"""Speaks the capture protocol (version 3) with a capture program over two pipes, for tests. Independent of the
project's C code: frames by struct, bodies by python3-msgpack."""
import fcntl
import os
import select
import struct
import subprocess
import time

import msgpack

HEADER = struct.Struct(">IHHIHHI")
SIGNATURE, SENTINEL, VERSION = 0xDECAFBAD, 0xA9A9, 3
PING, PONG, SHUTDOWN, MESSAGE, ERROR = 2, 3, 4, 5, 6
PROBEREQ, PROBEREPORT, OPENREQ, OPENREPORT = 10, 11, 12, 13
LISTREQ, LISTREPORT, PACKET, CONFIGREQ, CONFIGREPORT = 14, 15, 16, 17, 18


class Frame:
    def __init__(self, raw):
        sig, sentinel, version, length, self.command, self.code, self.seqno = HEADER.unpack(raw[:20])
        assert (sig, sentinel, version) == (SIGNATURE, SENTINEL, VERSION), raw[:20].hex()
        assert length == len(raw) - 20
        self.raw = raw
        self.body = msgpack.unpackb(raw[20:], strict_map_key=False) if length else None


def encode(command, body=None, seqno=1, code=1):
    data = b"" if body is None else body if isinstance(body, bytes) else msgpack.packb(body)
    return HEADER.pack(SIGNATURE, SENTINEL, VERSION, len(data), command, code, seqno) + data


class Capture:
    """A capture program that runs. Use as a context manager."""

    def __init__(self, program, *args, stdin=None):
        child_in, self.to = os.pipe()
        self.back, child_out = os.pipe()
        self.proc = subprocess.Popen([program, f"--in-fd={child_in}", f"--out-fd={child_out}", *args],
                                     pass_fds=(child_in, child_out), stdin=stdin, stderr=subprocess.PIPE)
        os.close(child_in)
        os.close(child_out)
        self.buffer = bytearray()
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close_in()
        self.close_out()
        if self.proc.poll() is None:
            self.proc.kill()
        self.proc.wait()
        self.proc.stderr.close()

    def close_in(self):
        if self.to is not None:
            os.close(self.to)
            self.to = None

    def close_out(self):
        if self.back is not None:
            os.close(self.back)
            self.back = None

    def send_raw(self, data):
        os.write(self.to, data)

    def send(self, command, body=None, seqno=1):
        self.send_raw(encode(command, body, seqno))

    def frame(self, timeout=10):
        """The next frame, or None at the end of the link."""
        end = time.monotonic() + timeout
        while True:
            if len(self.buffer) >= 20:
                need = 20 + struct.unpack(">I", self.buffer[8:12])[0]
                assert need < 16384, f"frame of {need} octets: hosts refuse 16384 and more"
                if len(self.buffer) >= need:
                    raw = bytes(self.buffer[:need])
                    del self.buffer[:need]
                    return Frame(raw)
            if self.ended:
                assert not self.buffer, "the link ended within a frame"
                return None
            left = end - time.monotonic()
            ready = select.select([self.back], [], [], max(left, 0))[0]
            assert ready, "no frame in time"
            data = os.read(self.back, 1 << 20)
            self.ended = not data
            self.buffer += data

    def frames(self, timeout=10):
        out = []
        while True:
            f = self.frame(timeout)
            if f is None:
                return out
            out.append(f)

    def status(self, timeout=10):
        return self.proc.wait(timeout)

    def stderr(self):
        return self.proc.stderr.read().decode()

    def pipe_is_full(self, timeout=10):
        """Waits until the program has stopped writing because nobody reads: unread octets do not change any more and
        the kernel says that there are as many as the pipe takes, give or take a page per write."""
        end = time.monotonic() + timeout
        size = fcntl.fcntl(self.back, 1032)  # F_GETPIPE_SZ
        while time.monotonic() < end:
            unread = struct.unpack("i", fcntl.ioctl(self.back, 0x541B, b"\0" * 4))[0]  # FIONREAD
            if unread > size - 65536:
                return unread
            select.select([], [], [], 0.005)
        raise AssertionError("the pipe did not fill")
