export interface SparkDrawing {
  path: string;
  end: { x: number; y: number } | undefined;
  planY: number | undefined;
}

/**
 * A line without axes on its own scale, with room for the dot at its end. Where nothing moves it runs in the middle.
 * @param reach least distance above and below the plan that the scale covers, so that chance does not look like a swing
 */
export function sparkOf(values: readonly (number | null)[], plan: number | undefined, width: number, height: number, reach = 0): SparkDrawing {
  const known = values.filter((value): value is number => value !== null);
  const all = plan === undefined ? known : [...known, plan - reach, plan + reach];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const [inset, inner] = [3, height - 6];
  const y = (value: number): number => round(high > low ? inset + ((high - value) / (high - low)) * inner : height / 2);
  const x = (index: number): number => round(values.length > 1 ? (index * (width - inset)) / (values.length - 1) : width - inset);
  let path = '';
  let end: SparkDrawing['end'];
  let pen = 'M';
  values.forEach((value, index) => {
    if (value === null) {
      pen = 'M';
      return;
    }
    end = { x: x(index), y: y(value) };
    path += `${pen}${end.x},${end.y}`;
    pen = 'L';
  });
  return { path, end, planY: plan === undefined ? undefined : y(plan) };
}

const round = (value: number): number => Math.round(value * 10) / 10;
