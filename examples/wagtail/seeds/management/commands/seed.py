"""`manage.py seed SCENARIO`: the last line on stdout is one JSON object that says what is there."""

import json

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from blog.models import BlogPage
from seeds.guard import refuse_outside_development
from seeds.pages import ensure_posts, ensure_site
from seeds.people import ensure_people

DEFAULT_POSTS = 5


class Command(BaseCommand):
    help = "Fill the database with a named set of data. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        scenarios = parser.add_subparsers(dest="scenario", required=True)
        scenarios.add_parser("default", help=f"users of each role, a home page, {DEFAULT_POSTS} posts")
        blog = scenarios.add_parser("blog", help="the same with as many posts as asked for")
        blog.add_argument("--posts", type=int, required=True)

    def handle(self, *args: object, posts: int = DEFAULT_POSTS, **options: object) -> None:
        refuse_outside_development()
        seed(posts)
        self.stdout.write(json.dumps({"users": User.objects.count(), "posts": BlogPage.objects.count()}))


@transaction.atomic
def seed(posts: int) -> None:
    ensure_people()
    ensure_posts(ensure_site(), posts)
