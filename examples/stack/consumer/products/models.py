from django.db import models


class Product(models.Model):
    code = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    cents = models.PositiveIntegerField()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title
