import type { INestApplication, INestApplicationContext } from '@nestjs/common';
import type { AsyncApiDocument, AsyncApiInfo } from './document/async-api-document.js';
import { createDocument, type AsyncApiOptions } from './document/create-document.js';
import { toYaml } from './document/to-yaml.js';
import { setupPage, type AsyncApiPageOptions } from './page/setup-page.js';

/**
 * Describes an application in AsyncAPI 3.0, and serves the document as a page.
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
   * Creates the document from the handlers and clients of the application. No broker is needed. The handlers must be registered: call
   * it after `connectMicroservice()`, or after `init()` of a microservice. The document does not depend on the order of modules.
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
   * Shows the document at `path`, and serves it at `path/asyncapi.json` and `path/asyncapi.yaml`. The page is the official React
   * component, served from the package `@asyncapi/react-component`; it loads nothing from other hosts. A controller serves it: global
   * guards, filters and the global prefix of the application apply. Call it before `init()` and `listen()`.
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
