"""What images and containers are made from, each as one fingerprint. If it changes, they are out of date."""

from __future__ import annotations

import os
from pathlib import Path

from devenv.context.environment import Environment
from devenv.model import dockerfile, fingerprint, outside
from devenv.model.secrets import RUN


def build(env: Environment) -> str:
    """A fingerprint of everything that images are made from: files, edited libraries, or the released image instead."""
    built = [s.build for s in env.place.services.values() if s.build]
    files = fingerprint.of_files(env.place.root, [f for b in built for f in dockerfile.inputs(b)])
    more = [library.key for library in env.place.libraries.values()]
    more += [env.image] if env.image else []
    return fingerprint.of_text(*more, files) if more else files


def compose(env: Environment) -> str:
    """A fingerprint of everything that defines the containers: the services, our variables, the way to the outside.

    Which services are reached without a proxy is not in it: each new one of the workspace would restart the others.
    """
    variables = {name: value for name, value in env.place.variables.items() if name != "CA_BUNDLE"}
    variables.update({name: value for name, value in env.place.outside.items() if name.lower() != outside.DIRECT})
    if env.place.variables.get("CA_BUNDLE", os.devnull) != os.devnull:
        variables["CA_BUNDLE"] = "given"  # its content changes with each update of the system
    read = {name: service.raw.data for name, service in env.place.services.items()}
    told = Path(env.place.variables["DEV_ENV_FILE"])
    files = [
        told,
        env.place.root / env.place.compose,
        env.place.root / (env.place.overlay or env.place.compose),
        env.place.root / (env.place.override or env.place.compose),
        *Path(env.place.root, ".dev", "compose").glob("*.yaml"),
    ]
    declared = [repr(secret) for secret in env.place.secrets.of(RUN)]  # not their values, which may be slow to get
    texts = [repr(read), repr(sorted(variables.items())), fingerprint.of_files(env.place.root, files), *declared]
    return fingerprint.of_text(*texts)
