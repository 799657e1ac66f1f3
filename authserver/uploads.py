"""Pages take no files: nothing of a form reaches the disk, and no file reaches the memory."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class RefuseFiles(FileUploadHandler):
    """Refuse a form as soon as a file begins in it."""

    def new_file(self, *_: Any, **__: Any) -> NoReturn:
        """Raises: RequestDataTooBig."""
        raise RequestDataTooBig("a form has a file in it")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never called: no file has begun."""

    def file_complete(self, file_size: int) -> None:
        """Never called: no file has begun."""
