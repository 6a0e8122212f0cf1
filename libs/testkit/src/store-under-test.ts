import type { Store } from '@plumbline/ports';

/** The store of the running test. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Another process's store, or the same one where only one connection is served. Closed after the test. */
  other(): Promise<Store>;
}
