import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a test wants to know of a span that has arrived. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentId: string;
  name: string;
  /** `service.name` of its resource. */
  service: string;
}

export interface Collector {
  endpoint: string;
  spans(): ReceivedSpan[];
  close(): Promise<void>;
}

/** Takes traces as OTLP over HTTP in its binary form, at /v1/traces, and keeps them. */
export async function startCollector(): Promise<Collector> {
  const received: ReceivedSpan[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const right =
      request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf';
    if (right) received.push(...spansIn(Buffer.concat(chunks)));
    response.writeHead(right ? 200 : 404, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans: () => received,
    async close() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** An ExportTraceServiceRequest (opentelemetry-proto): the numbers are those of its fields. */
function spansIn(request: Buffer): ReceivedSpan[] {
  return fields(request, 1).flatMap(resourceSpans => {
    const [resource = Buffer.alloc(0)] = fields(resourceSpans, 1);
    const attribute = fields(resource, 1).find(it => String(fields(it, 1)[0]) === 'service.name');
    const [value = Buffer.alloc(0)] = attribute ? fields(attribute, 2) : [];
    const service = String(fields(value, 1)[0] ?? '');
    return fields(resourceSpans, 2)
      .flatMap(scopeSpans => fields(scopeSpans, 2))
      .map(span => ({
        traceId: hex(fields(span, 1)[0]),
        spanId: hex(fields(span, 2)[0]),
        parentId: hex(fields(span, 4)[0]),
        name: String(fields(span, 5)[0]),
        service,
      }));
  });
}

const hex = (bytes: Buffer | undefined) => bytes?.toString('hex') ?? '';

/** The values of a length-delimited field in a message of Protocol Buffers, in order; others are passed over. */
function fields(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  function varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
  while (at < message.length) {
    const tag = varint();
    const type = tag & 7;
    if (type === 0) varint();
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const end = varint() + at;
      if (tag >> 3 === wanted) found.push(message.subarray(at, end));
      at = end;
    } else throw new Error(`no such wire type: ${type}`);
  }
  return found;
}
