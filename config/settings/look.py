"""How the admin looks: names, colours and where its menu comes from (django-unfold)."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

#: Before ``django.contrib.admin``, whose templates they replace.
UNFOLD_APPS = ["unfold", "unfold.contrib.filters"]

_BLUE = {
    "50": "oklch(97% .014 254.6)",
    "100": "oklch(93.2% .032 255.6)",
    "200": "oklch(88.2% .059 254.1)",
    "300": "oklch(80.9% .105 251.8)",
    "400": "oklch(70.7% .165 254.6)",
    "500": "oklch(64.5% .19 256)",
    "600": "oklch(52.5% .215 260.5)",
    "700": "oklch(47.5% .2 261.5)",
    "800": "oklch(42.4% .18 262.6)",
    "900": "oklch(37.9% .146 265.5)",
    "950": "oklch(28.2% .091 267.9)",
}

UNFOLD = {
    "SITE_TITLE": "llmconfig",
    "SITE_HEADER": "llmconfig",
    "SITE_SUBHEADER": _("Model configuration"),
    "SITE_SYMBOL": "tune",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("llmconfig/admin/icon.svg"),
        }
    ],
    "SITE_URL": reverse_lazy("admin:index"),
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "COLORS": {"primary": _BLUE},
    "STYLES": [lambda request: static("llmconfig/admin/admin.css")],
    "SCRIPTS": [lambda request: static("llmconfig/admin/keyboard.js")],
    "DASHBOARD_CALLBACK": "config.admin.dashboard.overview",
    "SIDEBAR": {"navigation": "config.admin.navigation.sidebar"},
}
