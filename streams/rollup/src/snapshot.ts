import { crc32 } from 'node:zlib';
import { isLive } from '@plumbline/exceptions';
import { PlumblineError } from '@plumbline/kernel';
import type { SnapshotPage } from '@plumbline/ports';
import { SLOTS } from './cell-days.ts';
import { Era } from './era.ts';
import type { Held } from './held.ts';
import { RollUp, type RollUpOptions } from './topology.ts';

/** 2: what can be undone. */
const VERSION = 2;

/** What is small and changes with every tick; the rest lies in named pages. */
interface Meta {
  version: 1 | 2;
  tick: number | null;
  plan: { hash: string; effectiveAt: number } | null;
  coming: RollUp['coming'];
  next: number;
  change: number;
  day: number[];
  firstDay: number[];
  lastHeard: number[];
  pauses: number[];
  silences: { location: number; from: number; to: number | null }[];
  /** Page of each part by its name. */
  pages: Record<string, number>;
  pageCount: number;
}

export interface RollUpSnapshot {
  meta: Uint8Array;
  /** Only parts changed since the last snapshot. */
  pages: SnapshotPage[];
  pageCount: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Writes a roll-up's state so that each commit carries little: every part (a kept day, a page of the bank, a reported
 * SKU, an exception) has a page of its own, written when it changed.
 */
export class Snapshots {
  #pages = new Map<string, number>();
  #free: number[] = [];
  #count = 0;
  readonly #written = new Map<string, string>();

