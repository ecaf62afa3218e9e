"""The steps of a Dockerfile without an engine: done in a folder, in an empty environment, stage by stage.

Every stage lives at the same place, so that paths inside what is copied from one to the next stay true; what is not
copied is gone. A base image is an interpreter in `usr/local`. Packages of the system are only looked up.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SYSTEM = "/usr/bin:/bin"
STEP_S = 900
NOT_OF_AN_INTERPRETER = shutil.ignore_patterns("test", "tests", "site-packages", "__pycache__", "*.a")


def steps_of(dockerfile: Path) -> list[tuple[str, str]]:
    """Instructions with their arguments; comments left out, continued lines joined."""
    lines = [line for line in dockerfile.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in joined.splitlines()]


@dataclass
class Image:
    """What the steps made, and how it is started."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    directory: str = "/"
    user: str = ""
    port: int = 0
    command: tuple[str, ...] = ()

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def build(self, dockerfile: Path) -> None:
        for instruction, arguments in steps_of(dockerfile):
            getattr(self, f"_{instruction.lower()}")(arguments)

    def within(self, text: str) -> str:
        """Its absolute paths, as they are here."""
        return re.sub(r"(?<![\w./])/(opt|build|tmp|usr/local)(?=[/\s:\"']|$)", rf"{self.root}/\1", text)

    def _from(self, base: str) -> None:
        assert re.match(r"python:3\.11-slim\S*( AS \w+)?$", base), base
        if self.root.exists():
            self.root.rename(self.folder / "before")
        for name in ("tmp", "opt"):
            (self.root / name).mkdir(parents=True)
        (self.root / "tmp").chmod(0o777)
        self._interpreter()
        local = f"{self.root}/usr/local"
        # In a base image the loader looks into /usr/local/lib by itself.
        self.environment = {
            "PATH": f"{local}/bin:{SYSTEM}",
            "LD_LIBRARY_PATH": f"{local}/lib",
            "HOME": f"{self.root}/tmp",
        }

    def _interpreter(self) -> None:
        """A copy, as the one that runs this may lie where only its owner can go."""
        local = self.root / "usr/local"
        base, name = Path(sys.base_prefix), f"python{sys.version_info.major}.{sys.version_info.minor}"
        (local / "bin").mkdir(parents=True)
        if str(base) == "/usr":
            (local / "bin/python").symlink_to(f"/usr/bin/{name}")
            return
        shutil.copytree(base / "lib" / name, local / "lib" / name, symlinks=True, ignore=NOT_OF_AN_INTERPRETER)
        for library in base.glob("lib/libpython*.so*"):
            shutil.copy2(library, local / "lib", follow_symlinks=False)
        shutil.copy2(base / "bin" / name, local / "bin" / name)
        (local / "bin/python").symlink_to(name)
        (local / "bin/python3").symlink_to(name)

    def _workdir(self, path: str) -> None:
        self.directory = path
        (self.root / path.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _env(self, pairs: str) -> None:
        for pair in shlex.split(pairs):
            name, value = pair.split("=", 1)
            self.environment[name] = self.within(value).replace("$PATH", self.environment["PATH"])

    def _copy(self, arguments: str) -> None:
        words = arguments.split()
        if words[0].startswith("--from="):
            return self._copy_from_before(*words[1:])
        for source in words[:-1]:
            goal = self._goal(words[-1], source)
            if (REPOSITORY / source).is_dir():
                shutil.copytree(REPOSITORY / source, goal, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(REPOSITORY / source, goal)
        return None

    def _goal(self, target: str, source: str) -> Path:
        folder = self.root / self.directory.lstrip("/")
        return folder / (source if target == "./" else target)

    def _copy_from_before(self, source: str, target: str) -> None:
        assert source == target, "what is compiled knows where it lies"
        goal = self.root / target.lstrip("/")
        goal.parent.mkdir(parents=True, exist_ok=True)
        (self.folder / "before" / source.lstrip("/")).rename(goal)

    def _run(self, command: str) -> None:
        if command.startswith("apt-get"):
            packages = re.search(r"--no-install-recommends ([\w .-]+?) &&", command)[1].split()
            for package in packages:
                looked_up = (["dpkg", "-s", package], ["apt-cache", "show", package])
                assert any(not subprocess.run(one, capture_output=True).returncode for one in looked_up), package
            return
        script = self.within(command).replace("cd /", f"cd {self.root}", 1) if command.startswith("cd /") else None
        done = subprocess.run(
            ["sh", "-ec", script or self.within(command)],
            cwd=self.root / self.directory.lstrip("/"),
            env=self.environment | _network(),
            capture_output=True,
            text=True,
            timeout=STEP_S,
            check=False,
        )
        assert 0 == done.returncode, f"RUN {command}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"

    def _user(self, user: str) -> None:
        self.user = user

    def _expose(self, port: str) -> None:
        self.port = int(port)

    def _cmd(self, arguments: str) -> None:
        self.command = tuple(json.loads(arguments))

    def process(self, command, **environment) -> "subprocess.Popen[str]":
        """A command in what was made, as the user of the image."""
        user, group = self.user.split(":")
        assert int(user) > 0
        who = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"] if os.geteuid() == 0 else []
        given = self.environment | environment
        program = shutil.which(command[0], path=given["PATH"])
        assert program
        assert program.startswith(str(self.root)), program
        return subprocess.Popen(
            [*who, program, *command[1:]],
            cwd=self.root / self.directory.lstrip("/"),
            env=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def said(self, *command) -> str:
        process = self.process(command)
        words, _ = process.communicate(timeout=STEP_S)
        assert 0 == process.returncode, words
        return words.strip()


def _network() -> dict[str, str]:
    """How this machine reaches the package registry; an image's builder has its own ways."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "SSL_")) or "proxy" in name.lower()
    }
