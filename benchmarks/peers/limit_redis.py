"""One raw connection to one master for each thread: a script, and `WAIT` behind a write."""

from __future__ import annotations

import hashlib
import socket
import threading

import hiredis

_READ = b"return redis.call('GET', KEYS[1])"
_WRITE = b"redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) return 1"
_WAIT_REPLICAS, _WAIT_MS = b"1", b"500"


class RedisConnection:
    """`tag`: of all keys, so that they belong to the node of the connection."""

    def __init__(self, port: int, tag: str) -> None:
        self._port, self._prefix = port, f"{{{tag}}}:".encode()
        self._local = threading.local()
        sock, reader = self._connect()
        loaded = b"".join(_packed(b"SCRIPT", b"LOAD", script) for script in (_READ, _WRITE))
        sock.sendall(loaded)
        _answers(sock, reader, 2)
        self._read_sha, self._write_sha = (
            hashlib.sha1(script, usedforsecurity=False).hexdigest().encode()
            for script in (_READ, _WRITE)
        )

    def read(self, key: str) -> object:
        sock, reader = self._of_this_thread()
        sock.sendall(_packed(b"EVALSHA", self._read_sha, b"1", self._prefix + key.encode()))
        return _answers(sock, reader, 1)[0]

    def write(self, key: str, value: str, lifetime_seconds: int = 600) -> object:
        sock, reader = self._of_this_thread()
        name = self._prefix + key.encode()
        lifetime = str(lifetime_seconds).encode()
        script = _packed(b"EVALSHA", self._write_sha, b"1", name, value.encode(), lifetime)
        sock.sendall(script + _packed(b"WAIT", _WAIT_REPLICAS, _WAIT_MS))
        done, replicas = _answers(sock, reader, 2)
        if replicas != 1:
            raise RuntimeError("no replica has confirmed the write")
        return done

    def _of_this_thread(self) -> tuple[socket.socket, hiredis.Reader]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        return connection

    def _connect(self) -> tuple[socket.socket, hiredis.Reader]:
        sock = socket.create_connection(("127.0.0.1", self._port), timeout=5)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock, hiredis.Reader()


def _packed(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)


def _answers(sock: socket.socket, reader: hiredis.Reader, count: int) -> list[object]:
    answers: list[object] = []
    while len(answers) < count:
        answer = reader.gets()
        if answer is False:
            reader.feed(sock.recv(65536))
            continue
        if isinstance(answer, Exception):
            raise answer
        answers.append(answer)
    return answers
