import {
  resolveSubscription,
  SUBSCRIPTION_NAMES,
  type MqttSubscriptionOptions,
  type ResolvedSubscriptionOptions,
} from '../options/subscription-options.js';
import { CONTROLLER_OPTIONS, type Extras } from './decorators/handler-extras.js';

/** What a controller and its handler say, each undefined where it says nothing. */
export interface OptionLevels {
  readonly controller: MqttSubscriptionOptions | undefined;
  readonly own: MqttSubscriptionOptions | undefined;
}

export function levelsOf(extras: Extras): OptionLevels {
  const controller = extras[CONTROLLER_OPTIONS] as Extras | undefined;
  return { controller: controller && pickOptions(controller), own: pickOptions(extras) };
}

/** Extras may hold what others read: only the subscription options are ours. */
function pickOptions(extras: Extras): MqttSubscriptionOptions | undefined {
  let picked: Record<string, unknown> | undefined;
  for (const name in extras) {
    if (SUBSCRIPTION_NAMES.has(name)) (picked ??= {})[name] = extras[name];
  }
  return picked;
}

/** Merges the levels of handlers, once for all handlers that say the same. */
export class OptionMerger {
  private readonly merged = new Map<string, ResolvedSubscriptionOptions>();

  /** @param server what holds for handlers that say nothing of their own */
  constructor(private readonly server: MqttSubscriptionOptions) {}

  merge({ controller, own }: OptionLevels): ResolvedSubscriptionOptions {
    if (holdsMachinery(controller) || holdsMachinery(own)) return resolveSubscription([this.server, controller, own]);
    const key = controller || own ? JSON.stringify([controller, own]) : '';
    let options = this.merged.get(key);
    if (!options) this.merged.set(key, (options = resolveSubscription([this.server, controller, own])));
    return options;
  }
}

/** Codecs, stores and functions are not equal to others because they look alike. */
function holdsMachinery(options: MqttSubscriptionOptions | undefined): boolean {
  return (
    options !== undefined &&
    (options.codec !== undefined || typeof options.deduplicate === 'object' || options.retry?.permanent !== undefined)
  );
}
