import type { Workload } from '../harness/workload.js';
import { RPC } from './rpc.js';

/** Everything that can be measured, in the order of the report. */
export const WORKLOADS: readonly Workload[] = [...RPC];
