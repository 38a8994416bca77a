import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { services } from '@jumun/contracts';
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  ResourcePatternTypes,
  ResourceTypes,
} from '@platformatic/kafka';
import { afterEach, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { openPlace, orderThrough, stock } from '../../apps/jumun/test/jumun.ts';
import { startKafka } from '../kafka/kafka.ts';
import { createCleanup } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';

const { skipped } = inject('kafka');
const TOPIC = 'capstoneorderteam';
const cleanup = createCleanup();
afterEach(() => cleanup.run());

interface Acl {
  resource: { type: 'topic' | 'group' | 'transactionalId'; name: string; patternType: 'literal' | 'prefix' };
  operations: string[];
}

/** What the chart allows the services' user. */
async function allowed(): Promise<Acl[]> {
  const file = '../../deploy/helm/jumun-data/templates/operators/kafka.yaml';
  const text = await readFile(join(import.meta.dirname, file), 'utf8');
  const [, list = ''] = /\n {4}acls:\n([\s\S]*?\n {6}\{\{- end \}\}\n)/.exec(text) ?? [];
  const plain = list
    .replace('{{ $kafka.topic.name }}', TOPIC)
    .replace(/ *\{\{- range \.Values\.services \}\}\n([\s\S]*?) *\{\{- end \}\}\n/, (_, each: string) =>
      services.map(name => each.replace('{{ . }}', name)).join(''),
    );
  return parse(plain);
}

const literalOf = (patternType: string) =>
  patternType === 'prefix' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL;
const TYPES = {
  topic: ResourceTypes.TOPIC,
  group: ResourceTypes.GROUP,
  transactionalId: ResourceTypes.TRANSACTIONAL_ID,
};

test.skipIf(skipped)(
  `what the chart allows the user in Kafka is what the services need, and nothing is refused to them${skipped ? ` (skipped: ${skipped})` : ''}`,
  async () => {
    const kafka = await startKafka({
      sasl: true,
      settings: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        // The brokers among themselves, who show no name here, and the one who hands out.
        'super.users': 'User:ANONYMOUS;User:admin',
        'listener.name.client.plain.sasl.jaas.config':
          'org.apache.kafka.common.security.plain.PlainLoginModule required user_admin="secret";',
      },
    });
    cleanup.add(() => kafka.stop());
    const admin = new Admin({
      clientId: 'admin',
      bootstrapBrokers: kafka.brokers,
      sasl: { mechanism: 'PLAIN', username: 'admin', password: 'secret' },
    });
    cleanup.add(() => admin.close());
    await admin.createTopics({ topics: [TOPIC], partitions: 8, replicas: 1 });

    const place = await openPlace();
    cleanup.add(place.clean);
    const refused = place.start([], { env: kafka.env });
    await refused.exited;
    expect(refused.stderr()).toMatch(
      /^jumun: Kafka (refuses|at \S+ gives no access to) topic capstoneorderteam: /m,
    );

    const acls = await allowed();
    expect(acls).toHaveLength(2 + services.length);
    await admin.createAcls({
      creations: acls.flatMap(({ resource: { type, name, patternType }, operations }) =>
        operations.map(operation => ({
          resourceType: TYPES[type],
          resourceName: name,
          resourcePatternType: literalOf(patternType),
          principal: `User:${kafka.env.KAFKA_SASL_USERNAME}`,
          host: '*',
          operation: AclOperations[operation.toUpperCase() as keyof typeof AclOperations],
          permissionType: AclPermissionTypes.ALLOW,
        })),
      ),
    });
    const system = place.start([], { env: kafka.env });
    await system.ready();
    await stock(place, 1, 10);
    await orderThrough(place, 1);
    // The copy of how far each has read, which is written down every five seconds.
    await eventually(async () => {
      const groups = await admin.listConsumerGroupOffsets({ groups: [...services] });
      const written = groups.filter(({ topics }) => topics.some(({ name }) => name === TOPIC));
      expect(written).toHaveLength(services.length);
    });
    system.signal('SIGTERM');
    await system.exited;
    const logs = join(place.dataDir, 'logs');
    const lines = await Promise.all((await readdir(logs)).map(name => readFile(join(logs, name), 'utf8')));
    expect(lines.join('')).toContain('"msg"');
    expect(
      lines
        .join('')
        .split('\n')
        .filter(line => /authoriz/i.test(line)),
    ).toEqual([]);
  },
  180_000,
);
