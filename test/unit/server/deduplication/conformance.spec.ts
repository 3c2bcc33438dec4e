import { describe } from '@jest/globals';
import { MemoryDeduplicationStore } from '../../../../lib/server/deduplication/memory-deduplication-store.js';
import { itKeepsTheContract } from '../../../support/store-cases.js';

describe('MemoryDeduplicationStore', () => {
  const store = new MemoryDeduplicationStore();
  itKeepsTheContract(() => store);
});
