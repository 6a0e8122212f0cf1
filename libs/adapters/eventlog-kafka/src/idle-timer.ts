import { createRequire } from 'node:module';

interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

/**
 * kafkajs 2.2.4 sets a timer after every answer, also when nothing waits; its delay is then negative, so it fires each
 * millisecond for good on every connection, and Node 24 warns of it. Here it is set only when something waits.
 */
export function withoutIdleTimer(): void {
  const queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  const schedule = queue.prototype.scheduleCheckPendingRequests;
  if (schedule.name === 'whenNeeded') return;
  queue.prototype.scheduleCheckPendingRequests = function whenNeeded(this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}
