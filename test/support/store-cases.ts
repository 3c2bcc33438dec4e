/* oxlint-disable jest/valid-title, jest/expect-expect -- titles and assertions come from the suite */
import { it } from '@jest/globals';
import type { DeduplicationStore } from '../../lib/index.js';
import { deduplicationStoreCases } from '../../lib/testing/index.js';

/** The suite for stores of any kind. @param open another store on the same database */
export function itKeepsTheContract(open: () => DeduplicationStore | Promise<DeduplicationStore>): void {
  for (const { name, run } of deduplicationStoreCases(open)) it(name, run);
}