  /** Continues the page numbers of a stored snapshot. */
  static after(meta: Uint8Array): Snapshots {
    const { pages, pageCount } = parse(meta);
    const snapshots = new Snapshots();
    snapshots.#pages = new Map(Object.entries(pages));
    snapshots.#count = pageCount;
    const used = new Set(snapshots.#pages.values());
    for (let page = pageCount - 1; page >= 0; page--) if (!used.has(page)) snapshots.#free.push(page);
    return snapshots;
  }

  save(rollUp: RollUp): RollUpSnapshot {
    const names = new Set<string>();
    const pages: SnapshotPage[] = [];
    const part = (name: string, bytes: Uint8Array | undefined): void => {
      names.add(name);
      if (bytes === undefined && this.#pages.has(name)) return;
      const copy = (bytes ?? new Uint8Array()).slice();
      pages.push({ page: this.#pageOf(name), bytes: copy, checksum: crc32(copy) });
    };
    const { book } = rollUp;
    for (const held of book.held.values()) {
      const name = `held/${held.number}`;
      // A closed exception changes only when the book says so.
      const mayDiffer = isLive(held.life.status) || book.unsaved.has(held) || !this.#pages.has(name);
      part(name, mayDiffer ? this.#news(name, held) : undefined);
    }
    book.unsaved.clear();
    if (rollUp.era) savePlanned(rollUp.era, part);
    for (const [name, page] of this.#pages) {
      if (names.has(name)) continue;
      this.#pages.delete(name);
      this.#written.delete(name);
      this.#free.push(page);
    }
    return { meta: encoder.encode(JSON.stringify(this.#meta(rollUp))), pages: pages.sort((a, b) => a.page - b.page), pageCount: this.#count };
  }

  #news(name: string, held: Held): Uint8Array | undefined {
    const text = JSON.stringify(held);
    if (this.#written.get(name) === text) return undefined;
    this.#written.set(name, text);
    return encoder.encode(text);
  }

  #pageOf(name: string): number {
    const known = this.#pages.get(name);
    if (known !== undefined) return known;
    const page = this.#free.pop() ?? this.#count++;
    this.#pages.set(name, page);
    return page;
  }

  #meta({ era, tick, effectiveAt, coming, book }: RollUp): Meta {
    return {
      version: VERSION,
      tick: Number.isFinite(tick) ? tick : null,
      plan: era ? { hash: era.plan.version.hash, effectiveAt } : null,
      coming,
      next: book.next,
      change: book.change,
      day: era ? [...era.days.day] : [],
      firstDay: era ? [...era.days.firstDay] : [],
      lastHeard: era ? [...era.feeds.lastHeard] : [],
      pauses: era ? [...era.feeds.usualPause] : [],
      silences: era ? era.feeds.silences.map(({ location, from, to }) => ({ location, from, to: Number.isFinite(to) ? to : null })) : [],
      pages: Object.fromEntries(this.#pages),
      pageCount: this.#count,
    };
  }
}

/** Hashes of the plans that `restore` needs. */
export function plansOf(meta: Uint8Array): string[] {
  const { plan, coming } = parse(meta);
  return [...new Set([...(plan ? [plan.hash] : []), ...coming.map(({ hash }) => hash)])];
}

/**
 * Puts a roll-up back as it was. `provide` must give it the plans that `plansOf` names.
 * @throws PlumblineError 'snapshot-damaged', 'plan-unknown'
 */
export function restore(
  meta: Uint8Array,
  pages: readonly SnapshotPage[],
  options: Partial<RollUpOptions>,
  provide: (rollUp: RollUp) => void,
): RollUp {
  const saved = parse(meta);
  const byPage = new Map(pages.map((page) => [page.page, page]));
  const parts = new Map<string, Uint8Array>();
  for (const [name, page] of Object.entries(saved.pages)) parts.set(name, intact(name, byPage.get(page)));
  const rollUp = new RollUp(options);
  provide(rollUp);
  rollUp.tick = saved.tick ?? -Infinity;
  rollUp.coming = saved.coming;
  rollUp.book.next = saved.next;
  rollUp.book.change = saved.change;
  const held = [...parts].filter(([name]) => name.startsWith('held/')).map(([, bytes]) => heldOf(bytes));
  for (const one of held.sort((a, b) => a.number - b.number)) rollUp.book.held.set(one.number, one);
  if (saved.plan) {
    rollUp.effectiveAt = saved.plan.effectiveAt;
    rollUp.era = Era.empty(rollUp.planOf(saved.plan.hash), rollUp.options.budget, rollUp.tick);
    loadPlanned(rollUp.era, saved, parts);
  }
  return rollUp;
}

/** Snapshots of version 1 do not know what can be undone: nothing can. */
function heldOf(bytes: Uint8Array): Held {
  const held = JSON.parse(decoder.decode(bytes)) as Held;
  return { ...held, before: held.before ?? null, life: { ...held.life, last: held.life.last ?? null } };
}

function savePlanned(era: Era, part: (name: string, bytes: Uint8Array | undefined) => void): void {
  const { days, skus, watch, plan } = era;
  const { settled } = era.tally;
  for (let slot = 0; slot <= SLOTS; slot++) {
    const column = slot < SLOTS ? days.slots[slot]! : days.sums;
    part(`day/${slot}`, days.touched[slot] ? new Uint8Array(column.buffer) : undefined);
    days.touched[slot] = 0;
  }
  for (const [day, sums] of settled.days) part(`settled/${day}`, settled.touched.has(day) ? new Uint8Array(sums.buffer) : undefined);
  settled.touched.clear();
  for (const one of skus.all.values()) {
    const bytes = new Float64Array([one.from, one.lastFired, ...one.lines, ...one.planned, ...one.rate]);
    part(`sku/${plan.skus[one.sku]}`, one.touched ? new Uint8Array(bytes.buffer) : undefined);
    one.touched = false;
  }
  const dirty = new Map(watch.bank.pages().map(({ page, bytes }) => [page, bytes]));
  for (let page = 0; page < watch.bank.pageCount; page++) part(`bank/${page}`, dirty.get(page));
  watch.bank.clean();
}

function loadPlanned(era: Era, saved: Meta, parts: ReadonlyMap<string, Uint8Array>): void {
  const { days, skus, watch, places, plan } = era;
  days.day.set(saved.day);
  days.firstDay.set(saved.firstDay);
  era.feeds.lastHeard.set(saved.lastHeard);
  era.feeds.usualPause.set(saved.pauses);
  era.feeds.silences = saved.silences.map((silence) => ({ ...silence, to: silence.to ?? Infinity }));
  era.feeds.resume(saved.tick ?? -Infinity);
  for (const [name, bytes] of parts) {
    const [kind, rest] = [name.slice(0, name.indexOf('/')), name.slice(name.indexOf('/') + 1)];
    if (kind === 'bank') watch.bank.load(Number(rest), bytes);
    else if (kind === 'day') {
      const slot = Number(rest);
      (slot < SLOTS ? days.slots[slot]! : days.sums).set(new Float64Array(bytes.buffer));
    } else if (kind === 'settled') {
      era.tally.settled.days.set(Number(rest), new Float64Array(bytes.buffer));
    } else if (kind === 'sku') {
      const sku = places.skuIndex.get(rest);
      if (sku === undefined) continue;
      const values = new Float64Array(bytes.buffer);
      const one = skus.of(sku, days.latest);
      const leaves = plan.leavesOfSku[sku + 1]! - plan.leavesOfSku[sku]!;
      one.from = values[0]!;
      one.lastFired = values[1]!;
      one.lines.set(values.subarray(2, 2 + SLOTS * leaves));
      one.planned.set(values.subarray(2 + SLOTS * leaves, 2 + 2 * SLOTS * leaves));
      one.rate.set(values.subarray(2 + 2 * SLOTS * leaves));
      one.touched = false;
    }
  }
  days.touched.fill(0);
}

function intact(name: string, page: SnapshotPage | undefined): Uint8Array {
  if (page && crc32(page.bytes) === page.checksum) return new Uint8Array(page.bytes);
  throw new PlumblineError('snapshot-damaged', `The roll-up's snapshot has no intact page for ${name}.`, {
    where: page ? `page ${page.page}` : 'snapshot',
    fix: 'Restore the database from a backup; the roll-up cannot be rebuilt once its deltas are deleted.',
  });
}

function parse(meta: Uint8Array): Meta {
  const saved = JSON.parse(decoder.decode(meta)) as Meta;
  if (saved.version >= 1 && saved.version <= VERSION) return saved;
  throw new PlumblineError('snapshot-version', `The roll-up's snapshot has version ${String(saved.version)}, this program reads up to ${VERSION}.`, {
    fix: 'Start the version of Plumbline that wrote the database.',
  });
}
