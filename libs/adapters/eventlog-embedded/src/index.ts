export { openEmbeddedLog, type EmbeddedLog, type EmbeddedLogOptions } from './log.ts';
