import { emptyQueue, type Arranged } from './arrange.ts';
import { QueueModel } from './queue.ts';

/** The queue as a page holds it. */
export class Queue extends QueueModel {
  arranged = $state.raw<Arranged>(emptyQueue);
  cursor = $state<string | undefined>();
  selected = $state.raw<ReadonlySet<string>>(new Set());
  filled = $state(false);
}
