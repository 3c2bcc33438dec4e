import { OptionChecks } from '../options/option-checks.js';
import { MAX_TIMER_MS } from '../timing/long-timeout.js';
import type { BrokerDeviations, SharedSubscriptionsMode } from './broker-deviations.js';
import {
  DEFAULT_BROKER_OPTIONS,
  NEVER_EXPIRES,
  type MqttBrokerOptions,
  type ResolvedBrokerOptions,
} from './broker-options.js';
import { optionsOf, PERSONALITIES } from './personalities/personalities.js';

const UINT16 = 0xffff;
const SHARED_SUBSCRIPTIONS: readonly SharedSubscriptionsMode[] = [true, false, 'refused', 'disconnect', 'silent'];
const LARGEST_PACKET = 268_435_460;

/** @throws InvalidOptionsError that lists every problem */
export function resolveBrokerOptions(options: MqttBrokerOptions): ResolvedBrokerOptions {
  const checks = new OptionChecks();
  checks.callable('authenticate', options.authenticate);
  checks.callable('authorizePublish', options.authorizePublish);
  checks.callable('authorizeSubscribe', options.authorizeSubscribe);
  checks.integer('receiveMaximum', options.receiveMaximum, { min: 1, max: UINT16 });
  checks.integer('maximumPacketSize', options.maximumPacketSize, { min: 1, max: LARGEST_PACKET });
  checks.oneOf('maximumQoS', options.maximumQoS, [0, 1, 2]);
  checks.boolean('retainAvailable', options.retainAvailable);
  checks.integer('topicAliasMaximum', options.topicAliasMaximum, { min: 0, max: UINT16 });
  checks.boolean('assignTopicAliases', options.assignTopicAliases);
  checks.integer('maximumSessionExpiry', options.maximumSessionExpiry, { min: 0, max: NEVER_EXPIRES });
  checks.integer('maximumQueuedMessages', options.maximumQueuedMessages, { min: 0, infinite: true });
  checks.oneOf('sharedSubscriptions', options.sharedSubscriptions, SHARED_SUBSCRIPTIONS);
  checks.boolean('subscriptionIdentifiers', options.subscriptionIdentifiers);
  checks.oneOf('overlap', options.overlap, ['merge', 'each']);
  checks.text('responseInformation', options.responseInformation);
  checks.integer('serverKeepAlive', options.serverKeepAlive, { min: 0, max: UINT16 });
  checks.boolean('noMatchingSubscribers', options.noMatchingSubscribers);
  checks.text('serverReference', options.serverReference);
  checks.duration('connectTimeoutMs', options.connectTimeoutMs, { min: 1, max: MAX_TIMER_MS });
  checkDeviations(checks, options);
  checks.oneOf('behavesLike', options.behavesLike, Object.keys(PERSONALITIES));
  checks.done();
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.freeze({
    ...DEFAULT_BROKER_OPTIONS,
    ...optionsOf(options.behavesLike),
    ...Object.fromEntries(given),
  });
}

function checkDeviations(checks: OptionChecks, options: BrokerDeviations): void {
  for (const name of [
    'keepsQuotaAfterRefusal',
    'hangsUpOverRefusals',
    'sharedIdentifiers',
    'losesSharedInBatches',
    'hangsUpOverForbidden',
    'hangsUpOverDiscouragedCharacters',
    'assignsClientIds',
    'announcesTakeover',
    'retainedForWildcards',
    'retainedForShared',
    'malformedPuback',
  ] as const) {
    checks.boolean(name, options[name]);
  }
  for (const name of [
    'maximumFiltersPerSubscribe',
    'maximumSubscriptions',
    'maximumTopicLevels',
    'maximumTopicBytes',
    'sessionsPerUser',
  ] as const) {
    checks.integer(name, options[name], { min: 1, infinite: true });
  }
  checks.integer('maximumKeepAlive', options.maximumKeepAlive, { min: 1, max: UINT16, infinite: true });
  checks.oneOf('copyIdentifiers', options.copyIdentifiers, ['own', 'all', 'one']);
  checks.oneOf('sharedSubscriptionsOn311', options.sharedSubscriptionsOn311, SHARED_SUBSCRIPTIONS);
}
