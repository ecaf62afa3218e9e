"""The dispatch service: unit commitment over every flexible resource, refereed."""
