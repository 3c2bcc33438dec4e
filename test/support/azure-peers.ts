import type { IPublishPacket, MqttClient } from 'mqtt';
import { within } from './deadline.js';
import { connectMqttJs } from './mqttjs-client.js';
import type { TestConnection } from './test-broker.js';

/*
 * Both roles of the RPC protocol of Azure IoT Operations, version 1, for JSON, as its documentation has them, and as strict:
 * https://github.com/Azure/iot-operations-sdks/tree/main/doc/reference (message-metadata, command-errors, error-model,
 * protocol-versioning). Its own SDKs are not to be had from a public registry.
 */

type Properties = Record<string, string | undefined>;

/** The error of an invocation, with a kind of error-model.md. */
export class AzureInvocationError extends Error {
  constructor(
    readonly kind: string,
    message: string,
    readonly details: { isRemote?: boolean; name?: string | undefined; value?: string | undefined } = {},
  ) {
    super(message);
  }
}

/** How an executor says that it could not execute. */
export class AzureFailure extends Error {
  constructor(
    readonly status: string,
    message: string,
    readonly more: Properties = {},
  ) {
    super(message);
  }
}

function one(packet: IPublishPacket, name: string): string | undefined {
  const value = packet.properties?.userProperties?.[name];
  return Array.isArray(value) ? value[0] : value;
}

function majorVersion(packet: IPublishPacket): string | undefined {
  return /^(\d+)\.\d+$/.exec(one(packet, '__protVer') ?? '1.0')?.[1];
}

/** Whether the payload is what a JSON serializer takes. */
function fits({ properties }: IPublishPacket): boolean {
  return properties?.contentType === undefined || properties.contentType === 'application/json';
}

/** A command invoker. */
export class AzureInvoker {
  private invocations = 0;

  private constructor(
    private readonly client: MqttClient,
    private readonly id: string,
  ) {}

  static async connect(connection: TestConnection, id: string): Promise<AzureInvoker> {
    return new AzureInvoker(await connectMqttJs(connection, { clientId: id }), id);
  }

  /** @throws AzureInvocationError */
  async invoke(topic: string, payload: string): Promise<unknown> {
    const responseTopic = `clients/${this.id}/${topic}`;
    await this.client.subscribeAsync(responseTopic, { qos: 1 });
    const correlationData = Buffer.alloc(16, ++this.invocations);
    const reply = new Promise<IPublishPacket>((resolve) => {
      this.client.on('message', (on, _payload, packet) => {
        if (on === responseTopic && packet.properties?.correlationData?.equals(correlationData)) resolve(packet);
      });
    });
    await this.client.publishAsync(topic, payload, {
      qos: 1,
      properties: {
        responseTopic,
        correlationData,
        messageExpiryInterval: 10,
        contentType: 'application/json',
        payloadFormatIndicator: true,
        userProperties: {
          __protVer: '1.0',
          __srcId: this.id,
          __invId: this.id,
          $partition: this.id,
          __ts: `${String(Date.now()).padStart(15, '0')}:00000:${this.id}`,
        },
      },
    });
    return read(await within(reply, `the reply to ${topic}`));
  }
}

function read(reply: IPublishPacket): unknown {
  if (majorVersion(reply) !== '1') throw new AzureInvocationError('unsupported version', 'of the response');
  const status = one(reply, '__stat');
  if (status === undefined) throw new AzureInvocationError('missing header', 'status missing', { name: '__stat' });
  if (!/^\d+$/.test(status)) throw new AzureInvocationError('invalid header', status, { name: '__stat' });
  if (status !== '200' && status !== '204') throw remoteError(reply, status);
  const bytes = reply.payload as Buffer;
  if (status === '204') {
    if (bytes.length > 0) throw new AzureInvocationError('invalid payload', 'no content with a payload');
    return undefined;
  }
  if (!fits(reply)) throw new AzureInvocationError('invalid header', 'content type mismatch', { name: 'Content Type' });
  if (reply.properties?.payloadFormatIndicator !== true) throw new AzureInvocationError('invalid header', 'no format');
  return JSON.parse(bytes.toString());
}

