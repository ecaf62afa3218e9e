"""The peers, each a program of its own that runs in the peers' environment and knows nothing of gridflex."""
