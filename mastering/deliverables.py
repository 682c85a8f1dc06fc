"""What is taken away from a version: files, made or on offer, and their names."""

from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from dsp.formats import EXPORT_RATES_HZ, WRITABLE
from mastering.models import Export, Version
from references.services import clean_filename
from references.templatetags.audio import khz

ARCHIVE_NAME: Final = "package.zip"
REPORT_ENTRY: Final = "report.json"
REPORT_PDF_ENTRY: Final = "report.pdf"
PROVENANCE_ENTRY: Final = "provenance.json"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file that was asked for: what it is, how far it is, and where it is fetched."""

    export: Export
    label: str
    details: str
    url: str


def deliveries_of(version: Version) -> list[Delivery]:
    """Return what was asked for of a version and is kept, the newest first."""
    return [delivery_of(export) for export in version.exports.select_related("tags")]


def delivery_of(export: Export) -> Delivery:
    version = export.version
    labels = [WRITABLE[code].label for code in export.formats]
    tagged = export.tags
    details = [
        khz(export.rate_hz) if export.rate_hz else _("original rate"),
        str(tagged) if tagged else _("without tags"),
    ]
    return Delivery(
        export=export,
        label=_("ZIP: %(formats)s") % {"formats": ", ".join(labels)}
        if export.is_archive
        else labels[0],
        details=" · ".join(details),
        url=reverse("mastering:exported", args=[version.master_id, version.number, export.pk]),
    )


def rate_choices(version: Version) -> list[tuple[str, str]]:
    """Return the sample rates on offer, the mix's own first."""
    own = version.master.mix.rate_hz
    original = _("Original, %(rate)s") % {"rate": khz(own)} if own else _("Original")
    return [("", original), *((str(rate), khz(rate)) for rate in EXPORT_RATES_HZ if rate != own)]


def download_name(version: Version, extension: str, *, tags: Any = None, detail: str = "") -> str:
    """Return what a file of a version is called on somebody's disk."""
    named = str(tags) if tags and tags.title else version.master.mix.title
    marked = " ".join(filter(None, ("Lacquer master", f"v{version.number}", detail)))
    return clean_filename(f"{named.replace('/', '-')} ({marked}).{extension}")


def entry_names(export: Export) -> dict[str, str]:
    """Return the name of each format within a ZIP."""
    details = {"wav24": "24 bit", "wav16": "16 bit", "wav32f": "32 bit float", "flac16": "16 bit"}
    return {
        code: download_name(
            export.version,
            WRITABLE[code].extension,
            tags=export.tags,
            detail=details.get(code, ""),
        )
        for code in export.formats
    }


def export_name(export: Export) -> str:
    """Return what a finished export is called on somebody's disk."""
    if not export.is_archive:
        return entry_names(export)[export.formats[0]]
    return download_name(export.version, "zip", tags=export.tags)
