/** A bug to be planted: what stands in a file exactly once, and what is to stand there instead. */
export interface Edit {
  file: string;
  find: string;
  replace: string;
}

export interface Mutant {
  name: string;
  edits: Edit[];
  /** The test that has to fail: the model of the saga in memory, or the histories on the real system. */
  caughtBy: 'saga' | 'histories';
}

export const mutants: Mutant[] = [
  {
    name: 'an event that comes again is handled again',
    caughtBy: 'histories',
    edits: [
      {
        file: 'packages/messaging/src/inbox.ts',
        find: 'fresh: new Set(row.fresh)',
        replace: 'fresh: new Set(records.map(record => record.eventId))',
      },
    ],
  },
  {
    name: 'events are published after the commit and not in it',
    caughtBy: 'histories',
    edits: [
      {
        file: 'packages/messaging/src/outbox.ts',
        find: '      tx.send(\n',
        replace: '      const publish = () => tx.query(\n',
      },
      {
        file: 'packages/messaging/src/outbox.ts',
        find: '      tx.afterCommit(wake);',
        replace: '      tx.afterCommit(() => void publish().then(wake, () => undefined));',
      },
    ],
  },
  {
    name: 'stock is checked without a lock',
    caughtBy: 'histories',
    edits: [
      {
        file: 'services/product/src/store.ts',
        find: 'FROM product WHERE id = ANY($1) ORDER BY id FOR UPDATE',
        replace: 'FROM product WHERE id = ANY($1) ORDER BY id',
      },
    ],
  },
  {
    name: 'a void leaves nothing behind that refuses a later charge',
    caughtBy: 'histories',
    edits: [
      {
        file: 'services/pay/src/pay.ts',
        find: `if (pay.kind === 'none') return [{ type: 'PayVoided', paymentKey: command.paymentKey }];`,
        replace: `if (pay.kind === 'none') return [];`,
      },
    ],
  },
  {
    name: 'a notice has no key',
    caughtBy: 'histories',
    edits: [
      {
        file: 'services/notice/src/store.ts',
        find: '\n     ON CONFLICT (order_id, kind) DO NOTHING',
        replace: '',
      },
      {
        file: 'services/notice/migrations/001-notices.sql',
        find: '  at timestamptz NOT NULL,\n  UNIQUE (order_id, kind)\n',
        replace: '  at timestamptz NOT NULL\n',
      },
    ],
  },
  {
    name: "a consumer's cursor moves before the effects",
    caughtBy: 'histories',
    edits: [
      {
        file: 'packages/messaging/src/consumer.ts',
        find: `      const handled = await db.transaction(async tx => {
        const { fresh, blocked } = await admit(tx, moves, relevant);`,
        replace: `      const { fresh, blocked } = await db.transaction(tx => admit(tx, moves, relevant));
      const handled = await db.transaction(async tx => {`,
      },
    ],
  },
  {
    name: 'a refund has no key',
    caughtBy: 'histories',
    edits: [
      {
        file: 'services/pay/src/store.ts',
        find: '     ON CONFLICT DO NOTHING`,\n    columns(owed,',
        replace: '`,\n    columns(owed,',
      },
      {
        file: 'services/pay/migrations/001-pays.sql',
        find: 'CREATE TABLE refund (\n  payment_key uuid PRIMARY KEY,',
        replace: 'CREATE TABLE refund (\n  payment_key uuid NOT NULL,',
      },
    ],
  },
  {
    name: 'a canceled order keeps its reservation',
    caughtBy: 'saga',
    edits: [
      {
        file: 'services/product/src/product.ts',
        find: `      if (line?.hold === 'reserved') return [{ type: 'ReservationEnded', hold: 'released' }];\n      return`,
        replace: '      return',
      },
    ],
  },
  {
    name: 'the view shows what arrived last',
    caughtBy: 'histories',
    edits: [
      {
        file: 'services/customercenter/src/view.ts',
        find: '  return words.indexOf(b) > words.indexOf(a) ? b : a;',
        replace: '  return b ?? words[0] ?? a;',
      },
    ],
  },
  {
    name: 'the relay clears the outbox before the log has the events',
    caughtBy: 'histories',
    edits: [
      {
        file: 'packages/messaging/src/relay.ts',
        find: '      try {\n        await sendInSpans(',
        replace:
          '      await clearOutbox(\n        db,\n        messages.map(message => message.id),\n      );\n      try {\n        await sendInSpans(',
      },
      {
        file: 'packages/messaging/src/relay.ts',
        find: `        throw error;
      }
      await clearOutbox(
        db,
        messages.map(message => message.id),
      );
`,
        replace: '        throw error;\n      }\n',
      },
    ],
  },
  {
    name: 'pieces are taken for an order that is not paid',
    caughtBy: 'saga',
    edits: [
      {
        file: 'services/product/src/product.ts',
        find: 'const sold = line !== null && line.paidPrice === price && line.orderQty === orderQty;',
        replace: 'const sold = line !== null && line.orderQty === orderQty;',
      },
    ],
  },
  {
    name: 'a delivery that was canceled beforehand is prepared after all',
    caughtBy: 'saga',
    edits: [
      {
        file: 'services/delivery/src/delivery.ts',
        find: `if (delivery.kind === 'none') return [{ type: 'CanceledBeforehand' }];`,
        replace: `if (delivery.kind === 'none') return [];`,
      },
    ],
  },
  {
    name: 'a void does not undo a payment that was recorded',
    caughtBy: 'saga',
    edits: [
      { file: 'services/pay/src/pay.ts', find: '      return undo(pay);', replace: '      return [];' },
    ],
  },
  {
    name: 'an intent that is being voided is established',
    caughtBy: 'saga',
    edits: [
      {
        file: 'services/order/src/order.ts',
        find: `if (order.kind !== 'intent' || order.voiding) return notOpen(command.id);`,
        replace: `if (order.kind !== 'intent') return notOpen(command.id);`,
      },
    ],
  },
  {
    name: 'nobody is told of goods that arrive for a canceled order',
    caughtBy: 'saga',
    edits: [
      {
        file: 'services/order/src/order.ts',
        find: `const goodsAreOut = command.status === 'deliverycompleted' && order.exception === null;`,
        replace: 'const goodsAreOut = false as boolean;',
      },
    ],
  },
];
