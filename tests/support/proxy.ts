import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy between two services, which can be made to misbehave as a network or a paused process does. */
export interface TcpProxy {
  readonly url: string;
  /** Requests and answers go through, and so does what was held until now. */
  pass(): void;
  /** Connections are taken and nothing goes through. */
  hang(): void;
  /** Requests go through and their answers are held. */
  holdAnswers(): void;
  /** What is held from now on waits until it passes; new connections go through at once, and so overtake it. */
  leaveBehind(): void;
  /** Answers go through byte by byte. */
  chopAnswers(): void;
  /** Ends all connections; what they held is lost. */
  cut(): void;
  /** Ends all connections, and new ones at once, until it passes again. */
  refuse(): void;
  close(): Promise<void>;
}

/** Lets chunks through, or keeps them in order until it is opened. */
interface Gate {
  open: boolean;
  waiting: (() => void)[];
}

function through(gate: Gate, action: () => void): void {
  if (gate.open) action();
  else gate.waiting.push(action);
}

function set(gate: Gate, open: boolean): void {
  gate.open = open;
  if (!open) return;
  for (const action of gate.waiting.splice(0)) action();
}

export async function startProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let requests: Gate = { open: true, waiting: [] };
  /** The gates of connections that were left behind. */
  const late: Gate[] = [];
  /** Callers, and whether something of theirs was held. */
  const callers = new Map<Socket, { held: boolean }>();
  const answers: Gate = { open: true, waiting: [] };

  let chopping = false;
  let refusing = false;

  const server: Server = createServer({ allowHalfOpen: true }, caller => {
    track(caller);
    if (refusing) {
      caller.destroy();
      return;
    }
    let callee: Socket | undefined;
    const gate = requests;
    const state = { held: false };
    callers.set(caller, state);
    caller.on('close', () => callers.delete(caller));
    caller.on('data', chunk => {
      if (!gate.open) state.held = true;
      through(gate, () => {
        callee ??= callTarget(caller);
        callee.write(chunk);
      });
    });
    caller.on('end', () => through(gate, () => callee?.end()));
    caller.on('close', () => callee?.destroy());
  });

  function callTarget(caller: Socket): Socket {
    const callee = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    track(callee);
    let sent = Promise.resolve();
    const inOrder = (act: () => void | Promise<void>) =>
      through(answers, () => {
        sent = sent.then(act);
      });
    callee.on('data', chunk => inOrder(() => send(caller, chunk)));
    callee.on('end', () => inOrder(() => void caller.end()));
    callee.on('close', () => inOrder(() => void caller.destroy()));
    return callee;
  }

  async function send(caller: Socket, chunk: Buffer): Promise<void> {
    if (!chopping) {
      caller.write(chunk);
      return;
    }
    caller.setNoDelay(true);
    for (const byte of chunk) {
      caller.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
  }

  function track(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const address = server.address();

  function cut(): void {
    for (const gate of [requests, answers, ...late]) gate.waiting = [];
    for (const socket of sockets) socket.destroy();
  }

  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    pass() {
      chopping = false;
      refusing = false;
      for (const gate of [requests, answers, ...late.splice(0)]) set(gate, true);
    },
    hang() {
      set(requests, false);
      set(answers, false);
    },
    holdAnswers() {
      set(answers, false);
      set(requests, true);
    },
    leaveBehind() {
      late.push(requests);
      requests = { open: true, waiting: [] };
      set(answers, true);
      // One of which nothing is held would take up a new request, and keep it.
      for (const [caller, { held }] of callers) if (!held) caller.destroy();
    },
    chopAnswers() {
      chopping = true;
    },
    cut,
    refuse() {
      refusing = true;
      cut();
    },
    close() {
      cut();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}
