import { CsvError, parse } from 'csv-parse/sync';
import { MONEY_SCALE, parseDecimal, QUANTITY_SCALE } from '@plumbline/kernel';

/** One thing wrong with an imported file. `row` is the line of the file as an editor counts it (the header is 1). */
export interface ImportFault {
  file: string;
  row: number;
  column: string;
  code: ImportFaultCode;
  message: string;
}

export type ImportFaultCode =
  | 'empty-file'
  | 'broken-csv'
  | 'missing-column'
  | 'repeated-column'
  | 'cell-count'
  | 'empty-cell'
  | 'bad-decimal'
  | 'too-many-decimals'
  | 'too-large'
  | 'negative'
  | 'bad-month'
  | 'bad-unit'
  | 'bad-zone'
  | 'unknown-family'
  | 'unknown-region'
  | 'unknown-sku'
  | 'unknown-location'
  | 'duplicate'
  | 'horizon-hole'
  | 'no-split'
  | 'no-weight'
  | 'plan-invalid';

/** A row of a CSV file: its cells by lower-case column name, trimmed. */
export interface CsvRow {
  row: number;
  cell(column: string): string;
}

/**
 * Reads a CSV text: comma, semicolon or tab (whichever the header has most of), quotes, a byte-order mark and any line
 * ends. Faults are added to `faults`; rows that have one are left out.
 */
export class CsvFile {
  readonly file: string;
  readonly rows: CsvRow[] = [];
  readonly #faults: ImportFault[];
  readonly #columns: string[] = [];
  readonly #delimiter: string;

  constructor(file: string, text: string, required: readonly string[], faults: ImportFault[]) {
    this.file = file;
    this.#faults = faults;
    const plain = text.replace(/^\uFEFF/, '');
    this.#delimiter = delimiterOf(plain.slice(0, plain.search(/[\r\n]|$/)));
    const [header, ...records] = this.#parse(plain);
    if (!header) return;
    this.#columns.push(...header.cells.map((name) => name.toLowerCase()));
    this.#columns.forEach((name, i) => {
      if (name !== '' && this.#columns.indexOf(name) < i)
        this.fault(header.row, name, 'repeated-column', `column "${name}" is there twice`);
    });
    const missing = required.filter((name) => !this.#columns.includes(name));
    for (const name of missing) {
      this.fault(
        header.row,
        name,
        'missing-column',
        `there is no column "${name}"; found: ${this.#columns.join(', ')}`,
      );
    }
    if (missing.length === 0) records.forEach((record) => this.#add(record, required));
  }

  has(column: string): boolean {
    return this.#columns.includes(column);
  }

  fault(row: number, column: string, code: ImportFaultCode, message: string): void {
    this.#faults.push({ file: this.file, row, column, code, message });
  }

  /** A non-negative exact quantity, in thousandths; NaN after a fault. */
  quantity(row: CsvRow, column: string): number {
    return this.#decimal(row, column, QUANTITY_SCALE);
  }

  /** A non-negative exact amount, in ten-thousandths; NaN after a fault. */
  money(row: CsvRow, column: string): number {
    return this.#decimal(row, column, MONEY_SCALE);
  }

  /** A non-negative number that need not be exact; NaN after a fault. */
  ratio(row: CsvRow, column: string): number {
    const text = this.#withPoint(row.cell(column));
    if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
    this.fault(row.row, column, 'bad-decimal', `"${row.cell(column)}" is no plain number of 0 or more`);
    return NaN;
  }

  /** A decimal comma cannot be meant where the comma separates columns. */
  #withPoint(written: string): string {
    return this.#delimiter !== ',' && /^[+-]?\d+,\d+$/.test(written) ? written.replace(',', '.') : written;
  }

  #decimal(row: CsvRow, column: string, scale: number): number {
    const written = row.cell(column);
    const text = this.#withPoint(written);
    const value = parseDecimal(text, scale);
    if (value >= 0 && value <= 2 ** 50) return value;
    const decimals = Math.round(Math.log10(scale));
    if (value < 0) this.fault(row.row, column, 'negative', `${written} is negative`);
    else if (!/^[+-]?\d+(\.\d+)?$/.test(text))
      this.fault(row.row, column, 'bad-decimal', `"${written}" is no plain decimal number`);
    else if (Number.isNaN(value) && (text.split('.')[1] ?? '').replace(/0+$/, '').length > decimals) {
      this.fault(
        row.row,
        column,
        'too-many-decimals',
        `${written} has more than ${decimals} decimals, which would not be exact`,
      );
    } else this.fault(row.row, column, 'too-large', `${written} is too large to be exact`);
    return NaN;
  }

  #parse(text: string): { row: number; cells: string[] }[] {
    let found: { row: number; cells: string[] }[] = [];
    try {
      const parsed = parse(text, {
        delimiter: this.#delimiter,
        info: true,
        relax_column_count: true,
        skip_empty_lines: true,
        trim: true,
      }) as unknown as { record: string[]; info: { lines: number } }[];
      found = parsed.map(({ record, info }) => ({ row: info.lines, cells: record }));
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      const lines: unknown = error['lines'];
      this.fault(typeof lines === 'number' ? lines : 1, '', 'broken-csv', error.message);
      return [];
    }
    if (found.length === 0) this.fault(1, '', 'empty-file', 'the file is empty');
    return found;
  }

  #add({ row, cells }: { row: number; cells: string[] }, required: readonly string[]): void {
    if (cells.every((cell) => cell === '')) return;
    if (cells.length !== this.#columns.length) {
      this.fault(row, '', 'cell-count', `${cells.length} cells under ${this.#columns.length} columns`);
      return;
    }
    const cell = (column: string): string => cells[this.#columns.indexOf(column)] ?? '';
    const empty = required.filter((column) => cell(column) === '');
    for (const column of empty) this.fault(row, column, 'empty-cell', `${column} is empty`);
    if (empty.length === 0) this.rows.push({ row, cell });
  }
}

function delimiterOf(header: string): string {
  const bare = header.replace(/"[^"]*"/g, '');
  const count = (delimiter: string): number => bare.split(delimiter).length;
  return [',', ';', '\t'].reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}
