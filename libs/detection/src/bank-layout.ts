import { PlumblineError } from '@plumbline/kernel';
import { STATISTICS } from './day-step.ts';

/**
 * The bytes of a SeriesBank: a header, then one record per series. All little-endian (checked by the magic word).
 *
 * Header, 32-bit words: 0 magic, 1 version, 2 wide, 3 size, 4 clocks, 5 stride; from word 16 four per clock:
 * open day, last minute, hour of the last drop scan, unused.
 *
 * Record, narrow (96 B) / wide (128 B), offset in bytes:
 *   0        15 float32 statistics at the checkpoint, that is before the oldest kept day (see day-step.ts)
 *   60       uint32 facts: a nibble per day & 7 (surge fired, drop fired, zero run fired, dispersion not learnt)
 *   64 / 64  8 counts of lines by day & 7: seven closed days and the open one (uint16 / uint32)
 *   80 / 96  count of the day after the open one
 *   82 / 100 surge bound: the count of the open day at which the surge statistic has to be looked at
 *   84 / 104 uint16 first business day
 *   86 / 106 uint8 drop bound: the first hour of the open day at which a drop has to be looked at, 255 = none
 *   87 / 107 uint8 flags
 *   88 / 108 float32 sensed ratio and 92 / 112 float32 dispersion in use at the open day
 * What an event touches lies in one aligned block of 32 (64) bytes: one cache line, one page.
 */
export const MAGIC = 0x42534c50;
export const VERSION = 1;
export const PAGE_BYTES = 65_536;
export const KEPT_DAYS = 7;

export const FACT_SURGE = 1;
export const FACT_DROP = 2;
export const FACT_ZERO_RUN = 4;
export const FACT_ALPHA_HELD = 8;
/** Surge and drop facts of all eight nibbles. */
export const FACTS_FIRED = 0x33333333;

export const FLAG_LATE = 1;
export const FLAG_CANDIDATE = 2;
export const FLAG_OPEN = 4;
/** The zero run under way at the checkpoint has been reported. */
export const FLAG_ZERO_RUN = 8;

export const NO_HOUR = 255;
export const FACTS = STATISTICS * 4;
export const COUNTS = 64;

export interface RecordLayout {
  stride: number;
  /** Bytes of a count. */
  cell: 2 | 4;
  next: number;
  bound: number;
  first: number;
  dropHour: number;
  flags: number;
  theta: number;
  alpha: number;
  /** The bound no count reaches; counts stop one below it. */
  never: number;
}

export const NARROW: RecordLayout = {
  stride: 96,
  cell: 2,
  next: 80,
  bound: 82,
  first: 84,
  dropHour: 86,
  flags: 87,
  theta: 88,
  alpha: 92,
  never: 0xffff,
};
export const WIDE: RecordLayout = {
  stride: 128,
  cell: 4,
  next: 96,
  bound: 100,
  first: 104,
  dropHour: 106,
  flags: 107,
  theta: 108,
  alpha: 112,
  never: 0xffffffff,
};

const HEADER_WORDS = 16;
const CLOCK_WORDS = 4;
export const openDayWord = (clock: number): number => HEADER_WORDS + clock * CLOCK_WORDS;
export const minuteWord = (clock: number): number => openDayWord(clock) + 1;
export const hourWord = (clock: number): number => openDayWord(clock) + 2;

/** Rounded up to whole records of 128 bytes, so that records stay aligned. */
export const headerBytes = (clocks: number): number =>
  Math.ceil(((HEADER_WORDS + clocks * CLOCK_WORDS) * 4) / 128) * 128;

export function writeHeader(words: Int32Array, layout: RecordLayout, size: number, openDays: readonly number[]): void {
  words.set([MAGIC, VERSION, layout === WIDE ? 1 : 0, size, openDays.length, layout.stride]);
  openDays.forEach((day, clock) => words.set([day, 0, -1, 0], openDayWord(clock)));
}

/** @throws PlumblineError 'snapshot-mismatch' when the bytes are not a snapshot of a bank of this shape */
export function checkHeader(bytes: Uint8Array, expected: Int32Array): void {
  const found = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const names = ['magic', 'version', 'wide', 'size', 'clocks', 'stride'];
  names.forEach((name, word) => {
    const value = bytes.length >= (word + 1) * 4 ? found.getInt32(word * 4, true) : undefined;
    if (value === expected[word]) return;
    throw new PlumblineError(
      'snapshot-mismatch',
      `The snapshot's ${name} is ${value}, this bank's ${expected[word]}.`,
      {
        where: 'detection state, page 0',
        fix: 'Drop the snapshot and rebuild it from the log, or start with the plan version the snapshot belongs to.',
      },
    );
  });
}
