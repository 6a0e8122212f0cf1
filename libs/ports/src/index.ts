export type * from './event-log.ts';
export type * from './store.ts';
