"""Write bodies so that versions of a large DAG share what is equal, and read them back byte for byte.

A small body is one Zstandard frame. A large one is cut into pages, each a frame of its own under the SHA-256 of what
it holds: one of all that stands before the tasks, then several tasks a page. Where a page ends follows from task ids
alone, so a task that comes, goes or changes alters the page it is on, and seldom another.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from zlib import crc32

import msgspec
import zstandard

from dagserial.canonical import settled_bytes

PAGED_FROM = 64 * 1024
"""Bytes from which a body is cut into pages."""
_TASKS_A_PAGE = 32
"""Tasks that a page holds on average: fewer make a changed version smaller, more make it faster to read."""
_MOST_TASKS_A_PAGE = 2 * _TASKS_A_PAGE
_ADDRESS = sha256().digest_size
_LEVEL = 3


class Packed(msgspec.Struct, frozen=True):
    """A body as it is stored: whole, or as the pages that make it.

    Attributes:
        size: bytes of the body.
        body: its frame; None if it has pages.
        pages: addresses of its pages in order, 32 bytes each; None if it is whole.
        frames: the frames of its pages by address; none if it is whole.
    """

    size: int
    body: bytes | None = None
    pages: bytes | None = None
    frames: Mapping[bytes, bytes] = {}


def pack(body: bytes) -> Packed:
    """Return a body as it is stored."""
    if len(body) < PAGED_FROM:
        return Packed(len(body), body=zstandard.ZstdCompressor(_LEVEL).compress(body))
    compressor = zstandard.ZstdCompressor(_LEVEL)
    pages = [(sha256(page).digest(), page) for page in _pages(body)]
    frames = {address: compressor.compress(page) for address, page in dict(pages).items()}
    return Packed(len(body), pages=b"".join(address for address, _ in pages), frames=frames)


def addresses(pages: bytes) -> list[bytes]:
    """Return the addresses of a body's pages, in order."""
    return [pages[start : start + _ADDRESS] for start in range(0, len(pages), _ADDRESS)]


def unpack(frames: Iterable[bytes], size: int) -> bytes:
    """Return the body of `size` bytes of which these are the frames, as far as it can be read.

    What was altered is missing or other than it was: check the digest.
    """
    decompressor = zstandard.ZstdDecompressor()
    parts: list[bytes] = []
    left = size
    for frame in frames:
        # A frame that was altered may claim to hold more than there is memory.
        try:
            if 0 <= (length := zstandard.frame_content_size(frame)) <= left:
                parts.append(decompressor.decompress(frame, allow_extra_data=False))
                left -= length
        except zstandard.ZstdError:
            continue
    return b"".join(parts)


class _Tasks(msgspec.Struct):
    tasks: dict[str, msgspec.Raw] = {}


_DECODER = msgspec.json.Decoder(_Tasks)


def _pages(body: bytes) -> Iterator[bytes]:
    """Yield the parts of a body, which joined are the body, whatever it is."""
    start = 0
    for end in _ends(body):
        yield body[start:end]
        start = end
    yield body[start:]


def _ends(body: bytes) -> Iterator[int]:
    """Yield where pages end: before the first task, and before tasks whose id says so."""
    try:
        tasks = _DECODER.decode(body).tasks
    except msgspec.DecodeError:
        return
    # Tasks are the last member of a record, between '"tasks":{' and '}}': count from there.
    lengths = [len(settled_bytes(task_id)) + len(memoryview(task)) + 2 for task_id, task in tasks.items()]
    start = len(body) - 1 - sum(lengths)
    count = 0
    for number, (task_id, length) in enumerate(zip(tasks, lengths, strict=True)):
        if number == 0 or count == _MOST_TASKS_A_PAGE or crc32(task_id.encode()) % _TASKS_A_PAGE == 0:
            if start > 0:
                yield start
            count = 0
        start += length
        count += 1
