"""Source trees of published applications, by name, version and hash: fetched by the registries' own clients.

Nothing of them is run, and nothing of them is kept in this repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maintain.retrofit.sources import of_registry


@dataclass(frozen=True)
class App:
    """`registry`: pypi or npm."""

    name: str
    version: str
    sha256: str
    registry: str = "pypi"


HTTPBIN = App("httpbin", "0.10.4", "6023a5a2e8fb8e91abdd6d34d1f1f455092f97d567c25600e1b48ee1178aa738")
FRACTAL = App("fractal-server", "2.18.5", "bef194fb84799e4b001119c43812dafba792afa7738d07f398cc45426a6b01ee")
FITTRACKEE = App("fittrackee", "0.8.12", "c2026f8df5e35080d1c34b19f52e1f74236c4e1d5a44b90d60ecc121e4b33657")
PRETALX = App("pretalx", "2025.2.2", "86da5f1031644194b3259d48ca4ffa3b4b46e50e061c9806a6429e6143ed6d23")
FLASKBB = App("flaskbb", "2.2.0", "3a24ac17dabe6872ff6ccca4a6eb51fcf557974ffb90d7a24ceb730b311a608c")
QUETZ = App("quetz-server", "0.10.4", "fde82b72b2e3fb22bfd0f6fec99ef41d845a76341801955e1d280be204049b90")
ISSO = App("isso", "0.14.0", "9e2ac090f49aeb8e33871280fcf9680e0ec68dcca50b5ef72e5f275df623c9e5")
KINTO = App("kinto", "26.5.0", "242d6fe6870456ffea05461b250db4499a2f1431582075b4ddca75c8d7851f7e")
WGER = App("wger", "2.1", "329d410cff8191a3a47286fb7f2a0c9f6dc397c04e996331fe99d18a99117e3f")
DPASTE = App("dpaste", "3.5", "cbcb510a533fcd78e71ca828a2f59b952ed0f4376ca23707652db9f837b19818")
MONGO_EXPRESS = App("mongo-express", "1.0.2", "7f9e2a6aeecc61b520b3f790263df2a3e38018bb9659f278ddeedba3c15a2941", "npm")
UNLEASH = App("unleash-server", "7.5.1", "0207c9a43f7cadbbda597e515286cbc31b4b670cf9ce745ac944f40257954dc2", "npm")


def fetch(app: App, into: Path) -> Path:
    """The unpacked source, in a folder of this app's own. Another file than the one that was looked at is refused."""
    return of_registry(app.registry, app.name, app.version, app.sha256, into)
