"""What whoever holds a key or a token may do."""

from typing import Literal

Scope = Literal["viewer", "planner", "operator", "admin"]
SCOPES: tuple[Scope, ...] = ("viewer", "planner", "operator", "admin")
Act = Literal["read", "plan", "issue", "administer"]
MAY: dict[Act, tuple[Scope, ...]] = {
    "read": SCOPES,
    "plan": ("planner", "operator", "admin"),
    "issue": ("operator", "admin"),
    "administer": ("admin",),
}
