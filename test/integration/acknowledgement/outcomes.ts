import {
  Catch,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CanActivate,
  type NestInterceptor,
  type PipeTransform,
  type RpcExceptionFilter,
} from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { concat, NEVER, of, throwError, type Observable } from 'rxjs';
import { AckMessage, jsonCodec, NackMessage, RejectMessage, type MqttContext } from '../../../lib/index.js';

/** Milliseconds. Handlers that run too long never end by themselves, all others end at once. */
export const HANDLER_TIMEOUT = 300;

/** What becomes of a message: acknowledged; refused with reason code and reason string; withheld; not decided about. */
export type Fate = 'ack' | `0x${string}` | 'nothing' | 'open';

/** A way for a handler to end. */
export interface Outcome {
  readonly name: string;
  /** The handler. Default: it returns at once. */
  readonly handle?: (context: MqttContext) => unknown;
  /** What stands around the handler. */
  readonly around?: MethodDecorator;
  readonly extras?: object;
  readonly payload?: string;
  /** Under each of `POLICIES`, in their order. */
  readonly fates: readonly Fate[];
  /** Part of the one line in the error log, where there is to be one. */
  readonly logged?: string;
}

const TOO_LONG = `0x83 "The handler did not end within ${HANDLER_TIMEOUT} ms."`;
const UNDECODABLE =
  '0x83 "The payload of the message on "*" cannot be decoded as the codec expects. Check what its publisher sends, or set a codec for this topic."';

