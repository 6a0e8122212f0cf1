export { ARCHIVE_STREAM, startArchive, type ArchiveOptions } from './runner.ts';
export { Archivist } from './topology.ts';
