"""What an engineer needs to take over: the mix, what was measured, and notes, in one ZIP."""

import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string

from mastering.documents.facts import report_document
from mastering.documents.pdf import report_pdf
from mastering.models import Version
from references.services import clean_filename

CHUNK_BYTES = 256 * 1024


def hand_off_pack(version: Version) -> Iterator[bytes]:
    """Yield a ZIP piece by piece; nothing of it is held as a whole.

    Of the reference it holds what was measured, never its sound.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as pack:
        for name, content in _documents(version).items():
            pack.writestr(name, content)
        mix = version.master.mix
        name = PurePosixPath(clean_filename(mix.filename)).name
        with (
            default_storage.open(mix.source_key) as source,
            pack.open(f"mix/{name}", "w", force_zip64=True) as entry,
        ):
            for chunk in source.chunks(CHUNK_BYTES):
                entry.write(chunk)
                yield sink.taken()
    yield sink.taken()


def _documents(version: Version) -> dict[str, bytes]:
    document = report_document(version)
    notes = render_to_string(
        "mastering/hand_off_notes.txt",
        {"version": version, "master": version.master, "words": document["words"]},
    )
    as_json = DjangoJSONEncoder(indent=1, ensure_ascii=False).encode
    reference = document["reference"]
    return {
        "notes.txt": notes.encode(),
        "report.pdf": report_pdf(version),
        "report.json": as_json(document).encode(),
        "reference.json": as_json(
            {name: reference[name] for name in ("title", "facts", "summary", "findings")}
        ).encode(),
    }


class _Sink:
    """A file that is only written, and emptied as it goes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Do nothing: nothing waits anywhere else."""

    def close(self) -> None:
        """Keep what is left for whoever reads."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
