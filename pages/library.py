"""Library: the runs that were saved, to find, name, open and take along."""

from backend import cached
from components.library.listing import library_view
from components.library.upload import upload
from components.shell import start_page

start_page("library")
upload(cached)
library_view(cached)
