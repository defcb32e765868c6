"""Static files whose addresses follow the path that the service lies below.

Django's storages fix their address when they are made: at start, when a path that the server is
told (``--root-path``) is not known yet.
"""

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.urls import get_script_prefix
from whitenoise.storage import CompressedManifestStaticFilesStorage

#: ``STATIC_URL``, below the path.
FOLDER = "static/"


class _BelowPath:
    @property
    def base_url(self) -> str:
        """Of the request that is being answered."""
        return get_script_prefix() + FOLDER


class Storage(_BelowPath, StaticFilesStorage):
    """Files as they lie in the packages."""


class ManifestStorage(_BelowPath, CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Collected files, compressed and named by their content."""
