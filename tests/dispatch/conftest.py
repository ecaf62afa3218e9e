"""Makes `building` importable from every folder of these tests."""
