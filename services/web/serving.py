"""A service on a socket: bound before anything else starts, so that a port that is taken is heard of at once."""

import errno
import socket

import uvicorn
from starlette.types import ASGIApp

from services.web.errors import Unusable

KEEP_ALIVE_S = 75
"""Longer than the proxies before us keep a connection: they must be the ones who close it."""
BACKLOG = 2048


def listening(host: str, port: int, option: str = "--port") -> socket.socket:
    """A socket that is ours, on a port that the caller can change by this option; 0: any free one."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise Unusable(f"--host {host}: {error.strerror}; take 127.0.0.1, or 0.0.0.0 for all addresses") from error
    # Named as TCP, or asyncio leaves Nagle's algorithm on, and answers wait for acknowledgements.
    ours = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        ours.bind(address)
    except OSError as error:
        ours.close()
        raise Unusable(f"port {port} on {host} cannot be had: {_in_words(error, option)}") from error
    ours.listen(BACKLOG)
    return ours


def _in_words(error: OSError, option: str) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address; take 127.0.0.1, or 0.0.0.0 for all addresses"
    reason = (error.strerror or str(error)).lower()
    return f"{reason}; stop the program that has it, or choose another with {option}"


def handed_over(descriptor: str) -> socket.socket:
    """A socket that whoever started this process holds open."""
    return socket.socket(fileno=int(descriptor))


def address_of(bound: socket.socket) -> str:
    """Where this machine finds it."""
    host, port = bound.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: ASGIApp, bound: socket.socket) -> None:
    """Until it is told to stop; requests in hand are answered first."""
    config = uvicorn.Config(app, log_config=None, server_header=False, timeout_keep_alive=KEEP_ALIVE_S)
    uvicorn.Server(config).run(sockets=[bound])
