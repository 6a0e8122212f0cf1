import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { PlanVersionSummary } from '@plumbline/contracts';
import {
  canonicalJson,
  formatInstant,
  formatMoney,
  formatMonth,
  formatQuantity,
  PlumblineError,
} from '@plumbline/kernel';
import { toColumns, toVersion, type PlanColumns, type PlanHead } from './columns.ts';
import type { PlanVersion } from './types.ts';
import { assertValid } from './validate.ts';

/**
 * Encoding, little-endian: "PLPV", u16 format, u16 0, u32 bytes of the head, u32 leaves; the head as canonical JSON in
 * UTF-8, padded with spaces to 8 bytes; then by leaf in (sku, location) order the columns lines per unit (float64),
 * weight (u32), position of the SKU (u32) and of the location (u16). Equal versions give equal bytes.
 */
const MAGIC = 'PLPV';
const FORMAT = 1;
const HEADER = 16;

/** @throws PlumblineError 'plan-invalid' listing every fault */
export function encodePlan(version: PlanVersion): Uint8Array {
  assertValid(version);
  return encodeColumns(toColumns(version));
}

export function encodeColumns(columns: PlanColumns): Uint8Array {
  const json = new TextEncoder().encode(canonicalJson(columns.head));
  const headBytes = Math.ceil(json.length / 8) * 8;
  const leaves = columns.leafSku.length;
  const bytes = new Uint8Array(HEADER + headBytes + leaves * 18);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i);
  view.setUint16(4, FORMAT, true);
  view.setUint32(8, headBytes, true);
  view.setUint32(12, leaves, true);
  bytes.set(json, HEADER);
  bytes.fill(0x20, HEADER + json.length, HEADER + headBytes);
  let at = HEADER + headBytes;
  for (const value of columns.linesPerUnit) view.setFloat64((at += 8) - 8, value, true);
  for (const value of columns.weight) view.setUint32((at += 4) - 4, value, true);
  for (const value of columns.leafSku) view.setUint32((at += 4) - 4, value, true);
  for (const value of columns.leafLocation) view.setUint16((at += 2) - 2, value, true);
  return bytes;
}

/** @throws PlumblineError 'plan-encoding' when the bytes are no plan version, cut short, or of a newer format */
export function decodePlan(bytes: Uint8Array): PlanVersion {
  return toVersion(decodeColumns(bytes));
}

/** @throws PlumblineError 'plan-encoding' */
export function decodeColumns(bytes: Uint8Array): PlanColumns {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER || [...MAGIC].some((c, i) => bytes[i] !== c.charCodeAt(0)))
    throw badBytes('it does not begin as a plan version does');
  const format = view.getUint16(4, true);
  if (format !== FORMAT) throw badBytes(`its format is ${format}, and this program reads format ${FORMAT}`);
  const headBytes = view.getUint32(8, true);
  const leaves = view.getUint32(12, true);
  const length = HEADER + headBytes + leaves * 18;
  if (bytes.length !== length) throw badBytes(`it has ${bytes.length} bytes and should have ${length}`);
  let at = HEADER + headBytes;
  const linesPerUnit = new Float64Array(leaves);
  const weight = new Uint32Array(leaves);
  const leafSku = new Uint32Array(leaves);
  const leafLocation = new Uint16Array(leaves);
  for (let i = 0; i < leaves; i++, at += 8) linesPerUnit[i] = view.getFloat64(at, true);
  for (let i = 0; i < leaves; i++, at += 4) weight[i] = view.getUint32(at, true);
  for (let i = 0; i < leaves; i++, at += 4) leafSku[i] = view.getUint32(at, true);
  for (let i = 0; i < leaves; i++, at += 2) leafLocation[i] = view.getUint16(at, true);
  let head: PlanHead;
  try {
    head = JSON.parse(new TextDecoder().decode(bytes.subarray(HEADER, HEADER + headBytes))) as PlanHead;
  } catch (cause) {
    throw badBytes('its head is no JSON', cause);
  }
  return { head, leafSku, leafLocation, weight, linesPerUnit };
}

const badBytes = (why: string, cause?: unknown): PlumblineError =>
  new PlumblineError('plan-encoding', `this is no readable plan version: ${why}`, {
    fix: 'Take the version from the store again, or export it with the program that wrote it.',
    cause,
  });

/** SHA-256 of an encoded version, lower-case hex: the identity of what was committed. */
export const hashPlan = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));

/** Where a version stands, besides what it says itself. Instants in milliseconds UTC. */
export interface PlanStanding {
  hash: string;
  status: PlanVersionSummary['status'];
  committedAt?: number | undefined;
  effectiveAt?: number | undefined;
}

export function summarise(version: PlanVersion, standing: PlanStanding): PlanVersionSummary {
  const months = version.lines.map((line) => line.month);
  const instant = (at: number | undefined): string | null => (at === undefined ? null : formatInstant(at));
  return {
    id: version.id,
    name: version.name,
    status: standing.status,
    hash: standing.hash,
    createdAt: formatInstant(version.createdAt),
    committedAt: instant(standing.committedAt),
    effectiveAt: instant(standing.effectiveAt),
    from: months.length === 0 ? '' : formatMonth(months.reduce((a, b) => Math.min(a, b))),
    to: months.length === 0 ? '' : formatMonth(months.reduce((a, b) => Math.max(a, b))),
    families: new Set(version.lines.map((line) => line.family)).size,
    regions: new Set(version.lines.map((line) => line.region)).size,
    series: version.splits.reduce((sum, split) => sum + split.leaves.length, 0),
    units: formatQuantity(version.lines.reduce((sum, line) => sum + line.units, 0)),
    revenue: formatMoney(version.lines.reduce((sum, line) => sum + line.revenue, 0)),
    currency: version.currency,
  };
}
