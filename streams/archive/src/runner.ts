import { PlumblineError } from '@plumbline/kernel';
import type { ArchivedEvent, EventLog, LogBatch, LogConsumer, Store } from '@plumbline/ports';
import { Archivist } from './topology.ts';

export const ARCHIVE_STREAM = 'archive';

export interface ArchiveOptions {
  log: EventLog;
  store: Store;
  topic: string;
  group: string;
  owner: string;
  logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** It cannot go on. */
  failed?: (error: Error) => void;
  /** Called with the number of events of each transaction. */
  archived?: (events: number) => void;
}

/**
 * Keeps every event queryable by SKU, location and time where the log itself is not a database (Kafka). Rows and offset
 * go in one transaction; detection never waits for it.
 */
export async function startArchive(options: ArchiveOptions): Promise<LogConsumer> {
  const { log, store, topic, group, owner, logger } = options;
  const archivist = new Archivist();
  const epochs = new Map<number, number>();
  const write = async (batch: LogBatch): Promise<void> => {
    const epoch = epochs.get(batch.partition);
    if (epoch === undefined) throw new PlumblineError('partition-gone', `Partition ${batch.partition} left this process.`);
    const rows: ArchivedEvent[] = [];
    for (let i = 0; i < batch.length; i++) {
      const row = archivist.row(batch.offset(i), batch.value(i), (name) => batch.header(i, name));
      if (row) rows.push(row);
    }
    const last = batch.offset(batch.length - 1);
    await store.archive(ARCHIVE_STREAM, epoch, batch.partition, rows, last + 1);
    batch.acknowledge(last);
    options.archived?.(rows.length);
  };
  return log.subscribe(
    { topic, group, maxBatch: 5000 },
    {
      async assigned(partitions) {
        const starts = new Map<number, number | undefined>();
        for (const partition of partitions) {
          const claim = await store.claim(ARCHIVE_STREAM, partition, owner);
          epochs.set(partition, claim.epoch);
          starts.set(partition, claim.offset ?? 0);
        }
        logger.info({ partitions }, 'archive partitions claimed');
        return starts;
      },
      revoked(partitions) {
        for (const partition of partitions) epochs.delete(partition);
        return Promise.resolve();
      },
      batch: write,
      failed(error) {
        logger.warn({ error: error.message }, 'archive stopped');
        options.failed?.(error);
      },
    },
  );
}
