"""Servers that only containers can run: written, with their variables, and told for the other engine."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.adopt.read_trees import notes, reading
from tests.adopt.test_fill_files import Loader, fill
from tools.adopt.fill.points import open_points
from tools.adopt.read.stores.backing import KINDS

# By kind: a driver, what code reads, and what the variable has in our compose file.
READ = {
    "memcached": ("pymemcache", "os.environ.get('MEMCACHE_HOST', 'shop.memcache:11211')", "memcached:11211"),
    "mongodb": ("pymongo", "os.environ['MONGO_URL']", "mongodb://mongodb:27017"),
    "elasticsearch": ("elasticsearch", "os.getenv('ELASTICSEARCH_URL', 'http://es:9200/x')", "http://elasticsearch:9200/x"),
    "opensearch": ("opensearch-py", "os.environ['OPENSEARCH_HOST']", "opensearch"),
    "meilisearch": ("meilisearch", "os.environ['MEILISEARCH_URL']", "http://meilisearch:7700"),
    "rabbitmq": ("pika", "os.getenv('BROKER', 'amqp://guest@mq:5672//')", "amqp://rabbitmq:5672//"),
    "minio": ("boto3", "os.getenv('S3_ENDPOINT_URL', 'http://minio:9000')", "http://minio:9000"),
}  # fmt: skip


def test_every_kind_has_a_row_here() -> None:
    assert {*READ} == {*KINDS}


@pytest.mark.parametrize("kind", READ)
def test_a_server_is_a_service_and_an_open_point_for_the_other_engine(tmp_path: Path, kind: str) -> None:
    driver, code, value = READ[kind]
    tree = {"requirements.txt": f"flask\n{driver}\n", "settings.py": f"import os\n{code}\n"}
    if kind == "minio":  # object storage alone is optional
        tree["docker-compose.yml"] = "services: {minio: {image: 'minio/minio:RELEASE.2024'}}\n"
    found = reading(tmp_path, tree)
    names = {name: kind for one in found.backing for name in one.variables}
    compose = "compose.devenv.yaml" if kind == "minio" else "compose.yaml"
    text = fill(found)["compose.yaml"]
    made = yaml.load(text, Loader)["services"]
    assert made[kind]["x-devenv-optional"] is True
    assert made[kind]["mem_limit"]
    assert made[kind]["logging"]["options"]["max-size"]
    assert made[kind]["healthcheck"]["test"][0] == "CMD-SHELL"
    assert [made["app"]["environment"][name] for name in names] == [value], compose
    points = [point for point in open_points({"compose.yaml": text}) if "only in containers" in point.what]
    assert [point.example.partition(":")[0] for point in points] == [*names]


def test_a_server_of_their_compose_file_keeps_image_and_names(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "flask\n",
        "docker-compose.yml": "services:\n  memcache: {image: 'memcached:1.6.2', container_name: shop.memcache}\n",
    }
    found = reading(tmp_path, tree)
    made = yaml.load(fill(found)["compose.yaml"], Loader)["services"]["memcached"]
    assert made["image"] == "memcached:1.6.2"
    assert made["networks"] == {"default": {"aliases": ["memcache", "shop.memcache"]}}


@pytest.mark.parametrize(("code", "told"), [("", False), ("import os\nos.getenv('ELASTICSEARCH_URL')\n", True)])
def test_a_driver_of_a_group_is_optional(tmp_path: Path, code: str, told: bool) -> None:
    project = "[project]\nname='a'\ndependencies=['flask']\n[project.optional-dependencies]\nsearch=['elasticsearch']\n"
    found = reading(tmp_path, {"pyproject.toml": project, "settings.py": code})
    assert found.backing == ()
    assert bool([note for note in notes(found) if "ELASTICSEARCH_URL would have its address" in note]) is told


def test_a_read_replica_is_the_same_server(tmp_path: Path) -> None:
    names = ("DB_HOST", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_REPLICA_HOST", "READ_REPLICA_DB_NAME")
    code = "import os\n" + "".join(f"os.environ['{name}']\n" for name in names)
    found = reading(tmp_path, {"requirements.txt": "flask\npsycopg\n", "settings.py": code})
    given = yaml.load(fill(found)["compose.yaml"], Loader)["services"]["app"]["environment"]
    assert given["DB_REPLICA_HOST"] == given["DB_HOST"]
    assert given["READ_REPLICA_DB_NAME"] == given["DB_NAME"]
    assert not [note for note in notes(found) if "REPLICA" in note]
