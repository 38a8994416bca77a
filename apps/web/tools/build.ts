import { ensureClient } from '../src/build.ts';

/** `npm run build:web`: builds the client ahead, as for an image, and says where it is. */
process.stdout.write(`${await ensureClient()}\n`);
