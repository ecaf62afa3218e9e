"""The services: forecast and dispatch. They meet on the wire only."""
