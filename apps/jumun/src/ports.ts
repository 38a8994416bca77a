import { createServer } from 'node:net';

/** Where each part listens, from the port base on; the base itself is the web's. */
export const portOffsets: Record<string, number> = {
  web: 0,
  order: 1,
  product: 2,
  pay: 3,
  notice: 4,
  customercenter: 5,
  delivery: 6,
  gateway: 8,
};

export const partNames = Object.keys(portOffsets);

/**
 * Looks before anything is started, so that the message comes at once and names the part.
 * @throws Error in one line for a port that is in use or not ours to use
 */
export async function assertPortFree(name: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${error.code})`;
      reject(new Error(`port ${port} for ${name} ${why}; choose others with --port-base N`));
    });
    probe.listen({ host: '127.0.0.1', port }, () => probe.close(() => resolve()));
  });
}