/** Appendix 2 of error-model.md. */
function remoteError(reply: IPublishPacket, status: string): AzureInvocationError {
  const name = one(reply, '__propName');
  const value = one(reply, '__propVal');
  const inApplication = one(reply, '__apErr') === 'true';
  const badRequest =
    value === undefined ? (name === undefined ? 'invalid payload' : 'missing header') : 'invalid header';
  const internal = inApplication ? 'execution error' : name === undefined ? 'unknown error' : 'internal logic error';
  const kinds: Properties = {
    '400': badRequest,
    '408': value !== undefined && /^PT[\d.]+S$/.test(value) ? 'timeout' : 'invalid header',
    '415': 'invalid header',
    '500': internal,
    '503': 'invalid state',
    '505': 'unsupported version',
  };
  const message = one(reply, '__stMsg') ?? '';
  return new AzureInvocationError(kinds[status] ?? 'unknown error', message, { isRemote: true, name, value });
}

/** A command executor of one topic. */
export class AzureExecutor {
  /** Requests as they came. */
  readonly requests: IPublishPacket[] = [];

  private constructor(
    private readonly client: MqttClient,
    private readonly execute: (data: unknown) => unknown,
  ) {}

  /** @param execute gives the result; or throws an {@link AzureFailure}, or another error */
  static async serve(
    connection: TestConnection,
    topic: string,
    execute: (data: unknown) => unknown,
  ): Promise<AzureExecutor> {
    const executor = new AzureExecutor(await connectMqttJs(connection), execute);
    executor.client.on('message', (_topic, _payload, packet) => void executor.answer(packet));
    await executor.client.subscribeAsync(topic, { qos: 1 });
    return executor;
  }

  private async answer(request: IPublishPacket): Promise<void> {
    this.requests.push(request);
    const { responseTopic, correlationData, messageExpiryInterval } = request.properties ?? {};
    if (responseTopic === undefined) return;
    let payload = '';
    let userProperties: Properties;
    try {
      const result = this.run(request);
      if (result !== undefined) payload = JSON.stringify(result);
      userProperties = { __stat: result === undefined ? '204' : '200' };
    } catch (error) {
      userProperties = told(error);
    }
    const properties = {
      ...(correlationData && { correlationData }),
      ...(messageExpiryInterval && { messageExpiryInterval }),
      ...(payload !== '' && { contentType: 'application/json', payloadFormatIndicator: true }),
      userProperties: { __protVer: '1.0', __srcId: 'executor', ...userProperties } as Record<string, string>,
    };
    await this.client.publishAsync(responseTopic, payload, { qos: 1, properties });
  }

  private run(request: IPublishPacket): unknown {
    if (majorVersion(request) !== '1') throw new AzureFailure('505', 'unsupported version');
    const { correlationData, messageExpiryInterval } = request.properties!;
    if (correlationData?.length !== 16) throw new AzureFailure('400', 'no UUID', { __propName: 'Correlation Data' });
    if (!messageExpiryInterval) throw new AzureFailure('400', 'no expiry', { __propName: 'Message Expiry' });
    for (const name of ['__srcId', '__invId'])
      if (!one(request, name)) throw new AzureFailure('400', `no ${name}`, { __propName: name });
    if (!fits(request)) throw new AzureFailure('415', 'no JSON', { __propName: 'Content Type', __propVal: 'other' });
    let data: unknown;
    try {
      data = JSON.parse(request.payload.toString());
    } catch {
      throw new AzureFailure('400', 'invalid payload');
    }
    return this.execute(data);
  }
}

function told(error: unknown): Properties {
  if (error instanceof AzureFailure) return { __stat: error.status, __stMsg: error.message, ...error.more };
  return { __stat: '500', __stMsg: (error as Error).message, __apErr: 'true' };
}
