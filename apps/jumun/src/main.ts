import { parseArgs } from 'node:util';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 18)) {
  process.stderr.write(`jumun: Node ${process.versions.node} is too old; it needs 20.18 or newer\n`);
  process.exit(1);
}

const USAGE = `usage: jumun start [--only order,pay] [--port-base 8080] [--data .jumun]
       jumun dead-letters list | show ID | replay ID | discard ID --reason TEXT   [--data .jumun]
`;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      'port-base': { type: 'string' },
      data: { type: 'string' },
      reason: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command, ...rest] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
  } else if (command === 'start' && rest.length === 0) {
    const { start } = await import('./start.ts');
    await start({ only: values.only, portBase: values['port-base'], data: values.data });
  } else if (command === 'dead-letters') {
    const { deadLetters } = await import('./dead-letters.ts');
    await deadLetters(rest, { data: values.data, reason: values.reason });
  } else {
    process.stderr.write(USAGE);
    process.exitCode = 2;
  }
} catch (error) {
  // One clear line, whatever it was; the stack is for those who ask.
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`jumun: ${message.split('\n')[0]}\n`);
  if (process.env.JUMUN_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}
