"""The home page and a blog of as many posts as asked for."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth.models import User
from wagtail.models import Page, PageLogEntry, Site

from blog.models import BlogIndexPage, BlogPage, HomePage

FIRST_DAY = date(2024, 1, 1)
TOPICS = ["Release notes", "Field report", "How we work", "A question answered", "Behind the scenes"]


def ensure_site() -> BlogIndexPage:
    home = ensure_page(Page.get_first_root_node(), home_page())
    show_at_root(home)
    return ensure_page(home, blog_index())


def ensure_posts(blog: BlogIndexPage, count: int) -> None:
    present = set(blog.get_children().values_list("slug", flat=True))
    for number in range(1, count + 1):
        if f"post-{number}" not in present:
            add(blog, post(number))


def home_page() -> HomePage:
    return HomePage(title="The Daily Wagtail", slug="start", intro="<p>News from a small editorial team.</p>")


def blog_index() -> BlogIndexPage:
    return BlogIndexPage(title="Blog", slug="blog", intro="<p>Everything that we wrote, newest first.</p>")


def post(number: int) -> BlogPage:
    topic = TOPICS[(number - 1) % len(TOPICS)]
    return BlogPage(
        title=f"{topic} {number}",
        slug=f"post-{number}",
        date=day(number),
        summary=f"{topic}, number {number} of the series.",
        body=f"<p>This is post {number}.</p><p>It was written for people who try things out.</p>",
    )


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number - 1)


def ensure_page(parent: Page, page: Page) -> Page:
    present = type(page).objects.child_of(parent).filter(slug=page.slug).first()
    return present or add(parent, page)


def add(parent: Page, page: Page) -> Page:
    # Wagtail would take a random key and the present time: fixed ones make the rows the same everywhere.
    page.translation_key = uuid5(NAMESPACE_URL, page.slug)
    page.first_published_at = page.last_published_at = morning(getattr(page, "date", FIRST_DAY))
    page.owner = User.objects.get(username="editor")
    parent.add_child(instance=page)
    date_history(page.pk, page.first_published_at)
    return page


def show_at_root(home: Page) -> None:
    # Wagtail's first migration leaves a welcome page as the site's root. The site moves first:
    # deleting the page under it would delete the site too.
    site = Site.objects.get(is_default_site=True)
    welcome = site.root_page
    if welcome.slug == "home" and welcome.specific_class is Page:
        site.root_page = home
        site.save()
        welcome_id = welcome.pk
        welcome.delete()
        date_history(welcome_id, morning(FIRST_DAY))


def date_history(page_id: int, moment: datetime) -> None:
    PageLogEntry.objects.filter(page=page_id).update(timestamp=moment)


def morning(of: date) -> datetime:
    return datetime.combine(of, time(9), UTC)
