"""The report that an auditor can recompute by hand: one file of HTML, or a PDF, in English or Chinese."""

from services.dispatch.assessment.report.page import html, pdf, write_report

__all__ = ["html", "pdf", "write_report"]
