"""How far Docker, BuildKit and Compose are, from what they print."""

from __future__ import annotations

import re

BUILT = r"#\d+ \[(?:\S+ )?(\d+)/(\d+)\]"
LAYER = r"\s*([0-9a-f]{12}):? (Pulling fs layer|Waiting|Already exists|Pull complete)"


class Progress:
    """How far a build or a pull is, from the plain output of Docker, BuildKit and Compose.

    BuildKit numbers the steps of each stage: `#11 [deps 2/3] RUN …`. Of an image, each layer has its own lines:
    `6e909acdb790: Pulling fs layer`, then `Pull complete`. Other versions may print other lines, and then nothing is
    reported.
    """

    def __init__(self) -> None:
        self.layers: dict[str, bool] = {}

    def __call__(self, line: str) -> tuple[int, int, str] | None:
        """The number done, the number of all, and of what; None if the line does not say so."""
        built, layer = re.match(BUILT, line), re.match(LAYER, line)
        if built:
            return int(built[1]), int(built[2]), "steps"
        if not layer:
            return None
        complete = layer[2] in ("Pull complete", "Already exists")
        self.layers[layer[1]] = complete or self.layers.get(layer[1], False)
        return sum(self.layers.values()), len(self.layers), "layers"
