import { PlumblineError } from '@plumbline/kernel';
import { parse } from 'csv-parse/sync';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** What a sales file is, found out before a single line of it is sent. */
export interface SalesFile {
  path: string;
  /** Size on disk, for progress. */
  bytes: number;
  gzip: boolean;
  encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';
  delimiter: string;
  header: string[];
  /** Line ends of the content: an upper bound of its records, for the time that is left. */
  lines: number;
  /** SHA-256 of the uncompressed content: the same file sent again is recognised by it. */
  hash: string;
}

/**
 * Reads a file once: compression, encoding, delimiter, header, size and hash.
 * @throws PlumblineError 'file-missing' | 'file-empty' | 'file-truncated' | 'file-damaged'
 */
export async function inspect(path: string): Promise<SalesFile> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new PlumblineError('file-missing', `The file cannot be read: ${error.code === 'ENOENT' ? 'there is none of this name' : error.message}.`, { where: path, fix: 'Check the path.' });
  });
  if (!info.isFile()) throw new PlumblineError('file-missing', 'This is not a file.', { where: path, fix: 'Give the path of a CSV file, plain or gzip.' });
  const gzip = await isGzip(path);
  const hash = createHash('sha256');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let valid = true;
  let lines = 0;
  let first: Buffer | undefined;
  for await (const chunk of rawChunks(path, gzip)) {
    first ??= chunk;
    hash.update(chunk);
    for (let i = chunk.indexOf(10); i >= 0; i = chunk.indexOf(10, i + 1)) lines++;
    if (valid) {
      try {
        utf8.decode(chunk, { stream: true });
      } catch {
        valid = false;
      }
    }
  }
  if (!first) throw new PlumblineError('file-empty', 'The file is empty.', { where: path, fix: 'Give a file with a header line and sales lines.' });
  const encoding = encodingOf(first, valid);
  const head = new TextDecoder(encoding).decode(first).replace(/^\uFEFF/, '').split(/\r\n|\n|\r/, 1)[0]!;
  const delimiter = delimiterOf(head);
  const header = splitHeader(head, delimiter);
  return { path, bytes: info.size, gzip, encoding, delimiter, header, lines, hash: hash.digest('hex') };
}

/** The content as text, chunk by chunk, without a byte-order mark. `onBytes` gets the share of the file read, 0…1. */
export async function* textOf(file: SalesFile, onShare: (share: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder(file.encoding);
  for await (const chunk of rawChunks(file.path, file.gzip, (read) => onShare(read / Math.max(1, file.bytes)))) {
    yield decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}

async function* rawChunks(path: string, gzip: boolean, onRead: (bytes: number) => void = () => {}): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  file.on('data', () => onRead(file.bytesRead));
  const content: Readable = gzip ? pipeline(file, createGunzip({ chunkSize: 1 << 18 }), () => {}) : file;
  try {
    for await (const chunk of content) yield chunk as Buffer;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'Z_BUF_ERROR') {
      throw new PlumblineError('file-truncated', 'The gzip file ends too early: it was cut off. Nothing of it was sent.', { where: path, fix: 'Copy or download the file again and compare its size.' });
    }
    if (code?.startsWith('Z_')) {
      throw new PlumblineError('file-damaged', `The gzip file is damaged (${(error as Error).message}). Nothing of it was sent.`, { where: path, fix: 'Copy or download the file again.' });
    }
    throw error;
  } finally {
    file.destroy();
  }
}

async function isGzip(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

function encodingOf(first: Buffer, validUtf8: boolean): SalesFile['encoding'] {
  if (first[0] === 0xff && first[1] === 0xfe) return 'utf-16le';
  if (first[0] === 0xfe && first[1] === 0xff) return 'utf-16be';
  return validUtf8 ? 'utf-8' : 'windows-1252';
}

/** The candidate that the header line holds most of, outside quotes. */
function delimiterOf(head: string): string {
  const bare = head.replaceAll(/"[^"]*"/g, '');
  const counted = [',', ';', '\t', '|'].map((mark) => ({ mark, count: bare.split(mark).length - 1 }));
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).mark;
}

function splitHeader(head: string, delimiter: string): string[] {
  const [names = []] = parse(head, { delimiter, relax_quotes: true, trim: true, to_line: 1 });
  return names;
}
