"""HTTP as both services speak it: problems, limits, the request log, the document; knows no service."""
