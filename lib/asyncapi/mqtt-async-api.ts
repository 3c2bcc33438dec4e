import type { INestApplication, INestApplicationContext } from '@nestjs/common';
import type { AsyncApiDocument, AsyncApiInfo } from './document/async-api-document.js';
import { createDocument, type AsyncApiOptions } from './document/create-document.js';
import { toYaml } from './document/to-yaml.js';
import { setupPage, type AsyncApiPageOptions } from './page/setup-page.js';

/**
 * Describes an application in AsyncAPI 3.0, and shows the description.
 *
 * @example
 * ```ts
 * const app = await NestFactory.create(AppModule);
 * app.connectMicroservice({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
 * const document = await MqttAsyncApi.createDocument(app, { title: 'Devices', version: '1.0.0' });
 * await MqttAsyncApi.setup('asyncapi', app, document, { guard: AdminGuard });
 * await app.startAllMicroservices();
 * await app.listen(3000);
 * ```
 */
export class MqttAsyncApi {
  /**
   * Makes the document from what the servers of the application serve. No broker is needed; the handlers have to be registered: call
   * it after `connectMicroservice()`, or after `init()` of a microservice. The same application makes the same document, whatever
   * the order of its modules.
   *
   * @throws InvalidOptionsError, InvalidTopicError, DuplicateHandlerError when the handlers cannot be served
   */
  static createDocument(
    app: INestApplicationContext,
    info: AsyncApiInfo,
    options?: AsyncApiOptions,
  ): Promise<AsyncApiDocument> {
    return createDocument(app, info, options);
  }

  /** The document in JSON, indented. */
  static toJson(document: AsyncApiDocument): string {
    return `${JSON.stringify(document, undefined, 2)}\n`;
  }

  /**
   * The document in YAML.
   *
   * @throws Error when the package `yaml` is not installed
   */
  static toYaml(document: AsyncApiDocument): Promise<string> {
    return toYaml(document);
  }

  /**
   * Shows the document at `path`, and gives it at `path/asyncapi.json` and `path/asyncapi.yaml`. The page is the official React
   * component, served from the package `@asyncapi/react-component`: nothing is asked of another host. It is a controller like those
   * of the application, behind its global guards, interceptors and filters, and below its global prefix. Call it before `init()` and
   * `listen()`.
   *
   * @throws Error when the application has been initialized, or `@asyncapi/react-component` is not installed
   */
  static setup(
    path: string,
    app: INestApplication,
    document: AsyncApiDocument,
    options?: AsyncApiPageOptions,
  ): Promise<void> {
    return setupPage(path, app, document, options);
  }
}
