import { Module, type DynamicModule } from '@nestjs/common';
import { MQTT_OBSERVERS } from '../module/mqtt-tokens.js';
import { Actions } from './http/actions.js';
import { inspectorController } from './http/inspector.controller.js';
import { LetterStores } from './http/letter-stores.js';
import { MessageForms } from './http/message-forms.js';
import { Snapshots } from './http/snapshots.js';
import { Tails } from './http/tails.js';
import { InspectedApplication } from './inspected-application.js';
import { resolveInspectorOptions, type MqttInspectorOptions } from './inspector-options.js';
import { INSPECTOR_OPTIONS } from './inspector-tokens.js';
import { MqttInspector } from './mqtt-inspector.js';

/**
 * A page that shows live what the servers and clients of the application do, and why a topic reaches a handler or does not. It is
 * served by a controller: the application's global guards and its global prefix apply. By default it is read-only and hides payloads.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     MqttModule.forRoot({ url: 'mqtt://localhost:1883' }),
 *     MqttInspectorModule.forRoot({ path: 'admin/mqtt', guards: [AdminGuard] }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 */
@Module({})
export class MqttInspectorModule {
  /** @throws InvalidOptionsError that lists every problem, such as a missing guard with `NODE_ENV=production` */
  static forRoot(options?: MqttInspectorOptions): DynamicModule {
    const resolved = resolveInspectorOptions(options);
    return {
      module: MqttInspectorModule,
      global: true, // every MqttModule injects the observer
      imports: resolved.imports,
      controllers: [inspectorController(resolved)],
      providers: [
        { provide: INSPECTOR_OPTIONS, useValue: resolved },
        { provide: MqttInspector, useFactory: () => inspectorOf(resolved) },
        { provide: MQTT_OBSERVERS, inject: [MqttInspector], useFactory: (inspector: MqttInspector) => [inspector] },
        InspectedApplication,
        Snapshots,
        Tails,
        Actions,
        MessageForms,
        LetterStores,
      ],
      exports: [MqttInspector, MQTT_OBSERVERS],
    };
  }
}

function inspectorOf({ payloads }: { readonly payloads: unknown }): MqttInspector {
  const inspector = new MqttInspector();
  inspector.letters.withPayloads = payloads !== undefined;
  return inspector;
}
