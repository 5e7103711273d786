// Plotly's own camera makes the picture; it knows one format at a time, so it is told which.
export default function ({ parentElement, data }) {
  const place = `.st-key-${data.inside.replace(/[^a-zA-Z0-9_-]/g, "-")}`;
  const save = (format) => {
    const plot = document.querySelector(`${place} .js-plotly-plot`);
    const camera = plot?.querySelector('.modebar-btn[data-title^="Download plot"]');
    if (!camera) return;
    plot._context.toImageButtonOptions = { format, filename: data.name, scale: format === "png" ? 2 : 1 };
    camera.click();
  };
  parentElement.querySelectorAll("button").forEach((button) => {
    button.onclick = () => save(button.dataset.format);
  });
}
