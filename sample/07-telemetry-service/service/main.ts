import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { serve } from './serve.js';

const app = await NestFactory.create(AppModule, { forceCloseConnections: true }); // open feeds must not delay the shutdown
app.enableShutdownHooks();
await serve(app);
process.send?.({ url: await app.getUrl() }); // to the parent process, if there is an IPC channel
