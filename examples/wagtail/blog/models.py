"""Three kinds of page: the home page, the blog's index, and a post."""

from django.db import models
from django.http import HttpRequest
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page
from wagtail.search import index


class HomePage(Page):
    intro = RichTextField(blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    subpage_types = ["blog.BlogIndexPage"]

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        latest = BlogPage.objects.live().descendant_of(self).order_by("-date", "-pk")[:5]
        return {**super().get_context(request, *args, **kwargs), "posts": latest}


class BlogIndexPage(Page):
    intro = RichTextField(blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    parent_page_types = ["blog.HomePage"]
    subpage_types = ["blog.BlogPage"]

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        posts = BlogPage.objects.live().child_of(self).order_by("-date", "-pk")
        return {**super().get_context(request, *args, **kwargs), "posts": posts}


class BlogPage(Page):
    date = models.DateField()
    summary = models.CharField(max_length=250)
    body = RichTextField(blank=True)

    content_panels = [*Page.content_panels, FieldPanel("date"), FieldPanel("summary"), FieldPanel("body")]
    parent_page_types = ["blog.BlogIndexPage"]
    subpage_types: list[str] = []
    search_fields = [*Page.search_fields, index.SearchField("summary"), index.SearchField("body")]
