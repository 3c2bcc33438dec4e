import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** A trace as a tree, with a line for each span and its events. */
export function traceTree(spans: readonly ReadableSpan[], parentId?: string, depth = 0): string[] {
  return spans
    .filter(({ parentSpanContext }) => parentSpanContext?.spanId === parentId)
    .flatMap((span) => {
      const events = span.events.map(({ name }) => name);
      const failed = span.status.code === SpanStatusCode.ERROR ? ' FAILED' : '';
      const line = `${'  '.repeat(depth)}${span.name}${failed}${events.length > 0 ? ` (${events.join(', ')})` : ''}`;
      return [line, ...traceTree(spans, span.spanContext().spanId, depth + 1)];
    });
}