// prettier-ignore
export const OUTCOMES: readonly Outcome[] = [
  // success                                                                      ACK        ACK_FIRST  REJECT_ON_ERROR        NACK_ON_ERROR  MANUAL
  { name: 'returns',               handle: () => 1,                      fates: ['ack',     'ack',     'ack',                 'ack',         'open'] },
  { name: 'resolves',              handle: async () => 1,                fates: ['ack',     'ack',     'ack',                 'ack',         'open'] },
  { name: 'completes',             handle: () => of(1, 2),               fates: ['ack',     'ack',     'ack',                 'ack',         'open'] },
  { name: 'swallowed-by-filter',   handle: throws(new Error('boom')),
    around: filter(() => of('never mind')),                              fates: ['ack',     'ack',     'ack',                 'ack',         'open'] },

  // failure; Nest masks what it does not know                                    ACK        ACK_FIRST  REJECT_ON_ERROR        NACK_ON_ERROR  MANUAL
  { name: 'throws',                handle: throws(new Error('boom')),    fates: ['ack',     'ack',     '0x83 "Internal server error"', 'nothing', 'nothing'], logged: 'boom' },
  { name: 'rejects',               handle: rejects(new Error('bang')),   fates: ['ack',     'ack',     '0x83 "Internal server error"', 'nothing', 'nothing'], logged: 'bang' },
  { name: 'throws-rpc-exception',  handle: throws(new RpcException('out of range')),
                                                                         fates: ['ack',     'ack',     '0x83 "out of range"', 'nothing',     'nothing'], logged: 'out of range' },
  { name: 'observable-error',      handle: () => failing(new RpcException('no more')),
                                                                         fates: ['ack',     'ack',     '0x83 "no more"',      'nothing',     'nothing'], logged: 'no more' },
  { name: 'own-reason-code',       handle: throws(new RpcException('busy')),
    extras: { rejectReasonCode: 0x97 },                                  fates: ['ack',     'ack',     '0x97 "busy"',         'nothing',     'nothing'], logged: 'busy' },
  { name: 'promise-too-long',      handle: () => new Promise(() => {}),  fates: ['ack',     'ack',     TOO_LONG,              'nothing',     'nothing'], logged: 'did not end' },
  { name: 'observable-too-long',   handle: () => concat(of(1), NEVER),   fates: ['ack',     'ack',     TOO_LONG,              'nothing',     'nothing'], logged: 'did not end' },
  { name: 'guard-refuses',         around: guard(() => false),           fates: ['ack',     'ack',     '0x83 "Forbidden resource"', 'nothing', 'nothing'], logged: 'Forbidden resource' },
  { name: 'pipe-refuses',          around: pipe(throws(new RpcException('malformed'))),
                                                                         fates: ['ack',     'ack',     '0x83 "malformed"',    'nothing',     'nothing'], logged: 'malformed' },
  { name: 'undecodable',           payload: '{', extras: { codec: jsonCodec },
                                                                         fates: ['ack',     'ack',     UNDECODABLE,           'nothing',     'nothing'], logged: 'cannot be decoded' },
  { name: 'filter-fails',          handle: throws(new Error('boom')),
    around: filter(() => throwError(() => ({ message: 'mapped' }))),     fates: ['ack',     'ack',     '0x83 "mapped"',       'nothing',     'nothing'], logged: 'boom' },

  // exceptions that decide, from wherever they are thrown                        ACK        ACK_FIRST  REJECT_ON_ERROR        NACK_ON_ERROR  MANUAL
  { name: 'throws-ack',            handle: throws(new AckMessage()),     fates: ['ack',     'ack',     'ack',                 'ack',         'ack'] },
  { name: 'throws-nack',           handle: throws(new NackMessage()),    fates: ['nothing', 'ack',     'nothing',             'nothing',     'nothing'] },
  { name: 'throws-reject',         handle: throws(new RejectMessage()),  fates: ['0x83 "Message rejected"', 'ack', '0x83 "Message rejected"', '0x83 "Message rejected"', '0x83 "Message rejected"'] },
  { name: 'throws-reject-code',    handle: throws(new RejectMessage('not yours', 0x87)),
                                                                         fates: ['0x87 "not yours"', 'ack', '0x87 "not yours"', '0x87 "not yours"', '0x87 "not yours"'] },
  { name: 'rejects-with-nack',     handle: rejects(new NackMessage()),   fates: ['nothing', 'ack',     'nothing',             'nothing',     'nothing'] },
  { name: 'observable-nack',       handle: () => failing(new NackMessage()), fates: ['nothing', 'ack', 'nothing',             'nothing',     'nothing'] },
  { name: 'guard-throws-ack',      around: guard(throws(new AckMessage())),  fates: ['ack', 'ack',     'ack',                 'ack',         'ack'] },
  { name: 'guard-throws-nack',     around: guard(throws(new NackMessage())), fates: ['nothing', 'ack', 'nothing',             'nothing',     'nothing'] },
  { name: 'pipe-throws-nack',      around: pipe(throws(new NackMessage())),  fates: ['nothing', 'ack', 'nothing',             'nothing',     'nothing'] },
  { name: 'pipe-throws-reject',    around: pipe(throws(new RejectMessage('no'))), fates: ['0x83 "no"', 'ack', '0x83 "no"', '0x83 "no"', '0x83 "no"'] },
  { name: 'interceptor-throws-ack',    around: interceptor(throws(new AckMessage())),  fates: ['ack', 'ack', 'ack', 'ack', 'ack'] },
  { name: 'interceptor-throws-reject', around: interceptor(throws(new RejectMessage('no'))), fates: ['0x83 "no"', 'ack', '0x83 "no"', '0x83 "no"', '0x83 "no"'] },
  { name: 'filter-passes-nack-on',     handle: throws(new NackMessage()),
    around: filter((exception) => throwError(() => exception)),          fates: ['nothing', 'ack',     'nothing',             'nothing',     'nothing'] },

  // decided by the context: the first one counts                                 ACK        ACK_FIRST  REJECT_ON_ERROR        NACK_ON_ERROR  MANUAL
  { name: 'context-ack',           handle: (context) => context.ack(),   fates: ['ack',     'ack',     'ack',                 'ack',         'ack'] },
  { name: 'context-nack',          handle: (context) => context.nack(),  fates: ['nothing', 'ack',     'nothing',             'nothing',     'nothing'] },
  { name: 'context-reject',        handle: (context) => context.reject(),          fates: ['0x83', 'ack', '0x83', '0x83', '0x83'] },
  { name: 'context-reject-code',   handle: (context) => context.reject(0x99, 'no JSON'), fates: ['0x99 "no JSON"', 'ack', '0x99 "no JSON"', '0x99 "no JSON"', '0x99 "no JSON"'] },
  { name: 'context-reject-impossible', handle: (context) => context.reject(0x10),
                                                                         fates: ['ack',     'ack',     '0x83 "Internal server error"', 'nothing', 'nothing'], logged: 'cannot be rejected with 16' },
  { name: 'context-ack-then-nack', handle: (context) => (context.ack(), context.nack(), context.ack()), fates: ['ack', 'ack', 'ack', 'ack', 'ack'] },
  { name: 'context-nack-then-ack', handle: (context) => (context.nack(), context.ack()), fates: ['nothing', 'ack', 'nothing', 'nothing', 'nothing'] },
  { name: 'context-ack-then-throws', handle: (context) => (context.ack(), throws(new RpcException('late'))()),
                                                                         fates: ['ack',     'ack',     'ack',                 'ack',         'ack'], logged: 'late' },
  { name: 'context-nack-then-throws-ack', handle: (context) => (context.nack(), throws(new AckMessage())()),
                                                                         fates: ['nothing', 'ack',     'nothing',             'nothing',     'nothing'] },
];

function throws(error: Error): () => never {
  return () => {
    throw error;
  };
}

function rejects(error: Error): () => Promise<never> {
  return async () => {
    throw error;
  };
}

function failing(error: Error): Observable<unknown> {
  return concat(
    of(1),
    throwError(() => error),
  );
}

function guard(canActivate: CanActivate['canActivate']): MethodDecorator {
  return UseGuards({ canActivate });
}

function pipe(transform: PipeTransform['transform']): MethodDecorator {
  return UsePipes({ transform });
}

function interceptor(intercept: NestInterceptor['intercept']): MethodDecorator {
  return UseInterceptors({ intercept });
}

function filter(handle: (exception: unknown) => Observable<unknown>): MethodDecorator {
  class Filter implements RpcExceptionFilter {
    catch = handle;
  }
  Catch()(Filter);
  return UseFilters(Filter);
}
