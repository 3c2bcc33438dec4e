import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { Observable } from 'rxjs';

/** A span for each HTTP request; `@opentelemetry/instrumentation-http` creates better ones. */
@Injectable()
export class HttpSpanInterceptor implements NestInterceptor {
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (execution.getType() !== 'http') return next.handle();
    const { method, route } = execution.switchToHttp().getRequest<{ method: string; route: { path: string } }>();
    const span = trace.getTracer('sample').startSpan(`${method} ${route.path}`, { kind: SpanKind.SERVER });
    const active = trace.setSpan(context.active(), span);
    return new Observable((subscriber) =>
      context.with(active, () => next.handle().subscribe(subscriber)).add(() => span.end()),
    );
  }
}
