"""Answers as they come out of a connection. Spec: RFC 9112 section 6, RFC 9110 section 15.2."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.doors import Answer

_PIECE = 65536
_END_OF_HEAD = b"\r\n\r\n"
_WITHOUT_BODY = (204, 304)


class Malformed(Exception):
    """What came is not a whole answer."""


class AnswerReader:
    """Reads the one answer to a GET or a POST. `receive`: gives some bytes, none at the end."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self._received = b""
        self.may_go_on = False
        """Whether another request may follow on the same connection, once an answer was read."""

    def read(self) -> Answer:
        """Return the whole answer.

        Raises:
            Malformed: the connection ended too early, or this is not HTTP/1.
            OSError: the connection broke, or was silent for too long.
        """
        status = 100
        while status < 200:  # an interim answer says that another one follows
            version, status, headers = self._read_head()
        values = {name.lower(): value.lower() for name, value in headers}
        stays_open = "close" not in values.get("connection", "") and version == "HTTP/1.1"
        if status in _WITHOUT_BODY:
            body = b""
        elif "chunked" in values.get("transfer-encoding", ""):
            body = self._read_chunks()
        elif (length := values.get("content-length")) is not None:
            body = self._take(_number(length, 10))
        else:
            body, stays_open = self._read_to_end(), False
        self.may_go_on = stays_open and not self._received
        return Answer(status, headers, body)

    def _read_head(self) -> tuple[str, int, list[tuple[str, str]]]:
        first, *lines = self._take_until(_END_OF_HEAD).decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        if not version.startswith("HTTP/1."):
            raise Malformed(first[:40])
        headers = []
        for line in lines:
            name, _, value = line.partition(":")
            headers.append((name, value.strip()))
        return version, _number(rest[:3], 10), headers

    def _read_chunks(self) -> bytes:
        chunks = []
        while size := _number(self._take_until(b"\r\n").partition(b";")[0].decode("latin-1"), 16):
            chunks.append(self._take(size))
            self._take_until(b"\r\n")
        while self._take_until(b"\r\n"):  # trailers
            pass
        return b"".join(chunks)

    def _read_to_end(self) -> bytes:
        pieces = [self._received]
        while piece := self._receive(_PIECE):
            pieces.append(piece)
        self._received = b""
        return b"".join(pieces)

    def _take_until(self, end: bytes) -> bytes:
        while (at := self._received.find(end)) < 0:
            self._receive_more()
        taken, self._received = self._received[:at], self._received[at + len(end) :]
        return taken

    def _take(self, size: int) -> bytes:
        while len(self._received) < size:
            self._receive_more()
        taken, self._received = self._received[:size], self._received[size:]
        return taken

    def _receive_more(self) -> None:
        piece = self._receive(_PIECE)
        if not piece:
            raise Malformed("the connection ended")
        self._received += piece


def _number(text: str, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError as error:
        raise Malformed(text[:40]) from error
    if number < 0:
        raise Malformed(text[:40])
    return number
