/** A label that wants to sit at `y` (its middle) and is `height` tall. */
export interface Wanted {
  y: number;
  height: number;
}

interface Cluster {
  members: number[];
  /** Sum over members of (wanted top − height of those above it in the cluster): its mean is the cluster's best top. */
  pull: number;
  height: number;
}

/**
 * Middles for labels in one column so that none overlaps another and none leaves [top, bottom], each as near to where
 * it wants to be as the others allow (least squares, by pooling neighbours). Order by wanted `y` is kept. Where they do
 * not all fit they start at `top` and run out at the bottom.
 */
export function placeLabels(wanted: readonly Wanted[], top: number, bottom: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]!.y - wanted[b]!.y || a - b);
  const clusters: Cluster[] = [];
  for (const index of order) {
    const { y, height } = wanted[index]!;
    let last: Cluster = { members: [index], pull: y - height / 2, height };
    let above = clusters.at(-1);
    while (above && topOf(above, top, bottom) + above.height > topOf(last, top, bottom)) {
      clusters.pop();
      last = {
        members: [...above.members, ...last.members],
        pull: above.pull + last.pull - last.members.length * above.height,
        height: above.height + last.height,
      };
      above = clusters.at(-1);
    }
    clusters.push(last);
  }
  const placed = new Array<number>(wanted.length);
  for (const cluster of clusters) {
    let y = topOf(cluster, top, bottom);
    for (const index of cluster.members) {
      placed[index] = y + wanted[index]!.height / 2;
      y += wanted[index]!.height;
    }
  }
  return placed;
}

const topOf = ({ members, pull, height }: Cluster, top: number, bottom: number): number =>
  Math.max(top, Math.min(bottom - height, pull / members.length));
