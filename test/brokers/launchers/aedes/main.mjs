// node main.mjs (folder of aedes) (port)
import { createServer } from 'node:net';
import { pathToFileURL } from 'node:url';

const [folder, port] = process.argv.slice(2);
const { Aedes } = await import(pathToFileURL(`${folder}/aedes.js`).href);
const broker = await Aedes.createBroker();
createServer(broker.handle).listen(Number(port), '127.0.0.1');
