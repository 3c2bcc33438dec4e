// Says how many bytes a request leaves behind for the garbage collector.
import { FedServer } from '../../../../bench/players/fed-server.js';
import { bytesAllocatedBy } from '../../../../bench/players/garbage.js';
import { report, workerParameters } from '../../../support/worker-main.js';

const WARM_UP = 20_000;
const COUNTED = 5_000;

const { url } = workerParameters<{ url: string }>();
const server = await FedServer.start('transport', url);
report('ready');
await server.answer(server.requests(WARM_UP)); // what is compiled allocates less
const requests = server.requests(COUNTED);
report((await bytesAllocatedBy(() => server.answer(requests))) / COUNTED);
