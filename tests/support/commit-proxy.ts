import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A TCP proxy between a service and its PostgreSQL that sees the commits go by: the COMMIT of a transaction, and the
 * end of a statement that writes without one. At a commit it can cut the service off, as a crash does, or take a while.
 */
export interface CommitProxy {
  /** The connection string that leads through it. */
  readonly url: string;
  /**
   * Cuts the service off at its n-th commit from now: `before` it reaches the server, so that it is rolled back, or
   * `after` the server has carried it out, so that only the answer is lost. Nothing gets through until `open`.
   */
  cutAt(nth: number, when: CommitEdge, done: () => void): void;
  /** Has the n-th commit from now take so long: before it reaches the server, or before its answer is passed on. */
  slowAt(nth: number, when: CommitEdge, ms: number): void;
  /** Cuts the service off now. */
  cut(): void;
  /** What was to happen at a later commit does not. */
  forget(): void;
  /** Lets connections through again. */
  open(): void;
  close(): Promise<void>;
}

export type CommitEdge = 'before' | 'after';

interface Plan {
  left: number;
  when: CommitEdge;
  /** Absent: the connection is cut. */
  ms?: number;
  done(): void;
}

/**
 * A statement that has to be durable when it is answered. What looks for work does not count: it comes several times a
 * second, and mostly finds nothing.
 */
const WRITES = /^\s*(INSERT|UPDATE|DELETE|WITH)\b(?![\s\S]*SKIP LOCKED)/i;

/** An error that no client takes for one that passes: who is cut off is to come to its end at once. */
const REFUSAL = (() => {
  const fields = Buffer.from('SFATAL\0VFATAL\0CXX000\0Mcut off by the test\0\0');
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();

/** Cuts a stream of bytes into the messages of PostgreSQL's protocol. */
function framer(hasStartup: boolean): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  let startup = hasStartup;
  return chunk => {
    rest = Buffer.concat([rest, chunk]);
    const messages: Buffer[] = [];
    for (;;) {
      const at = startup ? 0 : 1;
      if (rest.length < at + 4) return messages;
      const length = at + rest.readInt32BE(at);
      if (rest.length < length) return messages;
      messages.push(rest.subarray(0, length));
      rest = rest.subarray(length);
      startup = false;
    }
  };
}

/** Finds the messages of a client that ask for a commit. */
function commitFinder(): (message: Buffer) => { asks: boolean; commits: boolean } {
  const writing = new Set<string>();
  let inTransaction = false;
  let writes = false;
  return message => {
    const type = String.fromCharCode(message[0] ?? 0);
    const [first = '', second = ''] = message
      .toString('latin1', 5, Math.min(message.length, 1_000))
      .split('\0');
    if (type === 'P' && WRITES.test(second)) writing.add(first);
    if (type === 'B' && writing.has(second)) writes = true;
    if (type === 'Q') {
      const commits = first === 'COMMIT' || (!inTransaction && WRITES.test(first));
      if (first === 'BEGIN') inTransaction = true;
      if (first === 'COMMIT' || first === 'ROLLBACK') inTransaction = false;
      writes = false;
      return { asks: true, commits };
    }
    if (type !== 'S') return { asks: false, commits: false };
    const commits = writes && !inTransaction;
    writes = false;
    return { asks: true, commits };
  };
}

/** @param database the connection string of the database */
export async function startCommitProxy(database: string): Promise<CommitProxy> {
  const target = new URL(database);
  const sockets = new Set<Socket>();
  let plans: Plan[] = [];
  let refusing = false;

  function cut(): void {
    refusing = true;
    plans = [];
    for (const socket of sockets) socket.destroy();
  }

  /** What is to happen at this commit, if anything. */
  function atCommit(): Plan[] {
    for (const plan of plans) plan.left--;
    const due = plans.filter(plan => plan.left === 0);
    plans = plans.filter(plan => plan.left > 0);
    return due;
  }

  async function carryOut(due: Plan[], when: CommitEdge): Promise<void> {
    for (const { ms, done } of due.filter(plan => plan.when === when)) {
      if (ms !== undefined) await delay(ms);
      else if (!refusing) cut();
      done();
    }
  }

  const server = createServer(client => {
    track(client);
    if (refusing) {
      client.end(REFUSAL);
      return;
    }
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    track(upstream);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());

    const commitOf = commitFinder();
    const ofClient = framer(true);
    const ofServer = framer(false);
    /** What the server has to answer, and has answered, with ReadyForQuery; the start of the session comes first. */
    let asked = 0;
    let answered = 0;
    /** What is to happen at the answer to a request, by the request's number. */
    const awaited = new Map<number, Plan[]>();
    const held: Buffer[] = [];

    let requests: Promise<void> = Promise.resolve();
    client.on('data', chunk => {
      const messages = ofClient(chunk);
      requests = requests.then(async () => {
        for (const message of messages) {
          const { asks, commits } = asked === 0 ? { asks: true, commits: false } : commitOf(message);
          if (asks) asked++;
          if (commits) {
            const due = atCommit();
            await carryOut(due, 'before');
            const after = due.filter(plan => plan.when === 'after');
            if (after.length > 0) awaited.set(asked, after);
          }
          if (upstream.writable) upstream.write(message);
        }
      });
    });

    let answers: Promise<void> = Promise.resolve();
    upstream.on('data', chunk => {
      const messages = ofServer(chunk);
      answers = answers.then(async () => {
        for (const message of messages) {
          const due = awaited.get(answered + 1);
          held.push(message);
          if (isReady(message)) answered++;
          if (due && !isReady(message)) continue;
          if (due) await carryOut(due, 'after');
          for (const kept of held.splice(0)) if (client.writable) client.write(kept);
        }
      });
    });
  });

  function track(socket: Socket): void {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const address = server.address();
  const url = new URL(database);
  url.host = `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;

  return {
    url: url.href,
    cutAt: (nth, when, done) => void plans.push({ left: nth, when, done }),
    slowAt: (nth, when, ms) => void plans.push({ left: nth, when, ms, done: () => undefined }),
    cut,
    forget() {
      plans = [];
    },
    open() {
      plans = [];
      refusing = false;
    },
    close() {
      cut();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}

const isReady = (message: Buffer) => message[0] === 'Z'.charCodeAt(0);
