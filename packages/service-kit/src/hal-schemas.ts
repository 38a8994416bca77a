import Type, { type TObject, type TSchema } from 'typebox';
import type { HalResource } from './hal.ts';
import type { Http } from './http.ts';
import { named, nameSchema } from './openapi.ts';

/** The schemas of HAL documents (draft-kelly-json-hal), as hal.ts builds them. */

const Link = Type.Object({ href: Type.String({ description: 'The address; for a program to follow.' }) });
const TemplatedLink = Type.Object({
  href: Type.String({ description: 'A URI template (RFC 6570).' }),
  templated: Type.Literal(true),
});

const Page = Type.Object({
  size: Type.Integer({ minimum: 1 }),
  totalElements: Type.Integer({ minimum: 0 }),
  totalPages: Type.Integer({ minimum: 0 }),
  number: Type.Integer({ minimum: 0 }),
});

const link = named('Link');
const templated = named('TemplatedLink');

/**
 * Adds the schemas of a resource to the document: of an item, under the name that it gives, such as `Order` (`DeadLetter` for `dead-letter`); and of a
 * page of them, `OrderCollection`.
 * @param fields what an item consists of, beside its links
 */
export function nameResource(app: Http, resource: HalResource, fields: TObject): string {
  const name = resource.rel.replace(/(^|-)(\w)/g, (_, _dash, letter: string) => letter.toUpperCase());
  nameSchema(app, 'Link', Link);
  nameSchema(app, 'TemplatedLink', TemplatedLink);
  nameSchema(app, 'Page', Page);
  nameSchema(app, name, itemSchema(resource, fields));
  nameSchema(app, `${name}Collection`, collectionSchema(resource, name));
  return name;
}

/** `_links` with these relations, the second of which may be missing. */
const links = (always: Record<string, TSchema>, sometimes: string[] = []) =>
  Type.Object({
    ...always,
    ...Object.fromEntries(sometimes.map(rel => [rel, Type.Optional(link)])),
  });

/** An item with its links. */
const itemSchema = ({ rel }: HalResource, fields: TObject): TObject =>
  Type.Object({ ...fields.properties, _links: links({ self: link, [rel]: link }) });

/** A page of items with the links to its neighbours. */
const collectionSchema = ({ collection }: HalResource, name: string): TObject =>
  Type.Object({
    _embedded: Type.Object({ [collection]: Type.Array(named(name)) }),
    _links: links({ self: link }, ['profile', 'first', 'prev', 'next', 'last']),
    page: named('Page'),
  });

/** What a service's root leads to. */
export const rootSchema = ({ collection, searches }: HalResource & { searches?: boolean }): TObject =>
  Type.Object({
    _links: links({ [collection]: templated, profile: link, ...(searches && { search: link }) }),
  });

/** What `/<collection>/search` leads to. */
export const searchesSchema = (...names: string[]): TObject =>
  Type.Object({
    _links: links({ ...Object.fromEntries(names.map(name => [name, templated])), self: link }),
  });

/** What `/profile` leads to. */
export const profilesSchema = ({ collection }: HalResource): TObject =>
  Type.Object({ _links: links({ self: link, [collection]: link }) });

/** The fields of an item, as ALPS has it. */
export const ProfileSchema = Type.Object({
  alps: Type.Object({
    version: Type.String(),
    descriptor: Type.Array(
      Type.Object({
        id: Type.String(),
        href: Type.String(),
        descriptor: Type.Array(Type.Object({ name: Type.String(), type: Type.String() })),
      }),
    ),
  }),
});
