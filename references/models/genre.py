"""What people say a song is; asked, never guessed."""

from django.db import models
from django.utils.translation import gettext_lazy


class Genre(models.TextChoices):
    """Broad kinds; an older entry of the library may have words of its own instead."""

    ACOUSTIC = "acoustic", gettext_lazy("Acoustic, folk, singer-songwriter")
    CLASSICAL = "classical", gettext_lazy("Classical, film music")
    COUNTRY = "country", gettext_lazy("Country, Americana")
    ELECTRONIC = "electronic", gettext_lazy("Electronic, house, techno")
    HIP_HOP = "hip_hop", gettext_lazy("Hip-hop, rap, trap")
    JAZZ = "jazz", gettext_lazy("Jazz, blues")
    LATIN = "latin", gettext_lazy("Latin, Afrobeats, reggae")
    METAL = "metal", gettext_lazy("Metal, hard rock, punk")
    POP = "pop", gettext_lazy("Pop")
    RNB = "rnb", gettext_lazy("R&B, soul, funk")
    ROCK = "rock", gettext_lazy("Rock, indie")
    SPOKEN = "spoken", gettext_lazy("Spoken word, podcast")
