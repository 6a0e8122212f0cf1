/** Known codes most like an unknown one. */
export interface Likeness {
  code: string;
  name: string;
  /** 1 − edits / length of the longer text; of code or name, whichever is nearer. */
  similarity: number;
}

const LEAST = 0.3;

/** Best first, then by code. `lowest`: less alike is no suggestion. */
export function likest(unknown: string, known: readonly { code: string; name: string }[], most: number, lowest = LEAST): Likeness[] {
  const wanted = unknown.toLowerCase();
  const found: Likeness[] = [];
  for (const { code, name } of known) {
    const least = found.length < most ? lowest : found[most - 1]!.similarity;
    const similarity = Math.max(similarityOf(wanted, code.toLowerCase(), least), similarityOf(wanted, name.toLowerCase(), least));
    if (similarity < least) continue;
    const likeness = { code, name, similarity: Math.round(1000 * similarity) / 1000 };
    found.push(likeness);
    found.sort((a, b) => b.similarity - a.similarity || (a.code < b.code ? -1 : 1));
    found.length = Math.min(found.length, most);
  }
  return found;
}

/** 0 where it cannot reach `least`. */
function similarityOf(a: string, b: string, least: number): number {
  const longer = Math.max(a.length, b.length);
  if (longer === 0) return 0;
  const most = Math.floor((1 - least) * longer + 1e-9);
  if (Math.abs(a.length - b.length) > most) return 0;
  const edits = editDistance(a, b, most);
  return edits > most ? 0 : 1 - edits / longer;
}

/** Levenshtein (1966): fewest insertions, deletions and changes of a letter. More than `most` is told as `most` + 1. */
export function editDistance(a: string, b: string, most = Infinity): number {
  let before = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const change = before[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const edits = Math.min(change, before[j]! + 1, row[j - 1]! + 1);
      row.push(edits);
      if (edits < least) least = edits;
    }
    if (least > most) return most + 1;
    before = row;
  }
  return Math.min(before[b.length]!, most + 1);
}
