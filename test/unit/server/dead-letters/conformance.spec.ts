import { describe } from '@jest/globals';
import { MemoryDeadLetterStore } from '../../../../lib/server/dead-letters/memory-dead-letter-store.js';
import { itKeepsLetters } from '../../../support/store-cases.js';

describe('MemoryDeadLetterStore', () => {
  const store = new MemoryDeadLetterStore();
  itKeepsLetters(() => store);
});
