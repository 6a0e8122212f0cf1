import type { SnapshotPage } from '@plumbline/ports';
import { copyOut, type Database, type Session } from './database.ts';

/** Bytes of pages sent in one statement; larger ones cost memory, smaller ones round trips. */
const STATEMENT_BYTES = 8 << 20;

/** Upserts changed pages and drops those beyond the new end. */
export async function writePages(session: Session, stream: string, partition: number, pages: readonly SnapshotPage[], pageCount: number): Promise<void> {
  let batch: SnapshotPage[] = [];
  let bytes = 0;
  for (const page of pages) {
    batch.push(page);
    bytes += page.bytes.length;
    if (bytes < STATEMENT_BYTES && batch.length < 1000) continue;
    await upsert(session, stream, partition, batch);
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) await upsert(session, stream, partition, batch);
  await session.run('DELETE FROM snapshot_page WHERE stream = $1 AND partition = $2 AND page >= $3', [stream, partition, pageCount]);
}

async function upsert(session: Session, stream: string, partition: number, pages: readonly SnapshotPage[]): Promise<void> {
  const values: unknown[] = [stream, partition];
  const rows = pages.map(({ page, checksum, bytes }) => {
    const at = values.push(page, checksum, asBuffer(bytes)) - 2;
    return `($1, $2::int, $${at}::int, $${at + 1}::bigint, $${at + 2}::bytea)`;
  });
  await session.run(
    `INSERT INTO snapshot_page (stream, partition, page, checksum, bytes) VALUES ${rows.join(', ')}
     ON CONFLICT (stream, partition, page) DO UPDATE SET checksum = excluded.checksum, bytes = excluded.bytes`,
    values,
  );
}

/**
 * All pages in page order, read by binary COPY into one allocation of their exact size, because a million series make
 * a hundred megabytes and a second copy of them would be felt.
 */
export async function readPages(database: Database, stream: string, partition: number): Promise<SnapshotPage[]> {
  return database.transaction('reading a snapshot', 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY', async (session, _, client) => {
    const [size] = await session.rows<{ pages: number; bytes: number }>(
      'SELECT count(*) AS pages, coalesce(sum(length(bytes)), 0)::bigint AS bytes FROM snapshot_page WHERE stream = $1 AND partition = $2',
      [stream, partition],
    );
    if (size!.pages === 0) return [];
    const all = Buffer.allocUnsafeSlow(HEADER + size!.pages * PER_PAGE + size!.bytes + 2);
    let at = 0;
    const literal = client.escapeLiteral(stream);
    await copyOut(
      client,
      `COPY (SELECT page, checksum, bytes FROM snapshot_page WHERE stream = ${literal} AND partition = ${partition | 0} ORDER BY page)
       TO STDOUT (FORMAT binary)`,
      (chunk) => void (at += chunk.copy(all, at)),
    );
    return parsePages(all, size!.pages);
  });
}

const HEADER = 19;
/** Column count, then three lengths, a 4-byte page number and an 8-byte checksum. */
const PER_PAGE = 2 + 4 + 4 + 4 + 8 + 4;

function parsePages(all: Buffer, count: number): SnapshotPage[] {
  const pages: SnapshotPage[] = [];
  let at = HEADER;
  for (let i = 0; i < count; i++) {
    const page = all.readInt32BE(at + 6);
    const checksum = Number(all.readBigInt64BE(at + 14));
    const length = all.readInt32BE(at + 22);
    pages.push({ page, checksum, bytes: all.subarray(at + PER_PAGE, at + PER_PAGE + length) });
    at += PER_PAGE + length;
  }
  return pages;
}

/** `pg` sends a Buffer as binary, a plain Uint8Array as well, but only a Buffer without copying. */
export const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
