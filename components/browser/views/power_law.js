// The law L∞ + (N₀ / N)^α through points, as backend/measures/scaling.py fits it.

const [LOW, HIGH, GRID, TURNS] = [0.02, 3, 60, 60];
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Floor and coefficient that are best at an exponent, by least squares on relative errors; the floor is ≥ 0. */
function solved(points, exponent) {
  let [aa, ab, bb, a, b] = [0, 0, 0, 0, 0];
  for (const { size, loss } of points) {
    const [one, power] = [1 / loss, size ** -exponent / loss];
    aa += one * one;
    ab += one * power;
    bb += power * power;
    a += one;
    b += power;
  }
  const determinant = aa * bb - ab * ab;
  let [floor, scale] = [(a * bb - b * ab) / determinant, (aa * b - ab * a) / determinant];
  if (!(floor >= 0)) [floor, scale] = [0, b / bb];
  const rest = points.reduce((sum, { size, loss }) => sum + ((floor + scale * size ** -exponent) / loss - 1) ** 2, 0);
  return { floor, scale, rest };
}

/**
 * @param {{size: number, loss: number}[]} points
 * @returns {{floor: number, scale: number, exponent: number, error: number}} ``error`` is relative
 */
export function fitPowerLaw(points) {
  const grid = Array.from({ length: GRID }, (_, i) => LOW * (HIGH / LOW) ** (i / (GRID - 1)));
  const rest = (exponent) => solved(points, exponent).rest;
  const start = grid.reduce((best, each) => (rest(each) < rest(best) ? each : best));
  let [low, high] = [start / 1.1, start * 1.1];
  for (let turn = 0; turn < TURNS; turn++) {
    const [first, second] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
    if (rest(first) < rest(second)) high = second;
    else low = first;
  }
  const exponent = (low + high) / 2;
  const found = solved(points, exponent);
  return { floor: found.floor, scale: Math.max(found.scale, 0) ** (1 / exponent), exponent, error: Math.sqrt(found.rest / points.length) };
}
