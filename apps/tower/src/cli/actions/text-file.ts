import { PlumblineError } from '@plumbline/kernel';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

/** A text file of a person's machine: UTF-8, UTF-16 with a byte-order mark, or what Windows programs write. @throws PlumblineError 'file-missing' */
export async function readText(path: string): Promise<string> {
  if (path === '-') return text(process.stdin);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is none of this name' : error.code === 'EISDIR' ? 'it is a folder' : error.message;
    throw new PlumblineError('file-missing', `The file cannot be read: ${why}.`, { where: path, fix: 'Check the path.' });
  });
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
  if (marked) return new TextDecoder(marked).decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
