"""Documents about a version: its report, its record of provenance, the hand-off pack."""

from mastering.documents.facts import record_document, report_document
from mastering.documents.hand_off import hand_off_pack
from mastering.documents.pdf import report_pdf

__all__ = ["hand_off_pack", "record_document", "report_document", "report_pdf"]
