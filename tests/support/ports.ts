import { createServer, type Server } from 'node:net';

/**
 * Below the ports that operating systems give to outgoing connections, so that the port of a service that is down is
 * still free when it comes back.
 */
const FIRST_PORT = 12_000;
const BLOCK = 16;
const BLOCKS = 500;

/** Ports of a test's own. */
export interface ReservedPorts {
  ports: number[];
  /** Gives them back. */
  release(): Promise<void>;
}

/** Reserves up to 15 ports: whoever listens on the first port of a block has the others, in whatever process. */
export async function reservePorts(count: number): Promise<ReservedPorts> {
  for (;;) {
    const first = FIRST_PORT + BLOCK * Math.floor(Math.random() * BLOCKS);
    const guard = await listen(first);
    if (!guard) continue;
    return {
      ports: Array.from({ length: count }, (_, i) => first + 1 + i),
      release: () => new Promise(resolve => guard.close(() => resolve())),
    };
  }
}

/** Whether nobody listens on a port of this machine. */
export async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  await new Promise(resolve => (server ? server.close(resolve) : resolve(undefined)));
  return server !== undefined;
}

/** Gives nothing where somebody else has the port. */
function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen({ host: '127.0.0.1', port }, () => resolve(server));
  });
}
