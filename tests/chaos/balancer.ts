import { connect, createServer, type Socket } from 'node:net';

/** One address for several replicas: each connection goes to the next that takes it. */
export interface Balancer {
  readonly url: string;
  close(): Promise<void>;
}

/** @param ports where the replicas listen on loopback */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  let next = 0;

  function track(socket: Socket): Socket {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    return socket;
  }

  function forward(caller: Socket, attempts: number): void {
    if (attempts === 0) return void caller.destroy();
    const replica = track(connect({ host: '127.0.0.1', port: ports[next++ % ports.length] ?? 0 }));
    const refused = () => forward(caller, attempts - 1);
    replica.once('error', refused);
    replica.once('connect', () => {
      replica.off('error', refused);
      caller.on('close', () => replica.destroy());
      replica.on('close', () => caller.destroy());
      caller.pipe(replica);
      replica.pipe(caller);
    });
  }

  const server = createServer(caller => forward(track(caller), ports.length));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}
