import { aedes } from './aedes.js';
import { artemis } from './artemis.js';
import type { BrokerKind } from './broker-kind.js';
import { hivemq } from './hivemq.js';
import { mochi } from './mochi.js';
import { mosquitto } from './mosquitto.js';
import { rabbitmq } from './rabbitmq.js';

/** In the order of the table. */
export const BROKER_KINDS: readonly BrokerKind[] = [mosquitto, hivemq, artemis, rabbitmq, mochi, aedes];
