import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CopyBuffer } from './copy-buffer.ts';
import { CopyRows, eachInteger, textAt } from './copy-rows.ts';

const integers = fc.array(fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }), { maxLength: 5 });

function list(buffer: Buffer, start: number, size: 2 | 4 | 8): number[] {
  const values: number[] = [];
  eachInteger(buffer, start, size, (i, value) => (values[i] = value));
  return values;
}

describe('binary COPY', () => {
  it('reads back what was written, wherever the chunks are cut', () => {
    const row = fc.record({ text: fc.string({ unit: 'grapheme' }), big: integers, small: fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 4 }), bytes: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), fc.integer({ min: 1, max: 70 }), (rows, chunk) => {
        const out = new CopyBuffer(8);
        for (const { text, big, small, bytes } of rows) {
          out.row(4);
          out.text(text);
          out.bigints(big);
          out.smallints(small);
          out.bytes(bytes);
        }
        const whole = Buffer.from(out.finish());
        const read: unknown[] = [];
        const reader = new CopyRows(4, (buffer, starts) => {
          const [text, big, small, bytes] = starts;
          const size = buffer.readInt32BE(bytes! - 4);
          read.push({ text: textAt(buffer, text!), big: list(buffer, big!, 8), small: list(buffer, small!, 2), bytes: new Uint8Array(buffer.subarray(bytes, bytes! + size)) });
        });
        for (let at = 0; at < whole.length; at += chunk) reader.push(whole.subarray(at, at + chunk));
        expect(read).toEqual(rows);
      }),
    );
  });

  it('refuses what is no integer of its column', () => {
    const out = new CopyBuffer();
    expect(() => out.int4(2 ** 31)).toThrow(expect.objectContaining({ code: 'not-an-integer' }));
    expect(() => out.int8(0.5)).toThrow(expect.objectContaining({ code: 'not-an-integer' }));
    expect(() => out.integers([NaN])).toThrow(expect.objectContaining({ code: 'not-an-integer' }));
  });
});
