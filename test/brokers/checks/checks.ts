import type { Check } from '../check.js';
import { ACKNOWLEDGEMENT_CHECKS } from './acknowledgement.js';
import { EVENT_CHECKS } from './events.js';
import { GROUP_CHECKS } from './groups.js';
import { LIMIT_CHECKS } from './limits.js';
import { OVERLAP_CHECKS } from './overlap.js';
import { REQUEST_CHECKS } from './requests.js';
import { SESSION_CHECKS } from './sessions.js';

/** In the order of the table. */
export const CHECKS: readonly Check[] = [
  ...EVENT_CHECKS,
  ...GROUP_CHECKS,
  ...REQUEST_CHECKS,
  ...ACKNOWLEDGEMENT_CHECKS,
  ...OVERLAP_CHECKS,
  ...SESSION_CHECKS,
  ...LIMIT_CHECKS,
];
