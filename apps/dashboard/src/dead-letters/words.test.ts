import { describe, expect, it } from 'vitest';
import { briefly, excerpt, legible, reasonWords } from './words.ts';

describe('dead letters in words', () => {
  it('show JSON by its members and anything else as it came', () => {
    expect(legible({ payload: '{"a":{"b":1}}', payloadEncoding: 'utf-8' })).toBe('{\n  "a": {\n    "b": 1\n  }\n}');
    expect(legible({ payload: '{"a":', payloadEncoding: 'utf-8' })).toBe('{"a":');
    expect(legible({ payload: '/wAB', payloadEncoding: 'base64' })).toBe('/wAB');
    expect(excerpt({ payload: '{\n  "a": 1\n}', payloadEncoding: 'utf-8' })).toBe('{ "a": 1 }');
  });

  it('never leave a reason without a word', () => {
    expect(reasonWords('schema').fix).toMatch(/Correct/);
    expect(reasonWords('of-a-newer-tower')).toEqual({ title: 'of-a-newer-tower', fix: expect.any(String) });
  });
});

it.each([
  ['data.quantity: must be an exact decimal above 0, sent as text such as "0.35"; found "two"', 'data.quantity: found "two"'],
  ['it is a day ahead', 'it is a day ahead'],
])('says %j briefly', (detail, said) => {
  expect(briefly(detail)).toBe(said);
});
