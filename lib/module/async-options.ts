import type { Provider } from '@nestjs/common';
import { OptionChecks } from '../options/option-checks.js';
import { likelyName, namesOf } from '../options/option-names.js';
import type { MqttModuleAsyncOptions, MqttModuleOptions, MqttModuleOptionsFactory } from './mqtt-module-options.js';

const NAMES = namesOf<MqttModuleAsyncOptions>({
  name: true,
  isGlobal: true,
  imports: true,
  inject: true,
  useFactory: true,
  useClass: true,
  useExisting: true,
});
/** Names that `forRoot()` has too. */
const OF_BOTH = new Set(['name', 'isGlobal']);

/**
 * The providers of options that a factory makes when the application starts.
 *
 * @throws InvalidOptionsError for options beside the factory, and when there is no factory
 */
export function asyncOptionsProviders(provide: string, given: MqttModuleAsyncOptions): Provider[] {
  const { name, inject = [], useFactory, useClass, useExisting } = given;
  const factory = useExisting ?? useClass;
  const checks = new OptionChecks();
  checks.known('forRootAsync', given, NAMES, insideFactory);
  if (!useFactory && !factory)
    checks.report('forRootAsync', 'it has no factory of options', 'Give useFactory, useClass or useExisting');
  checks.done();
  if (useFactory) {
    const make = async (...dependencies: never[]): Promise<MqttModuleOptions> =>
      checked(await useFactory(...dependencies), name);
    return [{ provide, inject, useFactory: make }];
  }
  const options: Provider = {
    provide,
    inject: [factory!],
    useFactory: async (made: MqttModuleOptionsFactory) => checked(await made.createMqttOptions(), name),
  };
  return useExisting ? [options] : [options, { provide: factory!, useClass: factory! }];
}

/** @throws InvalidOptionsError when `forRoot()` is given what is for `forRootAsync()` */
export function refuseAsyncOptions(options: object): void {
  const checks = new OptionChecks();
  for (const name of namesIn(options))
    if (!OF_BOTH.has(name)) checks.report(name, 'forRoot() has no such option', 'Use MqttModule.forRootAsync()');
  checks.done();
}

/**
 * The options that a factory has made.
 *
 * @param name name of the module; with one, the `name` of the options is what logs and observers call the broker
 */
function checked(options: MqttModuleOptions, name: string | undefined): MqttModuleOptions {
  const checks = new OptionChecks();
  if (typeof options !== 'object' || options === null)
    checks.report('forRootAsync', 'its factory did not return an object', 'Return the options: () => ({ url })');
  else
    for (const misplaced of namesIn(options)) {
      if (misplaced === 'name' && name !== undefined) continue;
      const beside = `Give it beside the factory: forRootAsync({ ${misplaced}, useFactory })`;
      checks.report(misplaced, 'it has no effect in what the factory of forRootAsync() returns', beside);
    }
  checks.done();
  return options;
}

function namesIn(options: object): string[] {
  return Object.entries(options).flatMap(([name, value]) => (NAMES.has(name) && value !== undefined ? [name] : []));
}

function insideFactory(name: string): string | undefined {
  return likelyName(name, NAMES) === undefined ? 'Give it in what the factory returns' : undefined;
}
