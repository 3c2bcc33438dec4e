/* oxlint-disable jest/valid-title -- titles come from the table */
import { describe, it } from '@jest/globals';
import type { Fault, FaultGroup } from './fault-table.js';

type Scenario = (protocolVersion: 4 | 5) => Promise<void>;

/** A test for each row of a group: the compiler sees to it that none is missing. */
export function describeFaults<Group extends FaultGroup>(
  { title, faults }: Group,
  scenarios: Readonly<Record<keyof Group['faults'], Scenario>>,
  versions: readonly (4 | 5)[] = [5, 4],
): void {
  describe.each(versions)(`${title} (version %i)`, (version) => {
    for (const [id, { fault, outcome, only = version }] of Object.entries<Fault>(faults)) {
      if (only !== version) continue;
      // oxlint-disable-next-line jest/expect-expect -- in the scenario
      it(`${fault}: ${outcome}`, async () => {
        await scenarios[id as keyof Group['faults']](version);
      });
    }
  });
}
