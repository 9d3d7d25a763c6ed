// Preloaded into a run of the program: names every module of node_modules that was loaded, on stderr at the end.
import { createRequire, register } from 'node:module';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';

const loaded = new Set();
const { port1, port2 } = new MessageChannel();
register(new URL('./loaded-hook.js', import.meta.url), { data: { port: port2 }, transferList: [port2] });

const { cache } = createRequire(import.meta.url);
process.on('exit', () => {
  for (let next = receiveMessageOnPort(port1); next; next = receiveMessageOnPort(port1)) loaded.add(next.message);
  for (const path of Object.keys(cache)) loaded.add(path);
  process.stderr.write(`\nLOADED ${JSON.stringify([...loaded])}\n`);
});
