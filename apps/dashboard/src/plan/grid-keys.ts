/** Where the focus is in the grid: −1 is the head of rows or columns, and the last of each is the total. */
export interface Place {
  row: number;
  column: number;
}

/** The place an arrow key leads to, or undefined when it leads nowhere. The corner holds nothing. */
export function stepped({ row, column }: Place, key: string, rows: number, columns: number, whole = false): Place | undefined {
  const to = { row, column };
  if (key === 'ArrowLeft') to.column--;
  else if (key === 'ArrowRight') to.column++;
  else if (key === 'ArrowUp') to.row--;
  else if (key === 'ArrowDown') to.row++;
  else if (key === 'PageUp') to.row = Math.max(0, row - 8);
  else if (key === 'PageDown') to.row = Math.min(rows - 1, row + 8);
  else if (key === 'Home') Object.assign(to, whole ? { row: 0, column: 0 } : { column: row === -1 ? 0 : -1 });
  else if (key === 'End') Object.assign(to, whole ? { row: rows - 1, column: columns - 1 } : { column: columns - 1 });
  else return undefined;
  const inside = to.row >= -1 && to.row < rows && to.column >= -1 && to.column < columns && !(to.row === -1 && to.column === -1);
  return inside && (to.row !== row || to.column !== column) ? to : undefined;
}
