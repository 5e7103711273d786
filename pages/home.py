"""Home: what this is, at a glance."""

from components.shell import start_page

start_page("home")
