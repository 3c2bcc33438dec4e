import {
  resolveSubscription,
  SUBSCRIPTION_NAMES,
  type MqttSubscriptionOptions,
  type ResolvedSubscriptionOptions,
} from '../options/subscription-options.js';
import { CONTROLLER_OPTIONS, type Extras } from './decorators/handler-extras.js';

/** The options of a controller and of its handler; undefined if not set. */
export interface OptionLevels {
  readonly controller: MqttSubscriptionOptions | undefined;
  readonly own: MqttSubscriptionOptions | undefined;
}

export function levelsOf(extras: Extras): OptionLevels {
  const controller = extras[CONTROLLER_OPTIONS] as Extras | undefined;
  return { controller: controller && pickOptions(controller), own: pickOptions(extras) };
}

/** Extras may have properties for other code: only the subscription options are picked. */
function pickOptions(extras: Extras): MqttSubscriptionOptions | undefined {
  let picked: Record<string, unknown> | undefined;
  for (const name in extras) {
    if (SUBSCRIPTION_NAMES.has(name)) (picked ??= {})[name] = extras[name];
  }
  return picked;
}

/** Merges the options of handlers, once for all handlers with equal options. */
export class OptionMerger {
  private readonly merged = new Map<string, ResolvedSubscriptionOptions>();

  /** @param server options of the server */
  constructor(private readonly server: MqttSubscriptionOptions) {}

  merge({ controller, own }: OptionLevels): ResolvedSubscriptionOptions {
    if (holdsMachinery(controller) || holdsMachinery(own)) return resolveSubscription([this.server, controller, own]);
    const key = controller || own ? JSON.stringify([controller, own]) : '';
    let options = this.merged.get(key);
    if (!options) this.merged.set(key, (options = resolveSubscription([this.server, controller, own])));
    return options;
  }
}

/** Codecs, stores and functions cannot be compared by value. */
function holdsMachinery(options: MqttSubscriptionOptions | undefined): boolean {
  return (
    options !== undefined &&
    (options.codec !== undefined || typeof options.deduplicate === 'object' || options.retry?.permanent !== undefined)
  );
}
