/**
 * Makes JSON schemas of Kubernetes' resources for kubeconform, out of what their own projects publish as Go modules: the
 * OpenAPI document of Kubernetes, and the custom resource definitions of what runs on it.
 *
 *   node --import tsx tests/deploy/schemas.ts FOLDER
 *
 * Each kind is a file of its own, `deployment-apps-v1.json`, with no references, in which a key that is not known is an
 * error. FOLDER/missing.txt names the modules that could not be had.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { CUSTOM, download, KUBERNETES } from './go-modules.ts';

export interface Schema {
  [word: string]: unknown;
  $ref?: string;
  type?: string | string[];
  format?: string;
  nullable?: boolean;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
}
type Definitions = Record<string, Schema>;
/** The schema of each kind, by the name of its file. */
type Schemas = Map<string, Schema>;

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
/** Whose schemas in the document say less than the server takes: `"1"` and `1` are the same to it. */
const SPECIAL: Definitions = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: ['string', 'number'] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: ['string', 'integer'] },
};

/** As kubeconform is told to look for it. The core's group counts as its version there. */
export function fileOf(group: string, version: string, kind: string): string {
  return `${kind}-${group || version}-${version}.json`.toLowerCase();
}

/**
 * A schema by itself: references are filled in, and objects whose keys are known take no others.
 * @param within the definitions that are being filled in; one within itself (there are a few that nobody writes by hand)
 *   takes anything
 */
export function standalone(schema: Schema, definitions: Definitions, within: string[] = []): Schema {
  const { $ref } = schema;
  if ($ref) {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    const special = SPECIAL[name];
    if (special) return special;
    const target = definitions[name];
    if (!target) throw new Error(`there is no definition ${name}`);
    return within.includes(name) ? {} : standalone(target, definitions, [...within, name]);
  }
  if (schema['x-kubernetes-int-or-string']) return { type: ['string', 'integer'] };
  const { format: _, nullable, properties, items, additionalProperties, ...rest } = schema;
  const made: Schema = rest;
  for (const word of Object.keys(rest))
    if (word.startsWith('x-kubernetes') || word === 'description' || word === 'default') delete made[word];
  // Bounds are left out by a word beside them in OpenAPI, and by a number in JSON Schema.
  for (const [exclusive, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const)
    if (typeof made[exclusive] === 'boolean') {
      if (made[exclusive]) made[exclusive] = made[bound];
      else delete made[exclusive];
    }
  if (properties)
    made.properties = Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [key, standalone(value, definitions, within)]),
    );
  if (items) made.items = standalone(items, definitions, within);
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (typeof additionalProperties === 'object')
    made.additionalProperties = standalone(additionalProperties, definitions, within);
  else if (additionalProperties !== undefined) made.additionalProperties = additionalProperties;
  else if (properties && !open) made.additionalProperties = false;
  if (nullable && typeof made.type === 'string') made.type = [made.type, 'null'];
  return made;
}

interface Gvk {
  group: string;
  version: string;
  kind: string;
}

/** Every kind that Kubernetes' document has. */
export function ofOpenApi(definitions: Definitions): Schemas {
  const schemas: Schemas = new Map();
  for (const definition of Object.values(definitions)) {
    const kinds = definition['x-kubernetes-group-version-kind'] as Gvk[] | undefined;
    // Those of many groups (DeleteOptions and such) are in no manifest.
    const [gvk] = kinds?.length === 1 ? kinds : [];
    if (gvk && definition.properties?.apiVersion)
      schemas.set(fileOf(gvk.group, gvk.version, gvk.kind), standalone(definition, definitions));
  }
  return schemas;
}

interface CustomResourceDefinition {
  kind: string;
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; served: boolean; schema?: { openAPIV3Schema: Schema } }[];
  };
}

/** Every version of a custom resource that is served. What its CEL rules say is not in a schema. */
export function ofCustom({ spec }: CustomResourceDefinition, definitions: Definitions): Schemas {
  const schemas: Schemas = new Map();
  for (const { name, served, schema } of spec.versions) {
    if (!served || !schema) continue;
    const whole = standalone(schema.openAPIV3Schema, definitions);
    const words = { apiVersion: { type: 'string' }, kind: { type: 'string' } };
    const metadata = standalone({ $ref: OBJECT_META }, definitions);
    whole.properties = { ...whole.properties, ...words, metadata };
    schemas.set(fileOf(spec.group, name, spec.names.kind), whole);
  }
  return schemas;
}

async function readCustom(path: string, definitions: Definitions): Promise<Schemas> {
  const files = path.endsWith('.yaml')
    ? [path]
    : (await readdir(path)).filter(file => file.endsWith('.yaml')).map(file => join(path, file));
  const schemas: Schemas = new Map();
  for (const file of files) {
    for (const document of parseAllDocuments(await readFile(file, 'utf8'))) {
      const definition = document.toJS() as CustomResourceDefinition | null;
      if (definition?.kind !== 'CustomResourceDefinition') continue;
      for (const [name, schema] of ofCustom(definition, definitions)) schemas.set(name, schema);
    }
  }
  return schemas;
}

async function make(folder: string): Promise<void> {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const write = async (module: string, schemas: Schemas) => {
    if (schemas.size === 0) throw new Error(`${module} has no schemas where they were`);
    for (const [name, schema] of schemas) await writeFile(join(folder, name), JSON.stringify(schema));
    say(`${module}: ${schemas.size} kinds`);
  };
  const swagger = join(await download(KUBERNETES), 'api/openapi-spec/swagger.json');
  const { definitions } = JSON.parse(await readFile(swagger, 'utf8')) as { definitions: Definitions };
  await write(KUBERNETES, ofOpenApi(definitions));
  const missing: string[] = [];
  for (const [module, path] of Object.entries(CUSTOM)) {
    const dir = await download(module).catch((error: Error) => {
      const [why = ''] = error.message.split('\n');
      missing.push(`${module}: ${why}`);
    });
    if (dir) await write(module, await readCustom(join(dir, path), definitions));
  }
  await writeFile(join(folder, 'missing.txt'), missing.map(line => `${line}\n`).join(''));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder] = process.argv;
  if (!folder) throw new Error('usage: schemas.ts FOLDER');
  await make(folder);
}
