export default function ({ parentElement, data }) {
  const button = parentElement.querySelector("button"), field = parentElement.querySelector("input");
  // Read when it is clicked: a pin changes the address without drawing this again.
  const link = () => {
    const query = new URLSearchParams(location.search);
    data.drop.forEach((name) => query.delete(name));
    Object.entries(data.put).forEach(([name, value]) => query.set(name, value));
    return `${location.origin}${location.pathname}?${query}`;
  };
  button.textContent = data.label;
  button.title = data.help;
  field.hidden = true;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(link());
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = data.label; }, 2000);
    } catch {
      // Without https a browser may refuse: then the reader copies by hand.
      field.hidden = false;
      field.value = link();
      field.select();
    }
  };
}
