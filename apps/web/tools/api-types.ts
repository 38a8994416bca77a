import openapiTypescript, { astToString } from 'openapi-typescript';

/** The types of a service's HTTP interface as the client's code uses them, made from its OpenAPI document. */
export async function apiTypes(document: object): Promise<string> {
  const nodes = await openapiTypescript(document as never, { alphabetize: true });
  return `// Made from the OpenAPI document by \`npm run docs\`.\n${astToString(nodes)}`;
}
