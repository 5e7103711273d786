"""Each module of the browser's code loads by itself, from our own route."""

from __future__ import annotations

from components.frame import BROWSER

LOAD = """async (paths) => {
  const failed = [];
  for (const path of paths) {
    // A document of its own each, so that no module is there already for another's sake.
    const inner = document.createElement('iframe');
    document.body.append(inner);
    const done = new Promise((resolve) => (inner.contentWindow.told = resolve));
    const script = inner.contentDocument.createElement('script');
    script.type = 'module';
    script.textContent = `import(${JSON.stringify(path)})
      .then(() => window.told(''), (error) => window.told(String(error)))`;
    inner.contentDocument.body.append(script);
    const said = await done;
    if (said) failed.push(`${path}: ${said}`);
    inner.remove();
  }
  return failed;
}"""


def test_each_module_loads_alone(frame):
    frame.goto("tokens")
    base = frame.page.evaluate(
        "performance.getEntriesByType('resource').map(each => each.name)"
        ".find(name => name.endsWith('/frame.js')).replace(/frame[.]js$/, '')"
    )
    modules = sorted(BROWSER.rglob("*.js"))
    paths = [f"{base}{path.relative_to(BROWSER).as_posix()}" for path in modules]
    assert len(paths) > 30
    assert frame.page.evaluate(LOAD, paths) == []
