export * from './exception.ts';
export type * from './tick-delta.ts';
