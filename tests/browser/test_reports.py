"""What the server is told, by the reports alone: when they are sent, and how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

MOUNT = """async () => {
  const app = document.createElement("div")
  Object.assign(app.dataset, { testid: "stApp", testConnectionState: "CONNECTED", testScriptState: "notRunning" })
  document.body.append(app)
  const { Reports } = await import("/assets/dev/reports.js")
  const { Connection } = await import("/assets/dev/connection.js")
  const frame = { page: { group: "read", name: "tokens" }, jobs: { expect() {} }, notices: [] }
  frame.notice = (each) => frame.notices.push(each.text)
  frame.reports = new Reports(frame)
  frame.connection = new Connection(frame)
  window.sent = []
  frame.reports.send = (name, value) => window.sent.push(value)
  Object.assign(window, { app, frame })
}"""  # noqa: E501


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of its own: its clock stays stopped."""
    return context.new_page()


@pytest.fixture
def reports(page, serving) -> Callable[..., Any]:
    """Return a function that runs JavaScript beside a frame that only reports."""
    page.clock.install()
    page.goto(serving.url)
    page.evaluate(MOUNT)
    return page.evaluate


def sent(reports) -> list[list[str]]:
    return [[each["do"] for each in report["asked"]] for report in reports("window.sent")]


def test_nothing_is_sent_without_a_connection_and_once_when_it_is_back(page, reports):
    reports("app.dataset.testConnectionState = 'PINGING_SERVER'")
    page.clock.run_for(1_500)
    assert not reports("frame.connection.node.hidden")
    reports("frame.reports.ask({ do: 'save' })")
    page.clock.run_for(120_000)
    assert sent(reports) == []
    reports("app.dataset.testConnectionState = 'CONNECTED'")
    page.clock.run_for(100)
    assert sent(reports) == [["save"]]
    assert reports("frame.connection.node.hidden")
    assert reports("frame.notices.length") == 1


def test_a_short_gap_is_not_spoken_of(page, reports):
    reports("app.dataset.testConnectionState = 'PINGING_SERVER'")
    page.clock.run_for(500)
    reports("app.dataset.testConnectionState = 'CONNECTED'")
    page.clock.run_for(5_000)
    assert reports("frame.connection.node.hidden")
    assert reports("frame.notices") == []


def test_a_report_is_not_repeated_while_the_server_works_on_the_page(page, reports):
    reports("frame.reports.ask({ do: 'run' })")
    reports("app.dataset.testScriptState = 'running'")
    page.clock.run_for(300_000)
    assert sent(reports) == [["run"]]
    reports("app.dataset.testScriptState = 'notRunning'")
    page.clock.run_for(4_100)
    assert sent(reports) == [["run"], ["run"]]


def test_a_report_without_an_answer_is_repeated_ever_more_rarely(page, reports):
    reports("frame.reports.ask({ do: 'run' })")
    page.clock.run_for(3_600_000)
    assert 4 < len(sent(reports)) < 70  # one a minute at last, where it was 900
    reports("frame.reports.acknowledge(frame.reports.underWay)")
    page.clock.run_for(3_600_000)
    reports("frame.reports.ask({ do: 'save' })")
    assert sent(reports)[-1] == ["save"]
    before = len(sent(reports))
    page.clock.run_for(4_100)
    assert len(sent(reports)) == before + 1  # soon again after an answer


def test_the_dialog_about_the_connection_is_closed_and_no_other(page, reports):
    reports("app.dataset.testConnectionState = 'PINGING_SERVER'")
    for title in ("Texts from a file", "Connection error"):
        reports(
            """title => {
              const dialog = document.createElement("section")
              dialog.setAttribute("role", "dialog")
              const close = document.createElement("button")
              close.setAttribute("aria-label", "Close")
              close.onclick = () => dialog.remove()
              const heading = document.createElement("h2")
              heading.textContent = title
              dialog.append(close, heading)
              document.body.append(dialog)
            }""",
            title,
        )
    assert page.get_by_role("dialog").all_inner_texts() == ["Texts from a file"]
