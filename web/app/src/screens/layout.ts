const RATIO = 16 / 9;

/** How many columns make n pictures of 16:9 largest in a box of that size. */
export function columnsFor(n: number, width: number, height: number): number {
  if (n <= 1 || width <= 0 || height <= 0) return 1;
  let best = 1;
  let largest = 0;
  for (let columns = 1; columns <= n; columns++) {
    const rows = Math.ceil(n / columns);
    const picture = Math.min(width / columns, (height / rows) * RATIO);
    if (picture > largest) {
      largest = picture;
      best = columns;
    }
  }
  return best;
}
