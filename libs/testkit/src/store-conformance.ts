import type { Store } from '@plumbline/ports';
import { afterEach, beforeEach, describe } from 'vitest';
import { actualsConformance } from './store-conformance-actuals.ts';
import { commitConformance } from './store-conformance-commits.ts';
import { exceptionConformance } from './store-conformance-exceptions.ts';
import { feedConformance } from './store-conformance-feeds.ts';
import { libraryConformance } from './store-conformance-library.ts';
import { liveConformance } from './store-conformance-live.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** A migrated, empty store of one test. */
export interface OpenStore {
  store: Store;
  /** A second store on the same database, as another process would open it. Without it the first one plays both parts. */
  reopen?(): Promise<Store>;
  close(): Promise<void>;
}

/** What every Store keeps: the same questions get the same answers whatever lies beneath. `open` is called per test. */
export function storeConformance(name: string, open: () => Promise<OpenStore>): void {
  describe(name, () => {
    let opened: OpenStore;
    let others: Store[] = [];
    const under: StoreUnderTest = {
      get store() {
        return opened.store;
      },
      async other() {
        if (!opened.reopen) return opened.store;
        const store = await opened.reopen();
        others.push(store);
        return store;
      },
    };
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await Promise.all(others.map((store) => store.close()));
      others = [];
      await opened.close();
    });
    commitConformance(under);
    exceptionConformance(under);
    actualsConformance(under);
    libraryConformance(under);
    feedConformance(under);
    liveConformance(under);
  });
}
