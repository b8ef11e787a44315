"""Routes: health, the two admins, documents, and the pages themselves last."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from config.health import health

urlpatterns = [
    path("health", health),
    path("django-admin/", admin.site.urls),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    # With DEBUG alone; elsewhere the uploads are the web server's.
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
    # Last: Wagtail takes every path that is left for a page's.
    path("", include(wagtail_urls)),
]
