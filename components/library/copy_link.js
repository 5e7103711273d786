export default function ({ parentElement, data }) {
  const button = parentElement.querySelector("button"), field = parentElement.querySelector("input");
  const link = location.origin + location.pathname + (data.query ? "?" + data.query : "");
  button.textContent = data.label;
  button.title = data.help;
  field.hidden = true;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(link);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = data.label; }, 2000);
    } catch {
      // Without https a browser may refuse: then the reader copies by hand.
      field.hidden = false;
      field.value = link;
      field.select();
    }
  };
}
