/**
 * Runs a server in a process of its own. `serve.js FOLDER` is the local AWS with this data folder. `serve.js constant` is one
 * that always sends the same reply. It prints its endpoint and, when its standard input ends, its peak memory in kilobytes.
 */
import { createServer } from 'node:http';
import { startLocalAws } from '../../local-aws/server.ts';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/** As long as the reply to GetDatastore, so that both servers send the same number of bytes. */
const CONSTANT_REPLY = JSON.stringify({ reply: 'x'.repeat(400) });

async function start(what: string): Promise<{ endpoint: string; close(): Promise<unknown> }> {
  if (what !== 'constant') return startLocalAws({ data: what, settings: { datastoreCreateMs: 0 } });
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(CONSTANT_REPLY);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('a server that listens has an address');
  return { endpoint: `http://127.0.0.1:${address.port}`, close: async () => server.closeAllConnections() };
}

const server = await start(process.argv[2] ?? 'constant');
console.log(server.endpoint);
process.stdin.resume().once('end', () => {
  void server.close().then(() => {
    console.log(process.resourceUsage().maxRSS);
    process.exit();
  });
});
