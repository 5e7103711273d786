const LOOKS = 100; // ten times a second

export default function ({ parentElement, data }) {
  const button = parentElement.querySelector("button"), field = parentElement.querySelector("input");
  // Read when it is clicked: a pin changes the address without drawing this again.
  const link = () => {
    const query = new URLSearchParams(location.search);
    data.drop.forEach((name) => query.delete(name));
    Object.entries(data.put).forEach(([name, value]) => query.set(name, value));
    return `${location.origin}${location.pathname}?${query}`;
  };
  // The address may be ahead: it names a new run while this still stands beside the one before.
  const current = () => {
    const query = new URLSearchParams(location.search);
    return Object.entries(data.drawn_at).every(([name, value]) => query.get(name) === value);
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link());
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = data.label; }, 2000);
    } catch {
      // Without https a browser may refuse: then the reader copies by hand.
      button.textContent = data.label;
      field.hidden = false;
      field.value = link();
      field.select();
    }
  };
  button.title = data.help;
  field.hidden = true;
  // Asked through the button, which has the functions of the newest drawing.
  button.current = current;
  button.copy = copy;
  button.onclick = () => {
    let looks = LOOKS;
    const look = () => {
      if (button.current()) return button.copy();
      button.textContent = looks > 0 ? "…" : data.label;
      if (looks-- > 0) setTimeout(look, 100);
    };
    look();
  };
  if (button.textContent !== "…") button.textContent = data.label;
}
