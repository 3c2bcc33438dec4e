import type { Workload } from '../harness/workload.js';
import { BURST } from './bursts.js';
import { DEDUPLICATION } from './deduplication.js';
import { DISPATCH } from './dispatch.js';
import { EVENTS_PUBLISHED } from './events-published.js';
import { EVENTS_RECEIVED } from './events-received.js';
import { FAN_IN } from './fan-in.js';
import { GROUPS } from './groups.js';
import { INSPECTOR } from './inspector.js';
import { MEMORY } from './memory.js';
import { OBSERVERS } from './observers.js';
import { PACKETS } from './packets.js';
import { PAYLOADS } from './payloads.js';
import { ROUTING } from './routing.js';
import { RPC } from './rpc.js';
import { START } from './start.js';

/** Everything that can be measured, in the order of the report. */
export const WORKLOADS: readonly Workload[] = [
  ...RPC,
  ...GROUPS,
  ...BURST,
  ...EVENTS_RECEIVED,
  ...EVENTS_PUBLISHED,
  ...DEDUPLICATION,
  ...PAYLOADS,
  ...FAN_IN,
  ...PACKETS,
  ...ROUTING,
  ...DISPATCH,
  ...OBSERVERS,
  ...INSPECTOR,
  ...START,
  ...MEMORY,
];
