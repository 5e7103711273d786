// Everything that leans on how Streamlit 1.67 is made, and not on what it promises; each has a test.

/** Whether the page is dark, by the background that Streamlit gives a component. */
export function isDark(mount) {
  const host = mount instanceof ShadowRoot ? mount.host : mount;
  const colour = getComputedStyle(host).getPropertyValue("--st-background-color").trim();
  const [red, green, blue] = (colour.match(/[0-9a-f]{2}/gi) ?? []).map((each) => parseInt(each, 16));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
}

/** Call ``changed(dark)`` when the system's preference or Streamlit's theme changes. */
export function onThemeChange(mount, changed) {
  let dark = isDark(mount);
  const look = () => {
    if (isDark(mount) === dark) return;
    dark = !dark;
    changed(dark);
  };
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(look, 200));
  const host = mount instanceof ShadowRoot ? mount.host : mount;
  new MutationObserver(look).observe(host.parentElement, { attributes: true, subtree: true, attributeFilter: ["style", "class"] });
}

const app = () => document.querySelector("[data-testid=stApp]"); // missing where a view stands alone

/** Whether the page has its connection to the server. */
export function isConnected() {
  return (app()?.dataset.testConnectionState ?? "CONNECTED") === "CONNECTED";
}

/** Whether the server works on this page's script now. */
export function isRunning() {
  return ["running", "rerunRequested"].includes(app()?.dataset.testScriptState);
}

/** Call ``changed()`` when the connection is lost, tried again, or there. */
export function onConnection(changed) {
  const node = app();
  if (node) new MutationObserver(changed).observe(node, { attributeFilter: ["data-test-connection-state"] });
}

/** Close Streamlit's dialog about the connection whenever it opens: it takes the page away. */
export function closeConnectionDialog() {
  const look = new MutationObserver(() => {
    if (isConnected()) look.disconnect();
    const dialog = [...document.querySelectorAll("[role=dialog]")].find((each) => each.querySelector("h2")?.textContent === "Connection error");
    dialog?.querySelector("button[aria-label=Close]")?.click();
  });
  look.observe(document.body, { childList: true, subtree: true });
}

/** Write an address as a step of the history. */
export const pushAddress = (url) => History.prototype.pushState.call(window.history, {}, "", url);

/** Write an address in place of the one there is. */
export const replaceAddress = (url) => window.history.replaceState({}, "", url);

/**
 * Call ``back()`` at every step of the history, and keep Streamlit out of it: it would write the
 * path of the page that its server ran last, though the reader may have gone on since.
 */
export function takeHistory(back) {
  window.history.pushState = () => {};
  const step = (event) => {
    event.stopImmediatePropagation();
    back();
  };
  window.addEventListener("popstate", step, true);
}

const THEMES = { light: "Light", dark: "Dark" };
const THEME_KEY = "stActiveTheme-";
const keyOf = (path) => `${THEME_KEY}${path}-v2`;

/** Whether Streamlit keeps a choice of theme under a key. */
export const isThemeKey = (key) => key.startsWith(THEME_KEY);

/** The theme chosen for this page: "light", "dark" or "system". */
export function chosenTheme() {
  const said = localStorage.getItem(keyOf(window.location.pathname));
  return { '"Light"': "light", '"Dark"': "dark" }[said] ?? "system";
}

/** Choose a theme for all pages. Streamlit reads its key when a page loads, so the page reloads. */
export function chooseTheme(theme, paths) {
  for (const path of paths) {
    if (theme === "system") localStorage.removeItem(keyOf(path));
    else localStorage.setItem(keyOf(path), JSON.stringify(THEMES[theme]));
  }
  window.location.reload();
}
