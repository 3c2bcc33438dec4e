import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { serve } from './serve.js';

const app = await NestFactory.create(AppModule, { forceCloseConnections: true }); // an open feed does not hold up SIGTERM
app.enableShutdownHooks();
await serve(app);
process.send?.({ url: await app.getUrl() }); // to who started it, when there is an IPC channel
